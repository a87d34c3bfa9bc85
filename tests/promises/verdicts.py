"""Promise 7: what the check says of our own picture after all that happens to pictures.

`python -m tests.promises.verdicts SQLite|PostgreSQL`. A change is of bytes (bits, cuts, additions) or of pixels (what
chat programs, editors and screens do). A file whose bytes differ must never be called ours and unchanged; one of ours
must never be called somebody else's.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from tests.promises.figure import Figure, hand_over, judged
from tests.promises.place import Database, databases
from tests.provenance.watermark.conftest import landscape
from tests.provenance.watermark.survival.attacks import ATTACKS, FURTHER, encoded, resized

SIDE, PICTURES, FLIPS = 512, 3, 40
ENOUGH = 200


def main() -> int:
    """Make pictures, change them, ask, and say what was answered."""
    with (
        tempfile.TemporaryDirectory(prefix="imprimatur-promise-") as folder,
        databases(Database(sys.argv[1]), Path(folder)) as environment,
    ):
        return hand_over(verdicts(Path(folder), environment.get("LEDGER_ADMIN_URL")))


def verdicts(folder: Path, url: str | None) -> Figure:
    """Every change to every picture, and the answers counted."""
    from provenance.entries import EntryKind
    from provenance.keys import CheckpointKey, SigningIdentity, TrustStore, create_authority
    from provenance.ledger import Ledger, create_tables
    from provenance.seal import seal
    from provenance.verification import verify
    from provenance.watermark import create_key, open_watermark
    from tests.provenance.office import PASSPHRASE, Office

    now = datetime.now(UTC).replace(microsecond=0)
    create_authority(folder / "keys", organisation="Health Office", passphrase=PASSPHRASE, now=now)
    create_key(folder / "watermark.key")
    mark = open_watermark(f"lattice:{folder / 'watermark.key'}")
    url = url or f"sqlite:///{folder / 'ledger.sqlite3'}"
    create_tables(url)
    identity = SigningIdentity.load(folder / "keys", passphrase=PASSPHRASE)
    key = CheckpointKey.load(folder / "keys", passphrase=PASSPHRASE)
    office = Office(identity, key, TrustStore.load(folder / "keys"), Ledger(url), now)
    seen: Counter[str] = Counter()
    for number in range(PICTURES):
        scene = landscape(SIDE, SIDE, seed=number)
        record = f"urn:uuid:{uuid4()}"
        first = seal(
            scene.tobytes(), SIDE, SIDE, office.claim(record, office.first_entry(record)), identity, watermark=mark
        )
        office.append(EntryKind.PICTURE, record, first)
        released = office.publish(record, first).data
        assert verify(released, trust=office.trust, ledger=office.ledger, watermark=mark).verdict == "ours"
        for changed in changes(released, scene.size, np.random.default_rng(number)):
            seen[str(verify(changed, trust=office.trust, ledger=office.ledger, watermark=mark).verdict)] += 1
    total = seen.total()
    words = (
        f"{total} changes: {seen['ours']} called ours and unchanged, {seen['other-signer']} called somebody else's; "
    )
    words += ", ".join(f"{count} {verdict}" for verdict, count in seen.most_common())
    return judged(words, good=not seen["ours"] and not seen["other-signer"], enough=total >= ENOUGH)


def changes(file: bytes, size: tuple[int, int], chance: np.random.Generator) -> Iterator[bytes]:
    """Files that came of one file: of its bytes, then of its pixels."""
    for place in chance.integers(8, len(file), FLIPS):
        changed = bytearray(file)
        changed[place] ^= 1 << int(chance.integers(8))
        yield bytes(changed)
    for share in (0.5, 0.9, 0.99):
        yield file[: int(len(file) * share)]
    yield file + b"after the end"
    image = picture(file)
    for attack in (*ATTACKS.values(), *FURTHER.values()):
        yield png(attack(image, chance))
    for quality in (30, 60, 75, 85, 95):
        yield jpeg(image, quality)
    for scale in (0.6, 0.9, 1.1):
        yield png(resized(image, scale))
    for turn in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90):
        yield png(image.transpose(turn))


def picture(file: bytes) -> Image.Image:
    """The pixels alone."""
    from provenance.pictures import decode

    pixels = decode(file)
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)


def png(image: Image.Image) -> bytes:
    """As a program saves it that knows nothing of credentials."""
    from provenance.pictures import encode

    return encode(image, "image/png", xmp=b"")


def jpeg(image: Image.Image, quality: int) -> bytes:
    """The same, lossy."""
    return png(encoded(image, "JPEG", quality))


if __name__ == "__main__":
    raise SystemExit(main())
