"""Renditions, what outlives use, and which label fields a file carries: all read back from real files."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provenance.cli import main
from provenance.entries import EntryKind
from provenance.errors import SealError
from provenance.labels import find_label
from provenance.manifest import ACTIONS
from provenance.profiles import Profile, profiles, read_contents
from provenance.renditions import SHAPES, Shape, make_rendition
from provenance.seal import SignedAsset
from provenance.survival import TRANSFORMS, survival
from provenance.verification import Verdict
from tests.provenance.office import Office, Pixels, check, flip, resaved
from tests.provenance.test_manifest import manifests


@pytest.fixture
def released(office: Office) -> tuple[str, SignedAsset]:
    record, first = office.make(Pixels.shapes(400, 300, seed=3))
    return record, office.publish(record, first)


def opened(asset: SignedAsset) -> Image.Image:
    return Image.open(io.BytesIO(asset.data)).convert("RGB")


@pytest.mark.parametrize("shape", ["small-jpeg", "web-webp", "web-avif", "square", "story", "banner"])
def test_a_rendition_is_ours_and_labelled_and_names_its_parent(
    office: Office, released: tuple[str, SignedAsset], shape: str
) -> None:
    record, whole = released
    made = office.render(record, whole, SHAPES[shape])
    answer = check(made.data, office)
    assert (answer.verdict, answer.status, answer.record) == (Verdict.OURS, "released", record)
    assert "rendition" in answer.reasons[0]
    assert whole.manifest_id in {item["label"] for item in manifests(made, office)}
    assert made.source_pixel_sha256 == whole.pixel_sha256
    found = find_label(opened(made))
    assert found is not None, "the label is whole"
    assert found.plate.letters * 20 >= min(opened(made).size), "and large enough for this size"
    assert check(flip(made.data), office).verdict is Verdict.ALTERED
    assert check(resaved(made.data, "JPEG", quality=80), office).verdict is Verdict.OURS_RECOVERED


def test_what_was_done_is_said(office: Office, released: tuple[str, SignedAsset]) -> None:
    record, whole = released
    shape = Shape("tiny", "Tiny", "image/webp", 100, 100)
    manifest = manifests(office.render(record, whole, shape), office)[0]
    done = [action["action"] for action in manifest["assertions"][ACTIONS]["actions"]]
    assert done == ["c2pa.opened", "c2pa.cropped", "c2pa.resized", "c2pa.transcoded", "c2pa.published"]


def test_a_rendition_is_the_same_every_time(office: Office, released: tuple[str, SignedAsset]) -> None:
    record, whole = released
    claim = office.claim(record, office.first_entry(record), approver_role="reviewer")
    one, other = (make_rendition(whole.data, SHAPES["square"], claim, office.identity) for _ in range(2))
    assert one.pixel_sha256 == other.pixel_sha256


def test_an_unrecorded_rendition_is_what_a_stolen_key_makes(office: Office, released: tuple[str, SignedAsset]) -> None:
    record, whole = released
    claim = office.claim(record, office.first_entry(record), approver_role="reviewer")
    made = make_rendition(whole.data, SHAPES["square"], claim, office.identity)
    assert check(made.data, office).verdict is Verdict.UNRECORDED


def test_a_rendition_of_what_was_never_released_is_not_released(office: Office) -> None:
    record, first = office.make(Pixels.shapes(400, 300, seed=5))
    made = office.render(record, first, SHAPES["square"])
    assert check(made.data, office).verdict is Verdict.NOT_RELEASED


def test_a_withdrawal_withdraws_the_renditions(office: Office, released: tuple[str, SignedAsset]) -> None:
    record, whole = released
    made = office.render(record, whole, SHAPES["square"])
    office.append(EntryKind.WITHDRAWAL, record, public_reason="the text was wrong")
    assert check(made.data, office).verdict is Verdict.WITHDRAWN


def test_renditions_are_made_of_intact_files_of_ours(office: Office, released: tuple[str, SignedAsset]) -> None:
    record, whole = released
    claim = office.claim(record, office.first_entry(record), approver_role="reviewer")
    for data in (whole.data + b"more", resaved(whole.data)):
        with pytest.raises(SealError, match="intact file of ours"):
            make_rendition(data, SHAPES["square"], claim, office.identity)
    with pytest.raises(SealError, match="released file itself"):
        make_rendition(whole.data, SHAPES["print-png"], claim, office.identity)


@given(st.integers(16, 4096), st.integers(16, 4096), st.sampled_from(list(SHAPES.values())))
def test_a_plan_enlarges_nothing_and_keeps_the_ratio(width: int, height: int, shape: Shape) -> None:
    plan = shape.plan(width, height)
    left, top, right, bottom = plan.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert plan.size[0] <= right - left
    assert plan.size[1] <= bottom - top
    if shape.width and shape.height:
        assert abs(plan.size[0] / shape.width - plan.size[1] / shape.height) * min(shape.width, shape.height) <= 2


@pytest.mark.parametrize("fields", [{"width": 8}, {"height": 5000}, {"media_type": "image/gif"}])
def test_impossible_shapes_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="shape"):
        Shape(**({"name": "x", "title": "X", "media_type": "image/png"} | fields))


def test_what_outlives_use_is_measured(office: Office, released: tuple[str, SignedAsset]) -> None:
    rows = {row.transform: row for row in survival(released[1].data, roots_pem=office.trust.roots_pem)}
    assert list(rows) == list(TRANSFORMS)
    whole, stripped, kept = (rows[name] for name in ("as delivered", "metadata stripped", "saved again, XMP kept"))
    assert (whole.manifest, whole.xmp, whole.fingerprint, whole.bits) == ("intact", True, True, 0)
    assert (stripped.manifest, stripped.xmp, stripped.fingerprint) == ("gone", False, True)
    assert (kept.manifest, kept.xmp) == ("gone", True)
    assert rows["half the size"].fingerprint
    assert {row.watermark for row in rows.values()} == {None}, "no watermark is claimed where none is looked for"
    flat = office.seal(Pixels(bytes([90]) * 3 * 64 * 64, 64, 64), label="none")[1]
    assert {row.fingerprint for row in survival(flat.data, roots_pem=office.trust.roots_pem)} == {None}


def told(data: bytes, office: Office) -> dict[str, Profile]:
    return {item.key: item for item in profiles(read_contents(data, roots_pem=office.trust.roots_pem))}


def test_profiles_say_what_is_there_and_what_is_missing(office: Office, released: tuple[str, SignedAsset]) -> None:
    found = told(released[1].data, office)
    assert found["iptc"].missing == found["california"].missing == found["china"].missing == ()
    assert found["iptc"].sentence.startswith("It carries the fields of IPTC")
    assert found["eu-ai-act"].missing == ("time-stamp", "imperceptible watermark")
    assert found["india"].missing == ("identifier that outlives metadata",)
    assert "Missing: time-stamp, imperceptible watermark" in found["eu-ai-act"].sentence
    assert "compl" not in " ".join(item.sentence.lower() for item in found.values())


def test_profiles_are_about_bytes_and_not_about_intent(office: Office, released: tuple[str, SignedAsset]) -> None:
    stripped = told(resaved(released[1].data), office)
    assert {key for key, item in stripped.items() if not item.missing} == set()
    assert "visible label" not in stripped["china"].missing, "the label is in the pixels and stays"
    assert "AIGC ProduceID" in stripped["china"].missing
    altered = told(released[1].data + b"more", office)
    assert "signed metadata" in altered["eu-ai-act"].missing, "a manifest that does not hold says nothing"
    bare = told(office.seal(Pixels.shapes(300, 300, seed=2), label="none")[1].data, office)
    assert "visible label" in bare["eu-ai-act"].missing
    small = told(office.seal(Pixels.shapes(300, 300, seed=2), label="icon")[1].data, office)
    assert "visible label" not in small["india"].missing


def test_foreign_xmp_is_read_in_its_other_forms(office: Office) -> None:
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:i="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" i:AISystemUsed="Other">'
        b"<i:AIPromptInformation><rdf:Alt><rdf:li>words</rdf:li></rdf:Alt></i:AIPromptInformation>"
        b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 200, 90)).save(file, "JPEG", xmp=packet)
    found = {field.name: field.present for field in told(file.getvalue(), office)["iptc"].fields}
    assert found["AISystemUsed"]
    assert found["AIPromptInformation"]
    assert not found["AISystemVersionUsed"]


def test_the_commands_print_both_reports(
    office: Office,
    released: tuple[str, SignedAsset],
    authority: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "released.png"
    path.write_bytes(released[1].data)
    assert main(["profiles", str(path), "--trust", str(authority), "--json"]) == 1, "one profile is not complete"
    answer = json.loads(capsys.readouterr().out)
    assert [item["profile"] for item in answer["profiles"]] == ["eu-ai-act", "california", "china", "india", "iptc"]
    assert main(["profiles", str(path), "--trust", str(authority)]) == 1
    assert "It carries the fields of China's GB 45438-2025." in capsys.readouterr().out
    assert main(["survival", str(path), "--trust", str(authority)]) == 0
    assert "a website's chain" in capsys.readouterr().out
    assert main(["survival", str(path), "--trust", str(authority), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["survival"][0]["manifest"] == "intact"
    assert main(["profiles", str(tmp_path / "missing.png"), "--trust", str(authority)]) == 2
