"""Every verdict, reached the way it is reached in life; and the guarantee that a changed picture is never "ours"."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from provenance import jumbf
from provenance.entries import EntryKind
from provenance.errors import LedgerUnavailableError
from provenance.isolation import close_keepers
from provenance.keys import CheckpointKey, SigningIdentity, create_authority
from provenance.ledger import Ledger, LedgerEntry, tables
from provenance.seal import SignedAsset, release, seal
from provenance.verification import Verdict, verify, verify_isolated
from tests.provenance.office import PASSPHRASE, Office, Pixels, check, flip, resaved

MEDIA_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif"]
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/avif": "AVIF"}


@pytest.fixture(params=MEDIA_TYPES)
def media_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def made(office: Office, pixels: Pixels, media_type: str) -> tuple[str, SignedAsset]:
    return office.make(pixels, media_type=media_type)


def test_ours(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    answer = check(office.publish(record, first).data, office)
    assert answer.to_json() == {
        "verdict": "ours",
        "integrity": "intact",
        "signer": "trusted:Health Office",
        "ledger": "recorded",
        "status": "released",
        "record": record,
        "reasons": [f"Recorded and released on {office.now:%Y-%m-%d}."],
    }


def test_not_released(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    waiting = check(first.data, office)
    assert (waiting.verdict, waiting.status, waiting.record) == (Verdict.NOT_RELEASED, "not-released", record)
    office.publish(record, first)
    replaced = check(first.data, office)
    assert replaced.verdict is Verdict.NOT_RELEASED
    assert "before the release" in replaced.reasons[0]


def test_rejected_is_not_released(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    office.append(EntryKind.DECISION, record, first, outcome="REJECTED")
    answer = check(first.data, office)
    assert (answer.verdict, "rejected" in answer.reasons[0]) == (Verdict.NOT_RELEASED, True)


def test_unrecorded(office: Office, pixels: Pixels, media_type: str) -> None:
    _, asset = office.seal(pixels, media_type=media_type)
    answer = check(asset.data, office)
    assert (answer.verdict, answer.signer, answer.ledger) == (Verdict.UNRECORDED, "trusted:Health Office", "unrecorded")
    assert "stolen key" in answer.reasons[-1]


def test_a_stolen_key_cannot_borrow_a_record(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    office.publish(record, first)
    other = Pixels.gradient(160, 128, seed=5)
    forged = seal(other.data, 160, 128, office.claim(record, office.first_entry(record)), office.identity)
    assert check(forged.data, office).verdict is Verdict.UNRECORDED


@pytest.mark.parametrize("signed", [True, False], ids=["after a checkpoint", "without a checkpoint"])
@pytest.mark.parametrize("place", ["at the end", "over another entry"])
def test_a_row_that_was_put_into_the_database_does_not_count(
    office: Office, pixels: Pixels, tmp_path: Path, signed: bool, place: str
) -> None:
    """A thief with the key and the database signs a picture and inserts the entry past the ledger."""
    for _ in range(3):
        office.append(EntryKind.PICTURE, f"urn:uuid:{uuid4()}")
    record, forged = office.seal(pixels)
    entry = LedgerEntry.parse(0, office.entry(EntryKind.RELEASE, record, forged, row="forged"))
    if signed:
        office.ledger.checkpoint(office.log, office.key, now=office.now)
    sequence = 3 if place == "at the end" else 1
    row = tables.row(entry, sequence)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as connection, connection:
        if sequence == 1:
            connection.execute("DROP TRIGGER ledger_entry_delete")
            connection.execute("DELETE FROM ledger_entry WHERE sequence = 1")
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO ledger_entry ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    assert check(forged.data, office).verdict is Verdict.UNRECORDED
    assert check(resaved(forged.data), office).verdict is Verdict.NO_CREDENTIALS


def test_a_checkpoint_by_another_key_vouches_for_nothing(office: Office, pixels: Pixels, tmp_path: Path) -> None:
    record, first = office.make(pixels)
    released = office.publish(record, first)
    create_authority(tmp_path / "forger", organisation="Forger", passphrase=PASSPHRASE, now=office.now)
    forger = CheckpointKey.load(tmp_path / "forger", passphrase=PASSPHRASE)
    office.ledger.checkpoint(office.log, forger, now=office.now)
    assert check(released.data, office).verdict is Verdict.UNRECORDED


def test_recorded_pictures_are_proven_by_the_checkpoint(office: Office, pixels: Pixels) -> None:
    early = office.publish(*office.make(pixels))
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    late = office.publish(*office.make(Pixels.gradient(96, 96, seed=8)))
    assert [check(asset.data, office).verdict for asset in (early, late)] == [Verdict.OURS, Verdict.OURS]


def test_an_entry_in_another_log_does_not_count(office: Office, pixels: Pixels) -> None:
    record, asset = office.seal(pixels)
    office.log = "studio.example/elsewhere"
    office.append(EntryKind.PICTURE, record, asset)
    assert check(asset.data, office).verdict is Verdict.UNRECORDED


def test_withdrawn(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    released = office.publish(record, first)
    office.append(EntryKind.WITHDRAWAL, record, public_reason="the child in it could be taken for a real one")
    for data in (released.data, first.data, resaved(released.data)):
        answer = check(data, office)
        assert (answer.verdict, answer.status) == (Verdict.WITHDRAWN, "withdrawn")
    assert "taken for a real one" in check(released.data, office).reasons[0]
    assert f"{office.now:%Y-%m-%d}" in check(released.data, office).reasons[0]


def test_altered(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    released = office.publish(record, first)
    answer = check(flip(released.data), office)
    assert (answer.verdict, answer.integrity, answer.record) == (Verdict.ALTERED, "altered", record)
    assert "Hash.mismatch" in answer.reasons[0]


def test_data_added_around_the_pixels_is_altered_too(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    released = office.publish(record, first)
    answer = check(released.data + b"appended", office)
    assert (answer.verdict, "only data around" in answer.reasons[1]) == (Verdict.ALTERED, True)


def test_a_broken_manifest_is_altered(office: Office, made: tuple[str, SignedAsset]) -> None:
    released = office.publish(*made)
    broken = released.data.replace(b"c2pa.signature", b"c2pa.signaturX")
    answer = check(broken, office)
    assert (answer.verdict, answer.record) == (Verdict.ALTERED, None)


def test_a_signature_that_does_not_hold_is_altered(office: Office, pixels: Pixels) -> None:
    _, asset = office.make(pixels)
    end = asset.data.find(b"IDAT")
    spoiled = bytearray(asset.data)
    spoiled[asset.data.rfind(b"\x58\x40", 0, end) + 10] ^= 1
    answer = check(bytes(spoiled), office)
    assert (answer.verdict, answer.signer, answer.record) == (Verdict.ALTERED, "invalid", None)


def test_other_signer(office: Office, pixels: Pixels, media_type: str, stranger: SigningIdentity) -> None:
    claim = office.claim("urn:uuid:1", office.first_entry("urn:uuid:1"))
    foreign = seal(pixels.data, pixels.width, pixels.height, claim, stranger, media_type=media_type)
    answer = check(foreign.data, office)
    assert (answer.verdict, answer.integrity, answer.signer) == (Verdict.OTHER_SIGNER, "intact", "unlisted")
    assert answer.record is None, "what a stranger claims is not our record"


def test_our_picture_signed_again_by_another(office: Office, pixels: Pixels, stranger: SigningIdentity) -> None:
    record, first = office.make(pixels, label="none")
    released = office.publish(record, first)
    claim = office.claim(record, office.first_entry(record), label="none")
    again = seal(pixels.data, pixels.width, pixels.height, claim, stranger)
    answer = check(again.data, office)
    assert answer.verdict is Verdict.OTHER_SIGNER
    assert record in answer.reasons[1]
    assert released.pixel_sha256 == again.pixel_sha256


def with_borrowed_chain(data: bytes, chain: list[bytes]) -> bytes:
    """A signed PNG whose signature also names another chain, where the signature does not cover it.

    The unprotected header has padding; as many bytes of it are replaced, so every length and offset stays as it was.
    """
    begin = data.index(b"\xd2\x84", data.rindex(b"c2pa.signature\x00"))
    protected, unprotected, payload, signature = cbor2.loads(data[begin:]).value
    before = len(cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected, payload, signature])))
    for spare in range(len(unprotected["pad"]), 0, -1):
        changed = {**unprotected, 33: chain, "pad": bytes(spare)}
        again = cbor2.dumps(cbor2.CBORTag(18, [protected, changed, payload, signature]))
        if len(again) == before:
            return data[:begin] + again + data[begin + before :]
    raise AssertionError("the padding is too small")


def test_a_stranger_cannot_borrow_our_certificates(office: Office, pixels: Pixels, stranger: SigningIdentity) -> None:
    claim = office.claim("urn:uuid:1", office.first_entry("urn:uuid:1"))
    foreign = seal(pixels.data, pixels.width, pixels.height, claim, stranger)
    ours = x509.load_pem_x509_certificates(office.identity.chain_pem)
    forged = with_borrowed_chain(foreign.data, [item.public_bytes(Encoding.DER) for item in ours])
    assert len(forged) == len(foreign.data)
    store = jumbf.manifest_store(forged, "image/png")
    assert store is not None
    with pytest.raises(ValueError, match="two chains"):
        jumbf.certificates(store)
    answer = check(forged, office)
    assert not answer.signer.startswith("trusted:")
    assert answer.verdict in {Verdict.OTHER_SIGNER, Verdict.ALTERED}


def test_our_file_opened_and_signed_by_another(office: Office, pixels: Pixels, stranger: SigningIdentity) -> None:
    """The chain of parents is ours, the last signature is not."""
    from provenance import credentials, ingredients, manifest

    record, first = office.make(pixels)
    claim = office.claim(record, office.first_entry(record))
    parent = credentials.Parent(first.data, first.media_type, ingredients.parent(claim.title))
    definition = manifest.publication(claim, first.media_type, fingerprint="")
    again = credentials.sign(first.data, first.media_type, definition, stranger, parent=parent)
    answer = check(again, office)
    assert (answer.verdict, answer.signer) == (Verdict.OTHER_SIGNER, "unlisted")


def test_no_credentials_proves_nothing(office: Office, media_type: str) -> None:
    plain = Pixels.gradient(64, 64, seed=9)
    file = io.BytesIO()
    Image.frombytes("RGB", (64, 64), plain.data).save(file, FORMATS[media_type])
    answer = check(file.getvalue(), office)
    assert (answer.verdict, "proves nothing" in answer.reasons[0]) == (Verdict.NO_CREDENTIALS, True)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_unreadable(office: Office, data: bytes) -> None:
    answer = check(data, office)
    assert (answer.verdict, answer.integrity, answer.ledger) == (Verdict.UNREADABLE, "unreadable", "not-asked")


def test_without_a_ledger_there_is_no_verdict(office: Office, pixels: Pixels, tmp_path: Path) -> None:
    _, first = office.make(pixels)
    missing = Ledger(str(tmp_path / "missing.sqlite3"))
    for data in (first.data, resaved(first.data), flip(first.data)):
        with pytest.raises(LedgerUnavailableError):
            verify(data, trust=office.trust, ledger=missing)


TRANSFORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.rotate(90, expand=True),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.05),
    "cropped": lambda image: image.crop((2, 2, image.width - 2, image.height - 2)),
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "one pixel": lambda image: _with_one_pixel(image),
}


def _with_one_pixel(image: Image.Image) -> Image.Image:
    red, green, blue = image.getpixel((5, 5))  # type: ignore[misc]  # an RGB picture has three values
    image.putpixel((5, 5), (int(red) ^ 1, int(green), int(blue)))
    return image


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_a_changed_picture_is_never_called_unchanged(office: Office, pixels: Pixels, name: str, format_: str) -> None:
    released = office.publish(*office.make(pixels))
    with Image.open(io.BytesIO(released.data)) as image:
        changed = TRANSFORMS[name](image.convert("RGB"))
    file = io.BytesIO()
    changed.save(file, format_)
    assert check(file.getvalue(), office).verdict in {Verdict.NO_CREDENTIALS, Verdict.OURS_RECOVERED}
    assert check(file.getvalue(), office).integrity == "none"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_single_changed_byte_keeps_the_verdict(office: Office, pixels: Pixels, draw: st.DataObject) -> None:
    if not office.released:
        office.publish(*office.make(pixels))
    data = bytearray(office.released[0].data)
    position = draw.draw(st.integers(0, len(data) - 1))
    data[position] ^= draw.draw(st.integers(1, 255))
    answer = check(bytes(data), office)
    assert answer.verdict in {
        Verdict.ALTERED, Verdict.UNREADABLE, Verdict.OURS_RECOVERED, Verdict.UNRECORDED, Verdict.NO_CREDENTIALS
    }  # fmt: skip
    if answer.verdict is Verdict.UNRECORDED:
        assert "no signature reaches" in answer.reasons[-1], "such bytes exist, in the boxes around the claim"


def test_an_isolated_check_gives_the_same_answer(office: Office, made: tuple[str, SignedAsset]) -> None:
    record, first = made
    released = office.publish(record, first)
    for data in (released.data, first.data, flip(released.data), resaved(released.data), b"nonsense"):
        isolated = verify_isolated(data, trust=office.trust, ledger=office.ledger)
        assert isolated == check(data, office)
    close_keepers()


def test_a_release_of_a_release_is_refused_by_nothing_but_has_no_entry(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    released = office.publish(record, first)
    again = release(released.data, office.claim(record, office.first_entry(record)), office.identity)
    assert check(again.data, office).verdict is Verdict.UNRECORDED
