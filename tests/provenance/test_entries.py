"""Entries: one byte string for one meaning, ids known beforehand, commitments that reveal nothing."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.canonical import canonical_json, parse_canonical
from provenance.entries import EntryKind, canonical_entry, commitment, entry_id, parse_entry

MOMENT = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
DIGEST = "ab" * 32
ASSET = {"sha256": DIGEST, "pixel_sha256": DIGEST, "media_type": "image/png"}
SALT = bytes(range(16))
json_values = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def entry(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "log": "studio.example/health",
        "entry_id": UUID(int=7),
        "kind": EntryKind.PICTURE,
        "at": MOMENT,
        "record": f"urn:uuid:{UUID(int=8)}",
        "asset": ASSET,
        "body": {"seed": "18446744073709551615"},
    }
    return canonical_entry(**(fields | changes))


def test_the_bytes_are_exactly_these() -> None:
    assert entry(asset=None, record=None, body={"b": 1, "a": [True, None, "é"]}) == (
        b'{"asset":null,"at":"2026-05-01T12:30:00.000000Z","body":{"a":[true,null,"\xc3\xa9"],"b":1},'
        b'"id":"00000000-0000-0000-0000-000000000007","kind":"picture","log":"studio.example/health","record":null,"v":1}'
    )


def test_the_same_moment_in_another_zone_gives_the_same_bytes() -> None:
    assert entry(at=MOMENT.astimezone(timezone(timedelta(hours=5)))) == entry()


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_any_body_survives_the_round_trip(body: dict[str, Any]) -> None:
    data = entry(body=body)
    assert parse_entry(data)["body"] == body
    assert canonical_json(parse_canonical(data)) == data


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"at": MOMENT.replace(tzinfo=None)}, "time zone"),
        ({"body": {"seed": 2**53}}, "strings"),
        ({"body": {"guidance": 2.0**53}}, "strings"),
        ({"body": {"nan": float("nan")}}, "strings"),
        ({"body": {"set": {1}}}, "value"),
        ({"asset": {"sha256": DIGEST}}, "asset"),
        ({"asset": {"sha256": DIGEST.upper(), "pixel_sha256": DIGEST, "media_type": "image/png"}}, "asset.sha256"),
        ({"asset": {**ASSET, "fingerprint": "ISCC:short"}}, "asset.fingerprint"),
        ({"asset": {**ASSET, "colour": "red"}}, "asset"),
        ({"record": "picture 7"}, "urn:uuid"),
        ({"log": "two words"}, "log"),
        ({"log": ""}, "log"),
        ({"kind": "gossip"}, "gossip"),
    ],
)
def test_what_cannot_be_recorded_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        entry(**changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"not json",
        entry() + b" ",
        entry().replace(b'"v":1', b'"v":2'),
        entry().replace(b'"v":1', b'"v":1.0'),
    ],
)
def test_bytes_that_are_no_entry_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_entry(data)


def test_an_id_is_the_same_for_the_same_cause_and_else_not() -> None:
    log = "studio.example/health"
    assert entry_id(log, EntryKind.PICTURE, "7") == entry_id(log, EntryKind.PICTURE, "7")
    others = {
        entry_id(log, EntryKind.PICTURE, "7"),
        entry_id(log, EntryKind.RELEASE, "7"),
        entry_id(log, EntryKind.PICTURE, "8"),
        entry_id("studio.example/other", EntryKind.PICTURE, "7"),
    }
    assert len(others) == 4
    assert all(identifier.version == 5 for identifier in others)


@given(st.text(), st.text(), st.binary(min_size=16, max_size=40), st.binary(min_size=16, max_size=40))
def test_commitments_bind_text_and_salt(a: str, b: str, salt: bytes, other: bytes) -> None:
    assert (commitment(a, salt) == commitment(b, other)) == ((a, salt) == (b, other))


def test_text_and_salt_cannot_be_shifted_against_each_other() -> None:
    assert commitment("cd", SALT + b"ab") != commitment("abcd", SALT)


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        commitment("a prompt", b"short")


def test_a_commitment_is_no_plain_hash() -> None:
    import hashlib

    text = str(uuid4())
    assert commitment(text, SALT) not in {
        hashlib.sha256(text.encode()).hexdigest(),
        hashlib.sha256(SALT + text.encode()).hexdigest(),
        hashlib.sha256(text.encode() + SALT).hexdigest(),
    }


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_is_written_and_read(kind: EntryKind) -> None:
    assert parse_entry(entry(kind=kind, record=None, asset=None, body={"digest": DIGEST}))["kind"] == kind
