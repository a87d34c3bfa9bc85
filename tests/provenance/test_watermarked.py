"""The watermark in the seal and in the check: where it is written down, and what it finds again."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image

from provenance import credentials
from provenance.cli import main
from provenance.entries import EntryKind
from provenance.keys import SigningIdentity
from provenance.ledger import Ledger
from provenance.pictures import decode, encode
from provenance.seal import SignedAsset, release, seal
from provenance.verification import Verdict, Verification, verify, verify_isolated
from provenance.watermark import SpreadSpectrum, create_key, mark_name, open_watermark, payload_of
from tests.provenance import rubric
from tests.provenance.office import Office, Pixels
from tests.provenance.test_manifest import independent
from tests.provenance.watermark.conftest import landscape

SIDE = 384


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mark") / "watermark.key"
    create_key(path)
    return path


@pytest.fixture(scope="module")
def mark(key: Path) -> SpreadSpectrum:
    opened = open_watermark(f"lattice:{key}")
    assert isinstance(opened, SpreadSpectrum)
    return opened


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    return landscape(512, 512, seed=21)


def sealed(office: Office, scene: Image.Image, mark: SpreadSpectrum) -> tuple[str, SignedAsset]:
    record = f"urn:uuid:{uuid4()}"
    claim = office.claim(record, office.first_entry(record))
    asset = seal(scene.tobytes(), *scene.size, claim, office.identity, watermark=mark)
    office.append(EntryKind.PICTURE, record, asset)
    return record, asset


@pytest.fixture
def released(office: Office, scene: Image.Image, mark: SpreadSpectrum) -> tuple[str, SignedAsset]:
    record, first = sealed(office, scene, mark)
    return record, office.publish(record, first)


def stripped(asset: SignedAsset) -> Image.Image:
    pixels = decode(asset.data)
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.data)


def asked(image: Image.Image, office: Office, mark: SpreadSpectrum) -> Verification:
    data = encode(image, "image/png", xmp=b"")
    return verify(data, trust=office.trust, ledger=office.ledger, watermark=mark)


def test_both_manifests_bind_the_mark(released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum) -> None:
    record, asset = released
    payload = payload_of(record, mark.capacity)
    assert asset.watermark == mark_name(mark.algorithm, payload)
    text = credentials.crjson(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
    found = sorted(json.loads(text or "")["manifests"], key=lambda manifest: manifest["label"] != asset.manifest_id)
    for manifest in found:
        assert [name for name, rule in rubric.rules() if not rule(manifest)] == []
        bindings = [data for label, data in manifest["assertions"].items() if label.startswith("c2pa.soft-binding")]
        assert {"alg": mark.algorithm, "blocks": [{"scope": {}, "value": payload.hex()}]} in bindings
    did = [[action["action"] for action in rubric.actions(manifest)] for manifest in found]
    assert did == [["c2pa.opened", "c2pa.published"], ["c2pa.created", "c2pa.watermarked.bound"]]


def test_both_validators_trust_it(released: tuple[str, SignedAsset], office: Office) -> None:
    asset = released[1]
    ours = credentials.read(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
    theirs = independent(asset.data, asset.media_type, office.trust.roots_pem)
    assert ours is not None
    assert (ours.state, theirs["validation_state"]) == ("Trusted", "Trusted")


def test_the_ledger_finds_entries_by_their_mark(ledger: Ledger, office: Office, mark: SpreadSpectrum) -> None:
    digest = "1" * 64
    asset = {"sha256": digest, "pixel_sha256": digest, "media_type": "image/png"}
    from provenance.entries import canonical_entry, entry_id

    for number, name in enumerate([f"{mark.algorithm}:0011223344556677", f"{mark.algorithm}:8899aabbccddeeff", ""]):
        entry = canonical_entry(
            log=office.log, entry_id=entry_id(office.log, EntryKind.PICTURE, str(number)), kind=EntryKind.PICTURE,
            at=office.now, record=f"urn:uuid:{uuid4()}", asset={**asset, "watermark": name}, body={},
        )  # fmt: skip
        ledger.append(entry)
    found = ledger.by_watermark(f"{mark.algorithm}:8899aabbccddeeff")
    assert [entry.sequence for entry in found] == [1]
    assert ledger.by_watermark("org.example:00112233") == ()


@pytest.mark.parametrize("isolated", [False, True])
def test_a_part_of_a_picture_is_recovered(
    isolated: bool, released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum, key: Path
) -> None:
    record, asset = released
    part = stripped(asset).crop((60, 70, 60 + SIDE, 70 + SIDE)).resize((300, 300))
    if isolated:
        data = encode(part, "image/jpeg", xmp=b"")
        answer = verify_isolated(data, trust=office.trust, ledger=office.ledger, watermark=f"lattice:{key}")
    else:
        answer = asked(part, office, mark)
    assert (answer.verdict, answer.record) == (Verdict.OURS_RECOVERED, record)
    assert "Found by its watermark, and it looks like" in answer.reasons[0]


def test_a_part_that_its_looks_do_not_confirm_is_said_to_be_unconfirmed(
    released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum
) -> None:
    record, asset = released
    answer = asked(stripped(asset).crop((200, 10, 510, 320)), office, mark)
    assert (answer.verdict, answer.record) == (Verdict.OURS_RECOVERED, record)
    assert "can be copied" in answer.reasons[0]


def test_a_reencoded_picture_is_recovered_by_mark_and_looks(
    released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum
) -> None:
    answer = asked(stripped(released[1]).resize((430, 430)), office, mark)
    assert (answer.verdict, answer.record) == (Verdict.OURS_RECOVERED, released[0])
    assert "looks like the recorded file" in answer.reasons[0]


def test_a_part_of_a_picture_that_was_never_released_is_said_to(
    office: Office, scene: Image.Image, mark: SpreadSpectrum
) -> None:
    record, first = sealed(office, scene, mark)
    answer = asked(stripped(first).crop((60, 70, 60 + SIDE, 70 + SIDE)), office, mark)
    assert (answer.verdict, answer.record) == (Verdict.NOT_RELEASED, record)


def test_a_transplanted_mark_recovers_nothing_and_is_named(
    released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum
) -> None:
    """Somebody who holds the key, or estimates the mark from many pictures, puts it into one of their own."""
    record, _ = released
    victim = landscape(512, 512, seed=77)
    payload = payload_of(record, mark.capacity)
    forged = Image.frombytes("RGB", victim.size, mark.embed(victim.tobytes(), *victim.size, payload))
    answer = asked(forged, office, mark)
    assert answer.verdict is Verdict.NO_CREDENTIALS
    assert any(record in reason and "copied" in reason for reason in answer.reasons)


def test_a_strangers_signature_over_a_part_of_ours_is_named(
    released: tuple[str, SignedAsset], office: Office, mark: SpreadSpectrum, stranger: SigningIdentity
) -> None:
    record, asset = released
    part = stripped(asset).crop((60, 70, 60 + SIDE, 70 + SIDE))
    claim = office.claim("urn:uuid:00000000-0000-0000-0000-00000000000f", uuid4())
    foreign = seal(part.tobytes(), *part.size, claim, stranger)
    answer = verify(foreign.data, trust=office.trust, ledger=office.ledger, watermark=mark)
    assert answer.verdict is Verdict.OTHER_SIGNER
    assert any("carries the watermark of our" in reason and record in reason for reason in answer.reasons)


def test_a_release_keeps_the_mark_of_its_first_file_only(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    claim = office.claim(record, uuid4(), approver_role="reviewer", decision_leaf_index=1)
    assert (first.watermark, release(first.data, claim, office.identity).watermark) == ("", "")


def test_a_file_that_speaks_for_itself_is_not_listened_to(released: tuple[str, SignedAsset], office: Office) -> None:
    class Deaf(SpreadSpectrum):
        def find(self, pixels: bytes, width: int, height: int) -> None:
            raise AssertionError

    answer = verify(released[1].data, trust=office.trust, ledger=office.ledger, watermark=Deaf(bytes(32)))
    assert answer.verdict is Verdict.OURS


def test_a_model_that_fails_keeps_no_file_from_being_checked(released: tuple[str, SignedAsset], office: Office) -> None:
    class Broken(SpreadSpectrum):
        def find(self, pixels: bytes, width: int, height: int) -> None:
            raise MemoryError

    answer = asked(stripped(released[1]), office, Broken(bytes(32)))
    assert answer.verdict is Verdict.OURS_RECOVERED


def test_the_command_line(tmp_path: Path, scene: Image.Image, capsys: pytest.CaptureFixture[str]) -> None:
    key, source, marked = tmp_path / "k", tmp_path / "in.png", tmp_path / "marked.jpg"
    scene.save(source)
    line = ["--watermark", f"lattice:{key}", "--json"]
    assert main(["watermark", "key", str(key)]) == 0
    assert main(["watermark", "embed", str(source), "--out", str(marked), "--payload", "0123456789abcdef", *line]) == 0
    capsys.readouterr()
    assert main(["watermark", "read", str(marked), *line]) == 0
    name = "org.imprimatur.lattice.v1:0123456789abcdef"
    assert json.loads(capsys.readouterr().out) == {"file": str(marked), "watermark": name, "whole": True}
    assert main(["watermark", "read", str(source), *line]) == 1
    assert main(["watermark", "embed", str(source), "--out", str(marked), "--payload", "01", *line]) == 2
    assert "8" in capsys.readouterr().err
    assert main(["watermark", "read", str(marked)]) == 2


def test_a_picture_too_small_for_a_mark_is_sealed_without(office: Office, mark: SpreadSpectrum) -> None:
    pixels, record = Pixels.gradient(60, 128), f"urn:uuid:{uuid4()}"
    claim = office.claim(record, office.first_entry(record), label="none")
    asset = seal(pixels.data, 60, 128, claim, office.identity, watermark=mark)
    assert asset.watermark == ""
    assert decode(asset.data).data == pixels.data
