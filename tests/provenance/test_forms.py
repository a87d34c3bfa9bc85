"""Every kind of manifest in every format, against the rubric and two independent validators, whole and altered.

Where the two disagree, the test says so, with the clause and who is right.
"""

import io
import json
import re
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import encypher_c2pa
import numpy as np
import pytest

from provenance import credentials, media
from provenance.canonical import sha256_hex
from provenance.claims import AdapterReference
from provenance.entries import EntryKind
from provenance.errors import SealError, UnreadableAssetError
from provenance.evidence import examine
from provenance.keys import SigningIdentity
from provenance.manifest import COMPOSITE_WITH_TRAINED, GOVERNANCE
from provenance.media import seal_media
from provenance.pictures import encode, to_image, xmp_packet
from provenance.renditions import SHAPES
from provenance.seal import SignedAsset, redact, release, seal, seal_strip
from provenance.verification import Verdict
from provenance.watermark import SpreadSpectrum
from provenance.xmp import read as read_xmp
from tests.provenance import rubric
from tests.provenance.office import Office, Pixels, check, flip, resaved
from tests.provenance.test_manifest import broken_rules, independent, manifests

PICTURES = ["image/png", "image/jpeg", "image/webp", "image/avif"]
SHAPE_OF = {"image/png": "print-png", "image/jpeg": "small-jpeg", "image/webp": "web-webp", "image/avif": "web-avif"}
OTHER = {"image/png": "image/jpeg", "image/jpeg": "image/png", "image/webp": "image/png", "image/avif": "image/png"}


@dataclass(frozen=True)
class Desk:
    """What a kind of manifest is made with."""

    office: Office
    pixels: Pixels
    stranger: SigningIdentity
    media_type: str

    def first(self, **changes: Any) -> SignedAsset:
        return self.office.seal(self.pixels, media_type=self.media_type, **changes)[1]

    def marked(self) -> SignedAsset:
        pixels, record = Pixels.shapes(160, 128, seed=3), "urn:uuid:00000000-0000-0000-0000-00000000000c"
        claim = self.office.claim(record, self.office.first_entry(record))
        mark = SpreadSpectrum(bytes(range(32)))
        return seal(
            pixels.data, pixels.width, pixels.height, claim, self.office.identity, media_type=self.media_type,
            watermark=mark,
        )  # fmt: skip

    def foreign(self) -> SignedAsset:
        claim = self.office.claim("urn:uuid:1", self.office.first_entry("urn:uuid:1"))
        return seal(self.pixels.data, self.pixels.width, self.pixels.height, claim, self.stranger)


def _rendition(desk: Desk) -> SignedAsset:
    record, made = desk.office.make(desk.pixels, media_type=OTHER[desk.media_type])
    return desk.office.render(record, desk.office.publish(record, made), SHAPES[SHAPE_OF[desk.media_type]])


@dataclass(frozen=True)
class Disagreement:
    """What the two validators say of one kind of file in one format, and the second one's codes."""

    sdk: str
    independent: str
    codes: frozenset[str]


# All that there are; a change in either validator fails a test. docs/provenance.md says who is right, and why.
# C2PA 2.4, 6.8 lets a later claim list what it takes out of an earlier manifest; by 15.10.3.2.3 a `c2pa.redacted`
# action must name an assertion that the earlier claim lists, and by 15.11.3.3.1 that manifest is then bound by its
# signature alone and the place may be empty. All three hold here. encypher-c2pa 1.7.1 looks for the assertion itself.
DISAGREEMENTS = {
    ("redacted", media_type): Disagreement(
        "Trusted", "Invalid", frozenset({"assertion.action.redactionMismatch", "assertion.missing"})
    )
    for media_type in ("image/png", "image/jpeg")
}

KINDS: dict[str, Callable[[Desk], SignedAsset]] = {
    "made": lambda desk: desk.first(),
    "made with adapters": lambda desk: desk.first(
        adapters=(AdapterReference("Leaf spots", "a" * 64, "MIT"), AdapterReference("Ink", "b" * 64, "CC0-1.0"))
    ),
    "made from a reference": lambda desk: desk.first(reference_commitment="5" * 64),
    "made from a signed reference": lambda desk: desk.first(
        reference=desk.foreign().data, reference_commitment="5" * 64
    ),
    "edited, our own": lambda desk: desk.office.edit(
        desk.pixels, desk.first().data, media_type=desk.media_type
    )[1],
    "edited, somebody else's": lambda desk: desk.office.edit(
        desk.pixels, desk.foreign().data, media_type=desk.media_type
    )[1],
    "edited, unsigned": lambda desk: desk.office.edit(
        desk.pixels, resaved(desk.first().data), media_type=desk.media_type
    )[1],
    "released": lambda desk: desk.office.publish(*desk.office.make(desk.pixels, media_type=desk.media_type)),
    "rendition": _rendition,
    "watermarked": lambda desk: desk.marked(),
}  # fmt: skip


@pytest.fixture(params=PICTURES)
def desk(request: pytest.FixtureRequest, office: Office, pixels: Pixels, stranger: SigningIdentity) -> Desk:
    return Desk(office, pixels, stranger, str(request.param))


def states(data: bytes, media_type: str, office: Office) -> tuple[str, str]:
    """What each validator says."""
    ours = credentials.read(data, media_type, roots_pem=office.trust.roots_pem)
    theirs = independent(data, media_type, office.trust.roots_pem)
    return ours.state if ours else "none", str(theirs["validation_state"])


@pytest.mark.parametrize("kind", KINDS)
def test_it_passes_the_rubric_and_both_validators(kind: str, desk: Desk) -> None:
    asset = KINDS[kind](desk)
    assert asset.media_type == desk.media_type
    assert broken_rules(manifests(asset, desk.office)[0]) == []
    assert states(asset.data, asset.media_type, desk.office) == ("Trusted", "Trusted")
    assert states(flip(asset.data), asset.media_type, desk.office) == ("Invalid", "Invalid")
    found = examine(asset.data, anchors=desk.office.trust.anchors)
    assert (found.integrity, found.signer, found.pixel_sha256) == (
        "intact", "trusted:Health Office", asset.pixel_sha256,
    )  # fmt: skip


def active(asset: SignedAsset, office: Office) -> dict[str, Any]:
    return manifests(asset, office)[0]


def test_adapters_are_ingredients_by_the_digest_of_their_weights(office: Office, pixels: Pixels) -> None:
    adapter = AdapterReference("Leaf spots", "a" * 64, "MIT")
    manifest = active(office.seal(pixels, adapters=(adapter,))[1], office)
    inputs = {item["instanceID"]: item for item in rubric.ingredients(manifest) if item["relationship"] == "inputTo"}
    assert inputs[f"sha256:{'a' * 64}"]["dc:title"] == "Leaf spots"
    assert manifest["assertions"][GOVERNANCE]["adapters"] == ["a" * 64]
    with pytest.raises(ValueError, match=r"adapter\.weights_sha256"):
        AdapterReference("Leaf spots", "short", "MIT")


def test_an_edit_keeps_its_parents_manifest_and_says_composite(
    office: Office, pixels: Pixels, stranger: SigningIdentity
) -> None:
    foreign = Desk(office, pixels, stranger, "image/png").foreign()
    record, edited = office.edit(pixels, foreign.data)
    manifest = active(edited, office)
    assert [action["action"] for action in rubric.actions(manifest)] == ["c2pa.opened", "c2pa.edited"]
    assert rubric.actions(manifest)[1]["digitalSourceType"] == COMPOSITE_WITH_TRAINED
    assert foreign.manifest_id in {item["label"] for item in manifests(edited, office)}
    assert read_xmp(xmp_packet(edited.data))["Iptc4xmpExt:DigitalSourceType"] == COMPOSITE_WITH_TRAINED
    office.append(EntryKind.PICTURE, record, edited)
    released = office.publish(record, edited)
    said = active(released, office)["assertions"]["cawg.metadata"]["Iptc4xmpExt:DigitalSourceType"]
    assert said == COMPOSITE_WITH_TRAINED, "the release does not forget what it was made from"
    assert check(released.data, office).verdict is Verdict.OURS


def test_an_altered_source_is_not_signed_over(office: Office, pixels: Pixels) -> None:
    _, first = office.seal(pixels)
    with pytest.raises(SealError, match="find the original"):
        office.edit(pixels, flip(first.data))
    with pytest.raises(UnreadableAssetError):
        office.edit(pixels, b"nothing")


def test_the_manifest_of_a_reference_goes_along(office: Office, pixels: Pixels, stranger: SigningIdentity) -> None:
    """P-34: what a picture was made from keeps its signature, and one that no longer holds is not signed over."""
    foreign = Desk(office, pixels, stranger, "image/png").foreign()
    _, made = office.seal(pixels, reference=foreign.data, reference_commitment="5" * 64)
    manifest = active(made, office)
    assert foreign.manifest_id in {item["label"] for item in manifests(made, office)}
    (_, reference) = [item for item in rubric.ingredients(manifest) if item["relationship"] == "inputTo"]
    assert (reference["dc:title"], reference["activeManifest"]["url"]) == (
        "Reference picture", f"self#jumbf=/c2pa/{foreign.manifest_id}",
    )  # fmt: skip
    assert sha256_hex(foreign.data) not in json.dumps(manifest)
    (created,) = rubric.actions(manifest)
    assert len(created["parameters"]["ingredients"]) == 2
    with pytest.raises(SealError, match="reference: its credential does not hold"):
        office.seal(pixels, reference=flip(foreign.data), reference_commitment="5" * 64)
    with pytest.raises(ValueError, match="reference: the claim names no picture"):
        office.seal(pixels, reference=foreign.data)


def test_oversight_is_what_happened(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    released = office.publish(record, first)
    levels = [
        active(asset, office)["assertions"]["c2pa.ai-disclosure"]["contentProfile"]["humanOversightLevel"]
        for asset in (first, released, office.render(record, released, SHAPES["small-jpeg"]))
    ]
    assert levels == ["prompt_guided", "human_validated", "human_validated"]


SECRET = "a mosquito net for the Tumaini clinic"


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg"])
def test_redaction_takes_an_assertion_out_and_keeps_the_binding(
    office: Office, pixels: Pixels, media_type: str
) -> None:
    record, first = office.make(pixels, media_type=media_type, prompt=SECRET)
    claim = office.claim(record, office.first_entry(record))
    less = redact(first.data, claim, office.identity, labels=["cawg.metadata"])
    assert first.data.count(SECRET.encode()) == 2
    assert less.data.count(SECRET.encode()) == 1, "the XMP keeps it: only a rendition writes that anew"
    assert less.pixel_sha256 == first.pixel_sha256
    assert broken_rules(active(less, office)) == []
    found = examine(less.data, anchors=office.trust.anchors)
    assert (found.integrity, found.record) == ("intact", record)
    assert examine(flip(less.data), anchors=office.trust.anchors).integrity == "altered"
    case = DISAGREEMENTS["redacted", media_type]
    assert states(less.data, media_type, office) == (case.sdk, case.independent)
    theirs = independent(less.data, media_type, office.trust.roots_pem)["validation_results"]["failure"]
    assert {item["code"] for item in theirs} == case.codes


def test_what_cannot_be_redacted_is_refused(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    claim = office.claim(record, office.first_entry(record))
    with pytest.raises(SealError, match="choose among"):
        redact(first.data, claim, office.identity, labels=["stds.exif"])
    with pytest.raises(SealError):
        redact(first.data, claim, office.identity, labels=["c2pa.actions.v2"])
    with pytest.raises(SealError, match="intact file of ours"):
        redact(flip(first.data), claim, office.identity, labels=["cawg.metadata"])


@pytest.mark.parametrize("media_type", ["image/webp", "image/avif"])
def test_formats_without_valid_update_manifests_are_refused(office: Office, pixels: Pixels, media_type: str) -> None:
    record, first = office.make(pixels, media_type=media_type)
    with pytest.raises(SealError, match="make a rendition"):
        redact(first.data, office.claim(record, office.first_entry(record)), office.identity, labels=["cawg.metadata"])


def film() -> bytes:
    """Half a second of a moving gradient, MPEG-4 in MP4."""
    av = pytest.importorskip("av")
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for seed in range(5):
            pixels = np.frombuffer(Pixels.gradient(160, 128, seed=seed).data, np.uint8).reshape(128, 160, 3)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def tone() -> bytes:
    """Half a second of a tone, WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes((np.sin(np.arange(4000) / 9) * 9000).astype("<i2").tobytes())
    return file.getvalue()


MEDIA = {"video/mp4": film, "audio/wav": tone}


@pytest.mark.parametrize("media_type", MEDIA)
def test_films_and_sounds_are_signed_and_checked_by_the_same_code(office: Office, media_type: str) -> None:
    plain = MEDIA[media_type]()
    record = "urn:uuid:00000000-0000-0000-0000-00000000000a"
    claim = office.claim(record, office.first_entry(record), label="none")
    asset = seal_media(plain, claim, office.identity)
    assert broken_rules(active(asset, office)) == []
    assert states(asset.data, media_type, office) == ("Trusted", "Trusted")
    assert states(flip(asset.data), media_type, office) == ("Invalid", "Invalid")
    assert read_xmp(media.xmp_packet(asset.data, media_type))["dc:identifier"] == record
    assert check(asset.data, office).verdict is Verdict.UNRECORDED
    office.append(EntryKind.PICTURE, record, asset)
    assert check(asset.data, office).verdict is Verdict.NOT_RELEASED
    office.append(EntryKind.RELEASE, record, asset)
    assert check(asset.data, office).verdict is Verdict.OURS
    assert check(flip(asset.data), office).verdict is Verdict.ALTERED
    recovered = check(plain, office)
    assert (recovered.verdict, recovered.integrity) == (Verdict.OURS_RECOVERED, "none"), "found by its samples"
    assert check(plain[: len(plain) // 4], office).verdict in {Verdict.UNREADABLE, Verdict.NO_CREDENTIALS}


def test_what_cannot_be_signed_as_media_is_refused(office: Office, pixels: Pixels) -> None:
    record = "urn:uuid:00000000-0000-0000-0000-00000000000b"
    claim = office.claim(record, office.first_entry(record), label="none")
    with pytest.raises(UnreadableAssetError, match="neither"):
        seal_media(office.seal(pixels)[1].data, claim, office.identity)
    with pytest.raises(UnreadableAssetError, match="no samples"):
        seal_media(b"RIFF\x04\x00\x00\x00WAVE", claim, office.identity)
    with pytest.raises(ValueError, match="label"):
        seal_media(tone(), office.claim(record, office.first_entry(record)), office.identity)
    signed = seal_media(tone(), claim, office.identity)
    with pytest.raises(UnreadableAssetError, match="already"):
        seal_media(signed.data, claim, office.identity)


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg", "image/webp"])
def test_the_strip_of_a_making_is_a_manifest_like_the_others(office: Office, pixels: Pixels, media_type: str) -> None:
    record = "urn:uuid:00000000-0000-0000-0000-00000000000d"
    strip = encode(to_image(pixels.data, pixels.width, pixels.height), media_type, xmp=b"")
    signed = seal_strip(strip, office.claim(record, office.first_entry(record), label="none"), office.identity)
    (manifest,) = json.loads(str(credentials.crjson(signed, media_type, roots_pem=office.trust.roots_pem)))["manifests"]
    assert broken_rules(manifest) == []
    assert states(signed, media_type, office) == ("Trusted", "Trusted")
    assert states(flip(signed), media_type, office) == ("Invalid", "Invalid")


def test_the_document_names_every_disagreement_and_no_other() -> None:
    text = (Path(__file__).parents[2] / "docs" / "provenance.md").read_text(encoding="utf-8")
    table = text.partition("| case | c2pa-python |")[2].partition("\n\n")[0].splitlines()[2:]
    formats = {"PNG": "image/png", "JPEG": "image/jpeg", "WebP": "image/webp", "AVIF": "image/avif"}
    said = {
        (kind, formats[name])
        for kind, names in re.findall(r"^\| (\w+) by update manifest \(([^)]*)\)", "\n".join(table), re.MULTILINE)
        for name in names.split(", ")
    }
    assert (said, len(table)) == (set(DISAGREEMENTS), 1)


def test_the_independent_validator_reads_every_format_we_write() -> None:
    assert {*PICTURES, "video/mp4", "audio/wav"} <= set(encypher_c2pa.supported_mime_types())


def test_a_release_of_an_avif_keeps_its_pixels(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels, media_type="image/avif")
    claim = office.claim(record, office.first_entry(record), approver_role="reviewer")
    assert release(first.data, claim, office.identity).pixel_sha256 == first.pixel_sha256
