"""Entries found by what their picture looks like: nearest first, among all there are, and only where they say so."""

import random

import pytest
from sqlalchemy import create_engine, text

from provenance.canonical import sha256_hex
from provenance.entries import EntryKind, canonical_entry, entry_id
from provenance.fingerprint import distance
from provenance.ledger import Ledger
from provenance.ledger.engines import parse_url
from tests.provenance.conftest import NOW
from tests.provenance.test_ledger import LOG, entry


def code(seed: int) -> str:
    """Some fingerprint."""
    import iscc_lib

    return str(iscc_lib.gen_image_code_v0(random.Random(seed).randbytes(1024), 256)["iscc"])


def looking(number: int, fingerprint: str, *, log: str = LOG) -> bytes:
    digest = sha256_hex(str(number).encode())
    asset = {"sha256": digest, "pixel_sha256": digest, "media_type": "image/png", "fingerprint": fingerprint}
    return canonical_entry(
        log=log, entry_id=entry_id(log, EntryKind.PICTURE, str(number)), kind=EntryKind.PICTURE, at=NOW, record=None,
        asset=asset, body={},
    )  # fmt: skip


def test_pictures_are_found_by_their_looks_nearest_first(ledger: Ledger, ledger_url: str) -> None:
    codes = [code(seed) for seed in range(6)]
    for number, value in enumerate(codes[:4]):
        ledger.append(looking(number, value))
    ledger.append(looking(4, ""))
    nearest = ledger.by_fingerprint(codes[2], within=256, most=3)
    assert [bits for _, bits in nearest] == sorted(distance(value, codes[2]) for value in codes[:4])[:3]
    assert nearest[0][0].sequence == 2
    assert ledger.by_fingerprint(codes[4], within=0) == ()
    writer = Ledger(ledger_url)
    writer.append(looking(5, codes[4], log="studio.example/farm"))
    writer.append(looking(6, codes[5]))
    writer.close()
    assert [entry.log for entry, _ in ledger.by_fingerprint(codes[4], within=0)] == ["studio.example/farm"]
    assert [entry.sequence for entry, _ in ledger.by_fingerprint(codes[5], within=0)] == [5]
    with pytest.raises(ValueError, match="fingerprint"):
        ledger.by_fingerprint("nonsense", within=3)


def test_an_index_that_lies_is_not_believed(ledger: Ledger, ledger_url: str) -> None:
    ledger.append(entry(0, digest=sha256_hex(b"file")))
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        row = {"log": LOG, "sequence": 0, "value": code(1)}
        connection.execute(text("INSERT INTO ledger_fingerprint VALUES (:log, :sequence, :value)"), row)
    engine.dispose()
    assert ledger.by_fingerprint(code(1), within=10) == ()


def test_looks_are_compared_bit_by_bit_with_all_there_are(small_ledger: Ledger) -> None:
    codes = [code(seed % 40) for seed in range(60)]
    for number, value in enumerate(codes):
        small_ledger.append(looking(number, value, log=LOG if number % 3 else "studio.example/farm"))
    wanted = code(7)
    every = small_ledger.by_fingerprint(wanted, within=256, most=60)
    assert [bits for _, bits in every] == sorted(distance(value, wanted) for value in codes)
    assert len({entry.entry_id for entry, _ in every}) == 60
    limit = every[20][1]
    near = small_ledger.by_fingerprint(wanted, within=limit, most=60)
    assert near == tuple(found for found in every if found[1] <= limit), "the limit itself is near enough"
    assert small_ledger.by_fingerprint(wanted, within=limit, most=5) == near[:5]
    assert len(small_ledger.by_fingerprint(wanted, within=256)) == 10
