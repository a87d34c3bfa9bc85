"""What is measured with: keys of a made-up organisation, a picture, claims, and entries as the product writes them."""

import base64
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import numpy as np

from provenance.canonical import sha256_hex
from provenance.claims import Claim, Governance, ModelReference, Oversight
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.fingerprint import from_bits
from provenance.keys import CheckpointKey, SigningIdentity, TrustStore, create_authority
from provenance.landmarks import BYTES, MOST_LANDMARKS
from provenance.seal import SignedAsset
from provenance.watermark import SpreadSpectrum, Watermark

LOG = "bench.example/log"
MEDIA_TYPE = "image/png"
_PASSPHRASE = b"only for this measurement"


@dataclass(frozen=True, slots=True)
class Materials:
    """One measurement's folder, keys and picture (RGB8 pixels of `side` x `side`), and the moment it all happens."""

    folder: Path
    identity: SigningIdentity
    checkpoint_key: CheckpointKey
    trust: TrustStore
    watermark: Watermark
    pixels: bytes
    side: int
    now: datetime

    def claim(self, number: int) -> Claim:
        """What is claimed about the picture of a number."""
        digest = sha256_hex(b"bench")
        governance = Governance(
            record(number), digest, digest, "1", "none", digest, (), LOG, str(picture_id(number)),
            checkpoint_size=0, checkpoint_root="",
        )  # fmt: skip
        return Claim(
            title="Bench",
            producer="Bench",
            when=self.now,
            model=ModelReference("bench", "1", digest, "Apache-2.0", None),
            software=("Imprimatur", "bench"),
            parameters={"steps": 1},
            governance=governance,
            oversight=Oversight.FULLY_AUTONOMOUS,
            training_mining={},
        )


@contextmanager
def prepared(*, side: int, now: datetime) -> Iterator[Materials]:
    """Materials that are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-bench-") as name:
        folder, keys = Path(name), Path(name) / "keys"
        create_authority(keys, organisation="Bench", passphrase=_PASSPHRASE, checkpoint_name=LOG, now=now)
        yield Materials(
            folder,
            SigningIdentity.load(keys, passphrase=_PASSPHRASE),
            CheckpointKey.load(keys, passphrase=_PASSPHRASE),
            TrustStore.load(keys),
            SpreadSpectrum(bytes(range(32))),
            picture(side),
            side,
            now,
        )


def picture(side: int) -> bytes:
    """A gradient with a little noise: neither as easy to compress as a drawing nor as hard as noise."""
    y, x = np.mgrid[0:side, 0:side]
    plane = np.stack([255 * x / side, 255 * y / side, 127 + 0 * x], axis=-1)
    noise = np.random.default_rng(1).integers(-3, 3, plane.shape)
    return bytes((plane + noise).clip(0, 255).astype(np.uint8).tobytes())


def record(number: int) -> str:
    """The record of a picture."""
    return f"urn:uuid:{UUID(int=number)}"


def picture_id(number: int) -> UUID:
    """The id of its entry."""
    return entry_id(LOG, EntryKind.PICTURE, str(number))


def entry(number: int, now: datetime) -> bytes:
    """An entry with everything that one about a picture holds: fingerprint, landmarks and watermark too."""
    digest = hashlib.sha256(str(number).encode()).digest()
    asset = {
        "sha256": digest.hex(),
        "pixel_sha256": digest.hex(),
        "media_type": MEDIA_TYPE,
        "fingerprint": from_bits(digest),
        "landmarks": base64.b64encode((8 * digest)[: BYTES * MOST_LANDMARKS]).decode(),
        "watermark": f"org.imprimatur.lattice.v1:{digest[:8].hex()}",
    }
    return _entry(number, asset, now)


def entry_of(number: int, asset: SignedAsset, now: datetime) -> bytes:
    """The entry of a picture that was sealed."""
    fields = ("sha256", "pixel_sha256", "media_type", "fingerprint", "landmarks", "watermark")
    return _entry(number, {name: getattr(asset, name) for name in fields}, now)


def _entry(number: int, asset: dict[str, str], now: datetime) -> bytes:
    digest = sha256_hex(str(number).encode())
    return canonical_entry(
        log=LOG,
        entry_id=picture_id(number),
        kind=EntryKind.PICTURE,
        at=now,
        record=record(number),
        asset=asset,
        body={"request": digest, "policy": digest, "commitment": digest, "seed": str(number)},
    )
