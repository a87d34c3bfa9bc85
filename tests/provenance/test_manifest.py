"""Both manifests against the rubric, two independent validators, and what must not be in them."""

import json
from typing import Any

import encypher_c2pa
import pytest

from provenance import credentials
from provenance.manifest import GOVERNANCE
from provenance.pictures import probe
from provenance.seal import SignedAsset
from tests.provenance import rubric
from tests.provenance.office import Office, Pixels, flip

MEDIA_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif"]


@pytest.fixture(scope="module", params=MEDIA_TYPES)
def media_type(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def first(office: Office, pixels: Pixels, media_type: str) -> tuple[str, SignedAsset]:
    return office.make(pixels, media_type=media_type)


@pytest.fixture
def released(office: Office, first: tuple[str, SignedAsset]) -> SignedAsset:
    return office.publish(*first)


def manifests(asset: SignedAsset, office: Office) -> list[dict[str, Any]]:
    """The manifests in the file's crJSON, the active one first."""
    text = credentials.crjson(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
    assert text is not None
    found = json.loads(text)["manifests"]
    return sorted(found, key=lambda manifest: manifest["label"] != asset.manifest_id)


def broken_rules(manifest: dict[str, Any]) -> list[str]:
    """The names of the rules that do not hold."""

    def holds(rule: rubric.Rule) -> bool:
        try:
            return rule(manifest)
        except (KeyError, IndexError, TypeError, ValueError):
            return False

    return [name for name, rule in rubric.rules() if not holds(rule)]


def test_the_rubric_has_its_thirty_one_rules() -> None:
    assert len(list(rubric.rules())) == 31


def test_the_first_manifest_passes_the_rubric(first: tuple[str, SignedAsset], office: Office) -> None:
    (manifest,) = manifests(first[1], office)
    assert broken_rules(manifest) == []


def test_both_manifests_of_a_release_pass_the_rubric(released: SignedAsset, office: Office) -> None:
    active, parent = manifests(released, office)
    assert (broken_rules(active), broken_rules(parent)) == ([], [])


def test_a_reference_is_an_input_of_the_first_manifest_by_a_commitment(office: Office, pixels: Pixels) -> None:
    commitment = "5" * 64
    _, asset = office.seal(pixels, reference_commitment=commitment)
    (manifest,) = manifests(asset, office)
    assert broken_rules(manifest) == []
    inputs = [item for item in rubric.ingredients(manifest) if item["relationship"] == "inputTo"]
    assert [item["instanceID"] for item in inputs][1:] == [f"commitment:{commitment}"]
    assert manifest["assertions"][GOVERNANCE]["referenceCommitment"] == commitment
    ours = credentials.read(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
    theirs = independent(asset.data, asset.media_type, office.trust.roots_pem)
    assert ours is not None
    assert (ours.state, theirs["validation_state"]) == ("Trusted", "Trusted")
    with pytest.raises(ValueError, match="reference_commitment"):
        office.seal(pixels, reference_commitment="5")


def spoil(manifest: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(manifest))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(copy)


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        (["label"], "urn:uuid:1", "rule_01_label"),
        (["claim.v2", "alg"], "md5", "rule_06_hash_algorithm"),
        (["claim.v2", "claim_generator_info", "specVersion"], "1.0", "rule_05_spec_version"),
        (["claim.v2", "created_assertions"], [], "rule_11_actions_created"),
        (["claim.v2", "gathered_assertions"], [], "rule_31_every_assertion_is_claimed"),
        (["assertions", "c2pa.actions.v2", "allActionsIncluded"], False, "rule_16_all_actions_included"),
        (["assertions", "c2pa.actions.v2", "actions", 0, "action"], "c2pa.edited", "rule_13_first_action"),
        (["assertions", "c2pa.actions.v2", "actions", 0, "digitalSourceType"], "made", "rule_18_source_type_known"),
        (["assertions", "c2pa.actions.v2", "actions", 0, "when"], "2026-01-01T00:00:00", "rule_20_when"),
        (["assertions", "c2pa.actions.v2", "actions", 0, "parameters"], {}, "rule_22_ingredient_links"),
        (["assertions", "c2pa.ai-disclosure", "contentProfile"], {}, "rule_28_disclosure"),
        (["assertions", "stds.exif"], {}, "rule_26_no_deprecated_labels"),
        (["assertions", "governance"], {}, "rule_27_own_labels"),
    ],
)
def test_the_rubric_bites(office: Office, pixels: Pixels, path: list[Any], value: Any, rule: str) -> None:
    _, asset = office.seal(pixels)
    (manifest,) = manifests(asset, office)
    assert rule in broken_rules(spoil(manifest, path, value))


def independent(data: bytes, media_type: str, roots_pem: bytes) -> dict[str, Any]:
    """The verdict of another implementation, told to trust these roots alone and to stay off the network."""
    return dict(
        encypher_c2pa.verify(
            data, media_type, trust_pem=roots_pem.decode(), no_default_trust=True, telemetry=False, online=False
        )
    )


def test_two_validators_agree_that_it_is_trusted(
    first: tuple[str, SignedAsset], released: SignedAsset, office: Office
) -> None:
    for asset in (first[1], released):
        ours = credentials.read(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
        theirs = independent(asset.data, asset.media_type, office.trust.roots_pem)
        assert ours is not None
        assert (ours.state, ours.failures) == ("Trusted", ())
        assert (theirs["validation_state"], theirs["validation_results"]["failure"]) == ("Trusted", [])


def test_two_validators_agree_that_it_was_changed(released: SignedAsset, office: Office) -> None:
    changed = flip(released.data)
    ours = credentials.read(changed, released.media_type, roots_pem=office.trust.roots_pem)
    theirs = independent(changed, released.media_type, office.trust.roots_pem)
    assert ours is not None
    assert ours.state == theirs["validation_state"] == "Invalid"
    (code,) = {code for code in ours.failures if code.endswith("Hash.mismatch")}
    assert code in {item["code"] for item in theirs["validation_results"]["failure"]}


def test_two_validators_agree_that_a_stranger_is_not_trusted(released: SignedAsset, stranger: Any) -> None:
    ours = credentials.read(released.data, released.media_type, roots_pem=stranger.anchors.roots_pem)
    theirs = independent(released.data, released.media_type, stranger.anchors.roots_pem)
    assert ours is not None
    assert ours.state == theirs["validation_state"] == "Valid"


def test_governance_is_what_was_claimed(first: tuple[str, SignedAsset], released: SignedAsset, office: Office) -> None:
    record, asset = first
    made = credentials.read(asset.data, asset.media_type, roots_pem=office.trust.roots_pem)
    published = credentials.read(released.data, released.media_type, roots_pem=office.trust.roots_pem)
    assert made is not None
    assert published is not None
    assert made.assertions[GOVERNANCE]["record"] == published.assertions[GOVERNANCE]["record"] == record
    assert made.assertions[GOVERNANCE]["seed"] == str(2**63)
    assert "approverRole" not in made.assertions[GOVERNANCE]
    assert published.assertions[GOVERNANCE]["approverRole"] == "reviewer"
    assert published.assertions[GOVERNANCE]["decisionLeafIndex"] == 1
    assert made.assertions["c2pa.ai-disclosure"]["contentProfile"]["humanOversightLevel"] == "prompt_guided"
    assert published.assertions["c2pa.ai-disclosure"]["contentProfile"]["humanOversightLevel"] == "human_validated"


def test_the_prompt_is_withheld_unless_it_is_published(office: Office, pixels: Pixels, media_type: str) -> None:
    secret = "a mosquito net for the Tumaini clinic"
    _, withheld = office.seal(pixels, media_type=media_type)
    _, published = office.seal(pixels, media_type=media_type, prompt=secret)
    assert secret.encode() not in withheld.data
    assert published.data.count(secret.encode()) == 2, "once in the XMP, once in the manifest"


def test_plain_xmp_says_it_without_c2pa(first: tuple[str, SignedAsset]) -> None:
    data = first[1].data
    for fragment in (
        b"trainedAlgorithmicMedia",
        b"<Iptc4xmpExt:AISystemUsed>Starter<",
        b"AIPromptInformation>The prompt is",
    ):
        assert fragment in data


def test_text_cannot_break_out_of_the_xmp(office: Office, pixels: Pixels) -> None:
    _, asset = office.seal(pixels, prompt='</x:xmpmeta> & "quotes" <b>é')
    assert b"&lt;/x:xmpmeta&gt; &amp; " in asset.data


@pytest.mark.parametrize("uses", [{"cawg.ai_training": "maybe"}, {"cawg.everything": "allowed"}])
def test_unknown_training_permissions_are_refused(office: Office, pixels: Pixels, uses: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="training_mining"):
        office.seal(pixels, training_mining=uses)


def test_a_constrained_permission_carries_its_terms(office: Office, pixels: Pixels) -> None:
    _, asset = office.seal(pixels, training_mining={"ai_training": "constrained: ask the Health Office first"})
    found = credentials.read(asset.data, probe(asset.data), roots_pem=office.trust.roots_pem)
    assert found is not None
    entry = found.assertions["cawg.training-mining"]["entries"]["cawg.ai_training"]
    assert entry == {"use": "constrained", "constraint_info": "ask the Health Office first"}
