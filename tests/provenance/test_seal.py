"""Sealing and releasing: what happens to pixels, keys and files, and what is refused."""

import dataclasses
import io
import json
import multiprocessing
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from provenance import jumbf
from provenance.canonical import sha256_hex
from provenance.claims import ModelReference
from provenance.entries import EntryKind
from provenance.errors import SealError, UnreadableAssetError
from provenance.keys import SigningIdentity
from provenance.labels import draw_label
from provenance.pictures import decode, encode, pixel_digest, to_image
from provenance.seal import SignedAsset, release, seal, seal_strip
from provenance.watermark import Finding, payload_of
from tests.provenance.office import Office, Pixels, check, flip


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp", "image/avif"])
def test_a_sealed_file_is_described_by_its_own_bytes(office: Office, pixels: Pixels, media_type: str) -> None:
    _, asset = office.seal(pixels, media_type=media_type)
    decoded = decode(asset.data)
    assert (decoded.media_type, decoded.width, decoded.height) == (media_type, pixels.width, pixels.height)
    assert asset.sha256 == sha256_hex(asset.data)
    assert asset.pixel_sha256 == decoded.sha256
    assert asset.source_pixel_sha256 == sha256_hex(pixels.data)
    store = jumbf.manifest_store(asset.data, media_type)
    assert store is not None
    assert jumbf.active_label(store) == asset.manifest_id


@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
def test_without_a_label_lossless_files_keep_every_pixel(office: Office, pixels: Pixels, media_type: str) -> None:
    _, asset = office.seal(pixels, media_type=media_type, label="none")
    assert asset.pixel_sha256 == asset.source_pixel_sha256 == pixel_digest(pixels.data)


def test_the_certificates_in_the_file_are_the_signers(office: Office, pixels: Pixels) -> None:
    _, asset = office.seal(pixels)
    store = jumbf.manifest_store(asset.data, asset.media_type)
    assert store is not None
    from cryptography import x509

    assert list(jumbf.signature(store).chain) == x509.load_pem_x509_certificates(office.identity.chain_pem)


def test_release_keeps_the_pixels_and_names_its_parent(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    released = office.publish(record, first)
    assert released.pixel_sha256 == first.pixel_sha256
    assert released.sha256 != first.sha256
    store = jumbf.manifest_store(released.data, released.media_type)
    assert store is not None
    assert first.manifest_id.encode() in store


def test_release_refuses_what_is_not_an_intact_file_of_ours(
    office: Office, pixels: Pixels, stranger: SigningIdentity
) -> None:
    record, first = office.make(pixels)
    claim = office.claim(record, office.first_entry(record), approver_role="reviewer")
    foreign = seal(pixels.data, pixels.width, pixels.height, claim, stranger)
    stripped = io.BytesIO()
    Image.open(io.BytesIO(first.data)).save(stripped, "PNG")
    for data in (flip(first.data), foreign.data, stripped.getvalue()):
        with pytest.raises(SealError, match="first"):
            release(data, claim, office.identity)
    with pytest.raises(UnreadableAssetError):
        release(b"no picture", claim, office.identity)


def test_release_notices_pixels_that_changed(office: Office, pixels: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    record, first = office.make(pixels)
    _, other = office.seal(Pixels.gradient(160, 128, seed=2))
    monkeypatch.setattr("provenance.credentials.sign", lambda *_, **__: other.data)
    with pytest.raises(SealError, match="pixels"):
        release(first.data, office.claim(record, office.first_entry(record), approver_role="reviewer"), office.identity)


def test_an_expired_identity_seals_nothing_and_may_be_replaced(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    late: dict[str, Any] = {"when": office.identity.expires + timedelta(seconds=1)}
    for attempt in (
        lambda: office.seal(pixels, **late),
        lambda: release(first.data, office.claim(record, office.first_entry(record), **late), office.identity),
    ):
        with pytest.raises(SealError, match="expired") as caught:
            attempt()
        assert not caught.value.permanent


def test_what_the_key_says_is_not_swallowed(office: Office, pixels: Pixels) -> None:
    def refuse(_: bytes) -> bytes:
        raise ConnectionError("the key store is asleep")

    office.identity = dataclasses.replace(office.identity, _sign=refuse)
    with pytest.raises(SealError, match="asleep"):
        office.seal(pixels)


def test_a_key_that_signs_wrongly_yields_no_file(office: Office, pixels: Pixels) -> None:
    office.identity = dataclasses.replace(office.identity, _sign=lambda _: bytes(64))
    with pytest.raises(SealError):
        office.seal(pixels)


@pytest.mark.parametrize(
    ("width", "height", "size"), [(0, 10, 0), (10, 10, 299), (10, 10, 301), (4097, 4097, 0), (-1, -1, 3)]
)
def test_pixels_must_fit_their_size(office: Office, width: int, height: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"pixels|width"):
        office.seal(Pixels(bytes(size), width, height))


def test_other_media_types_are_refused(office: Office, pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="media_type"):
        office.seal(pixels, media_type="image/gif")


@pytest.mark.parametrize(
    "changes", [{"title": " "}, {"producer": ""}, {"label": "loud"}, {"oversight": "somebody looked"}]
)
def test_claims_that_say_nothing_are_refused(office: Office, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"claim|Oversight"):
        office.claim("urn:uuid:1", office.first_entry("urn:uuid:1"), **changes)


def test_digests_in_a_claim_are_digests() -> None:
    with pytest.raises(ValueError, match=r"model\.weights_sha256"):
        ModelReference("Starter", "r1", "the usual weights", "Apache-2.0", None)


def seal_in_child(office: Office, pixels: Pixels, results: Any) -> None:
    results.put(office.seal(pixels)[1].sha256)


def test_sealing_works_after_a_fork(office: Office, pixels: Pixels) -> None:
    office.seal(pixels)
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=seal_in_child, args=(office, pixels, results))
    child.start()
    assert len(results.get(timeout=30)) == 64
    child.join()
    assert child.exitcode == 0


class NegatingWatermark:
    """Not a watermark at all: it makes the place of one in the order visible."""

    algorithm = "org.example.test"
    capacity = 8

    def __init__(self) -> None:
        self.payload = b""

    def embed(self, pixels: bytes, width: int, height: int, payload: bytes) -> bytes:
        self.payload = payload
        return bytes(255 - value for value in pixels)

    def read(self, pixels: bytes, width: int, height: int) -> bytes | None:
        return None

    def find(self, pixels: bytes, width: int, height: int) -> Finding | None:
        return None


def test_a_watermark_comes_after_the_label_and_before_the_file(office: Office, pixels: Pixels) -> None:
    mark = NegatingWatermark()
    record = "urn:uuid:00000000-0000-0000-0000-000000000001"
    claim = office.claim(record, office.first_entry(record))
    asset = seal(pixels.data, pixels.width, pixels.height, claim, office.identity, watermark=mark)
    labelled = draw_label(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data), claim.label)
    assert decode(asset.data).data == bytes(255 - value for value in labelled.tobytes())
    assert mark.payload == payload_of(record, 8)
    assert asset.watermark == f"org.example.test:{mark.payload.hex()}"


def test_a_signed_asset_can_be_logged(office: Office, pixels: Pixels) -> None:
    _, asset = office.seal(pixels)
    fields = {
        field.name: getattr(asset, field.name) for field in dataclasses.fields(SignedAsset) if field.name != "data"
    }
    assert json.loads(json.dumps(fields))["media_type"] == "image/png"


@pytest.mark.parametrize("media_type", ["image/png", "image/webp"])
def test_a_strip_is_signed_as_it_is_and_known_by_its_pictures_entry(
    office: Office, pixels: Pixels, media_type: str
) -> None:
    file = encode(to_image(pixels.data, pixels.width, pixels.height), media_type, xmp=b"")
    record, first = office.seal(pixels)
    signed = seal_strip(file, office.claim(record, office.first_entry(record)), office.identity)
    assert decode(signed).data == decode(file).data
    assert check(signed, office).verdict == "unrecorded"
    office.append(EntryKind.PICTURE, record, first, process=sha256_hex(signed))
    found = check(signed, office)
    assert (found.verdict, found.ledger, found.record) == ("not-released", "recorded", record)
    assert "how the picture was made" in found.reasons[0]
    assert check(first.data, office).verdict == "not-released"
    assert check(flip(signed), office).verdict in {"altered", "unreadable", "no-credentials"}


def test_a_strip_is_never_released_even_when_its_picture_is(office: Office, pixels: Pixels) -> None:
    file = encode(to_image(pixels.data, pixels.width, pixels.height), "image/png", xmp=b"")
    record, first = office.seal(pixels)
    signed = seal_strip(file, office.claim(record, office.first_entry(record)), office.identity)
    office.append(EntryKind.PICTURE, record, first, process=sha256_hex(signed))
    assert check(office.publish(record, first).data, office).verdict == "ours"
    assert check(signed, office).verdict == "not-released"


def test_what_is_no_picture_is_no_strip(office: Office) -> None:
    with pytest.raises(UnreadableAssetError):
        seal_strip(b"nothing", office.claim("urn:uuid:1", office.first_entry("x")), office.identity)
