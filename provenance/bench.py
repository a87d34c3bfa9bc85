"""How long signing, checking, recording and proving take here, beside the bare call that each of them rests on.

The bare calls: the SDK signing ready-made bytes and reading them, SQLite committing one row, and hashing a whole tree
anew instead of asking for a proof. A ratio near one says that this library adds little. Figures are medians in
milliseconds on this machine, at this moment, with whatever else it is doing.
"""

import io
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import c2pa
import numpy as np

from provenance import credentials, manifest
from provenance.canonical import sha256_hex
from provenance.claims import Claim, Governance, ModelReference, Oversight
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.keys import SigningIdentity, TrustStore, create_authority
from provenance.ledger import Ledger, create_tables, merkle
from provenance.pictures import encode, to_image
from provenance.seal import seal
from provenance.verification import verify

LOG = "bench.example/log"
_PASSPHRASE = b"only for this measurement"
_RECORD = f"urn:uuid:{UUID(int=1)}"
_MEDIA_TYPE = "image/png"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One thing measured: medians in milliseconds, and how many times the bare call's time it takes."""

    name: str
    milliseconds: float
    bare_milliseconds: float

    @property
    def ratio(self) -> float:
        """Our time over the bare call's."""
        return self.milliseconds / self.bare_milliseconds


def measure(*, side: int, rounds: int, entries: int, now: datetime) -> Iterator[Measurement]:
    """Measure with pictures of `side` x `side`, `rounds` times each, on a log of `entries` entries."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-bench-") as folder:
        place = Path(folder)
        create_authority(place / "keys", organisation="Bench", passphrase=_PASSPHRASE, now=now)
        identity = SigningIdentity.load(place / "keys", passphrase=_PASSPHRASE)
        create_tables(str(place / "ledger.sqlite3"))
        with closing(Ledger(str(place / "ledger.sqlite3"))) as ledger:
            yield _signing(identity, side=side, rounds=rounds, now=now)
            yield _checking(identity, TrustStore.load(place / "keys"), ledger, side=side, rounds=rounds, now=now)
            yield _recording(ledger, place / "bare.sqlite3", entries=entries, now=now)
            yield _proving(ledger, rounds=rounds)


def _signing(identity: SigningIdentity, *, side: int, rounds: int, now: datetime) -> Measurement:
    pixels, claim = _picture(side), _claim(now)
    file = encode(to_image(pixels, side, side), _MEDIA_TYPE, xmp=b"")
    definition = manifest.creation(claim, _MEDIA_TYPE, fingerprint="")
    ours = _median(lambda: seal(pixels, side, side, claim, identity), rounds)
    return Measurement("seal", ours, _median(lambda: _bare_sign(file, definition, identity), rounds))


def _checking(
    identity: SigningIdentity, trust: TrustStore, ledger: Ledger, *, side: int, rounds: int, now: datetime
) -> Measurement:
    data = seal(_picture(side), side, side, _claim(now), identity).data
    ours = _median(lambda: verify(data, trust=trust, ledger=ledger), rounds)
    return Measurement("verify", ours, _median(lambda: _bare_read(data), rounds))


def _recording(ledger: Ledger, bare: Path, *, entries: int, now: datetime) -> Measurement:
    lines = iter([_entry(number, now) for number in range(entries)])
    ours = _median(lambda: ledger.append(next(lines)), entries)
    with closing(sqlite3.connect(bare, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (entry BLOB)")
        line = _entry(0, now)
        bare_time = _median(lambda: connection.execute("INSERT INTO t VALUES (?)", (line,)), entries)
    return Measurement("append", ours, bare_time)


def _proving(ledger: Ledger, *, rounds: int) -> Measurement:
    size = ledger.size(LOG)
    leaves = [bytes.fromhex(entry.leaf) for entry in ledger.entries(LOG)]

    def anew() -> None:
        frontier = merkle.Frontier()
        for leaf in leaves:
            frontier.append(leaf)

    ours = _median(lambda: ledger.inclusion_proof(LOG, size // 3, size), rounds)
    return Measurement("prove", ours, _median(anew, rounds))


def _bare_sign(file: bytes, definition: dict[str, object], identity: SigningIdentity) -> None:
    signer = c2pa.Signer.from_callback(
        identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem.decode(), identity.timestamp_url
    )
    builder = c2pa.Builder(json.dumps(definition), credentials.sdk_context(identity.anchors.all_pem))
    builder.sign(signer, _MEDIA_TYPE, io.BytesIO(file), io.BytesIO())


def _bare_read(data: bytes) -> None:
    with c2pa.Reader(_MEDIA_TYPE, io.BytesIO(data)) as reader:
        reader.json()


def _median(call: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1000


def _picture(side: int) -> bytes:
    """A gradient with a little noise: neither as easy to compress as a drawing nor as hard as noise."""
    y, x = np.mgrid[0:side, 0:side]
    plane = np.stack([255 * x / side, 255 * y / side, 127 + 0 * x], axis=-1)
    noise = np.random.default_rng(1).integers(-3, 3, plane.shape)
    return bytes((plane + noise).clip(0, 255).astype(np.uint8).tobytes())


def _entry(number: int, now: datetime) -> bytes:
    digest = sha256_hex(str(number).encode())
    return canonical_entry(
        log=LOG,
        entry_id=entry_id(LOG, EntryKind.PICTURE, str(number)),
        kind=EntryKind.PICTURE,
        at=now,
        record=_RECORD,
        asset={"sha256": digest, "pixel_sha256": digest, "media_type": _MEDIA_TYPE},
        body={"request": digest, "policy": digest, "commitment": digest, "seed": str(number)},
    )


def _claim(now: datetime) -> Claim:
    digest = sha256_hex(b"bench")
    return Claim(
        title="Bench",
        producer="Bench",
        when=now,
        model=ModelReference("bench", "1", digest, "Apache-2.0", None),
        software=("Imprimatur", "bench"),
        parameters={"steps": 1},
        governance=Governance(
            _RECORD,
            digest,
            digest,
            "1",
            "none",
            digest,
            (),
            LOG,
            str(UUID(int=2)),
            checkpoint_size=0,
            checkpoint_root="",
        ),
        oversight=Oversight.FULLY_AUTONOMOUS,
        training_mining={},
    )
