"""Look-ups among a million recorded pictures: how long they take, beside the same work without an index.

The entries are made from the looks of real pictures. A fingerprint is one of theirs with bits turned at random. Its
landmarks are of as many different pictures, and keep the bits by which the index orders them, so that they crowd where
real ones crowd; as many of the other bits are turned as make them differ as real ones do (measured on the same
pictures: landmarks of photographs have little in common but those bits, those of drawings much). Pictures that are then
looked for stand among them unchanged; what is searched with is a crop of them.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import insert

from provenance.canonical import sha256_hex
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.fingerprint import BITS, LARGEST_DISTANCE, code_bits, distance, fingerprint, from_bits
from provenance.landmarks import (
    BYTES,
    MOST_LANDMARKS,
    Seen,
    agreement,
    landmarks,
    raw_bytes,
    unpack,
    unpack_views,
    views,
)
from provenance.ledger import Ledger, LedgerEntry, create_tables, tables

LOG = "scale.example/log"
Answer = TypeVar("Answer")
Found = Sequence[tuple[LedgerEntry, object]]
_CHUNK = 50_000
_TURNED = {"photographs": 0.45, "drawings": 0.28}
_KEPT_BYTES = 2


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table, in milliseconds: the median time, and the processor's part of it, the slowest time.

    `found` is the share of look-ups that found their picture.
    """

    name: str
    milliseconds: float
    processor: float
    slowest: float
    found: float | None = None


def measure(
    base: Sequence[Image.Image], *, kind: str, entries: int, rounds: int, now: datetime, url: str
) -> Iterator[Figure]:
    """Fill a ledger with `entries` pictures' looks and look for crops of the last `rounds` of `base` in it.

    `kind` is what the base shows, `photographs` or `drawings`; `url` an empty ledger, or nothing for one on SQLite.
    """
    chance = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="imprimatur-scale-") as folder:
        place = url or str(Path(folder) / "ledger.sqlite3")
        create_tables(place)
        with closing(Ledger(place)) as ledger:
            looks = [_looks(picture) for picture in base]
            wanted = [_record(ledger, *looks[at], now=now) for at in range(-rounds, 0)]
            fill = partial(_fill, ledger, looks, entries, chance, turned=_TURNED[kind])
            yield _once("writing an entry's index rows", fill, parts=entries)
            crops = [_crop(picture, chance) for picture in base[-rounds:]]
            seen = [unpack_views(views(crop.tobytes(), *crop.size)) for crop in crops]
            yield _once("first look at fingerprints", partial(_whole, ledger, looks[0][0]))
            yield _once("first look at landmarks", partial(ledger.by_landmarks, seen[0]))
            yield _looked(
                "look-up by fingerprint", [partial(_whole, ledger, code) for code, _ in looks[-rounds:]], wanted
            )
            yield _looked("look-up by landmarks", [partial(ledger.by_landmarks, view) for view in seen], wanted)
            yield from _without_index(looks, seen[0], entries)


def _whole(ledger: Ledger, code: str) -> Found:
    return ledger.by_fingerprint(code, within=LARGEST_DISTANCE)


def _looks(picture: Image.Image) -> tuple[str, str]:
    pixels = picture.tobytes()
    return fingerprint(pixels, *picture.size), landmarks(pixels, *picture.size)


def _record(ledger: Ledger, code: str, marks: str, *, now: datetime) -> str:
    digest = sha256_hex((code + marks).encode())
    record = f"urn:uuid:{entry_id(LOG, EntryKind.PICTURE, digest)}"
    asset = {
        "sha256": digest,
        "pixel_sha256": digest,
        "media_type": "image/png",
        "fingerprint": code,
        "landmarks": marks,
    }
    entry = canonical_entry(
        log=LOG, entry_id=entry_id(LOG, EntryKind.RELEASE, digest), kind=EntryKind.RELEASE, at=now, record=record,
        asset=asset, body={},
    )  # fmt: skip
    ledger.append(entry)
    return record


def _fill(
    ledger: Ledger, looks: Sequence[tuple[str, str]], entries: int, chance: np.random.Generator, *, turned: float
) -> None:
    """Rows in the two index tables; the log beside them is the business of other measurements."""
    codes = np.stack([np.frombuffer(code_bits(code), dtype=np.uint8) for code, _ in looks if code])
    pool = np.concatenate([np.frombuffer(raw_bytes(packed), dtype=np.uint8).reshape(-1, BYTES) for _, packed in looks])
    for start in range(0, entries, _CHUNK):
        count = min(_CHUNK, entries - start)
        other = codes[chance.integers(0, len(codes), count)] ^ _noise(chance, (count, BITS // 8), 0.15)
        marks = pool[chance.integers(0, len(pool), (count, MOST_LANDMARKS))]
        marks[:, :, _KEPT_BYTES:8] ^= _noise(chance, (count, MOST_LANDMARKS, 8 - _KEPT_BYTES), turned)
        with ledger._engines.writing() as connection:
            rows = [
                {"log": "other", "sequence": start + at, "value": from_bits(bits.tobytes())}
                for at, bits in enumerate(other)
            ]
            connection.execute(insert(tables.fingerprints), rows)
            rows = [{"log": "other", "sequence": start + at, "value": row.tobytes()} for at, row in enumerate(marks)]
            connection.execute(insert(tables.landmarks), rows)


def _noise(chance: np.random.Generator, shape: tuple[int, ...], share: float) -> NDArray[np.uint8]:
    """Bytes in which about that share of the bits is set."""
    return np.packbits(chance.random((*shape, 8), dtype=np.float32) < share, axis=-1)[..., 0]


def _crop(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A quarter of the area cut away, somewhere."""
    width, height = round(picture.width * 0.866), round(picture.height * 0.866)
    x, y = chance.integers(0, picture.width - width + 1), chance.integers(0, picture.height - height + 1)
    return picture.crop((int(x), int(y), int(x) + width, int(y) + height))


def _timed(call: Callable[[], Answer]) -> tuple[Answer, float, float]:
    """What a call gives, its time and the processor's, in milliseconds."""
    begin, busy = time.perf_counter(), time.process_time()
    answer = call()
    return answer, (time.perf_counter() - begin) * 1000, (time.process_time() - busy) * 1000


def _once(name: str, call: Callable[[], object], *, parts: int = 1, whole: int = 1) -> Figure:
    """One call's time; of a sample of `parts`, as if there were `whole`."""
    _, clock, processor = _timed(call)
    return Figure(name, clock * whole / parts, processor * whole / parts, clock * whole / parts)


def _looked(name: str, calls: Sequence[Callable[[], Found]], wanted: Sequence[str]) -> Figure:
    clocks, processors, found = [], [], 0
    for call, record in zip(calls, wanted, strict=True):
        answer, clock, processor = _timed(call)
        clocks.append(clock)
        processors.append(processor)
        found += any(entry.record == record for entry, _ in answer)
    return Figure(name, statistics.median(clocks), statistics.median(processors), max(clocks), found / len(wanted))


def _without_index(looks: Sequence[tuple[str, str]], seen: Seen, entries: int) -> Iterator[Figure]:
    """The same questions put to every entry in turn, on a sample."""
    codes = [code for code, _ in looks if code] * 10
    one = codes[0]

    def bit_by_bit() -> None:
        for code in codes:
            distance(code, one)

    yield _once("fingerprints one by one", bit_by_bit, parts=len(codes), whole=entries)
    known = [unpack(raw_bytes(packed)) for _, packed in looks]

    def set_by_set() -> None:
        for marks in known:
            agreement(marks, seen)

    yield _once("landmarks one by one", set_by_set, parts=len(known), whole=entries)
