"""An executable rubric for a C2PA 2.4 manifest of a generated picture, read from the crJSON of the signed file.

Each rule is one function on one manifest; its docstring says what must hold. It was written from the specification,
independently of the code that makes the manifests, so that both can be wrong only separately.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

Manifest = dict[str, Any]
Rule = Callable[[Manifest], bool]

IPTC_SOURCES = {
    f"http://cv.iptc.org/newscodes/digitalsourcetype/{name}"
    for name in (
        "algorithmicMedia", "algorithmicallyEnhanced", "compositeCapture", "compositeSynthetic",
        "compositeWithTrainedAlgorithmicMedia", "dataDrivenMedia", "digitalArt", "digitalCapture", "digitalCreation",
        "humanEdits", "minorHumanEdits", "negativeFilm", "positiveFilm", "print", "screenCapture",
        "trainedAlgorithmicMedia", "virtualRecording", "composite", "computationalCapture",
        "multiFrameComputationalCapture",
    )
}  # fmt: skip
ACTIONS = {
    f"c2pa.{name}"
    for name in (
        "created", "opened", "placed", "removed", "edited", "converted", "transcoded", "cropped", "resized", "filtered",
        "color_adjustments", "orientation", "drawing", "translated", "trimmed", "published", "repackaged", "redacted",
        "watermarked.bound", "watermarked.unbound", "edited.metadata", "enhanced", "unknown",
    )
}  # fmt: skip
PERCEPTIBLE = {"c2pa.created", "c2pa.edited", "c2pa.filtered", "c2pa.drawing", "c2pa.cropped", "c2pa.resized"}
DEPRECATED = {"c2pa.actions", "c2pa.ingredient", "c2pa.ingredient.v2", "c2pa.watermarked", "c2pa.thumbnail.claim.jpeg"}
OVERSIGHT = {"fully_autonomous", "prompt_guided", "human_validated"}
USES = {"cawg.ai_inference", "cawg.ai_generative_training", "cawg.ai_training", "cawg.data_mining"}
AI_FIELDS = {"DigitalSourceType", "AISystemUsed", "AISystemVersionUsed", "AIPromptInformation", "AIPromptWriterName"}
STANDARD = re.compile(r"c2pa\.|cawg\.")
REVERSE_DNS = re.compile(r"[a-z][a-z0-9-]*(\.[A-Za-z0-9_-]+){2,}")


def claim(manifest: Manifest) -> dict[str, Any]:
    return dict(manifest["claim.v2"])


def labels(manifest: Manifest, listed: str) -> list[str]:
    return [item["url"].rpartition("/")[2] for item in claim(manifest)[listed]]


def actions(manifest: Manifest) -> list[dict[str, Any]]:
    return list(manifest["assertions"]["c2pa.actions.v2"]["actions"])


def ingredients(manifest: Manifest) -> list[dict[str, Any]]:
    return [data for label, data in manifest["assertions"].items() if label.startswith("c2pa.ingredient.v3")]


def is_update(manifest: Manifest) -> bool:
    """Whether it only adds to what is said about a file: redactions, and no binding of its own."""
    return any(action["action"] == "c2pa.redacted" for action in actions(manifest))


def rule_01_label(m: Manifest) -> bool:
    """The manifest's label is urn:c2pa and a UUID."""
    return bool(re.fullmatch(r"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", m["label"]))


def rule_02_claim_version(m: Manifest) -> bool:
    """The claim is version 2, and there is no claim of version 1 beside it."""
    return "claim.v2" in m and "claim" not in m


def rule_03_instance_id(m: Manifest) -> bool:
    """The claim names an instance."""
    return bool(claim(m)["instanceID"])


def rule_04_generator(m: Manifest) -> bool:
    """The claim generator has a name and a version."""
    info = claim(m)["claim_generator_info"]
    return bool(info["name"]) and bool(info["version"])


def rule_05_spec_version(m: Manifest) -> bool:
    """The version of the specification is with the generator, and not in the claim."""
    return bool(claim(m)["claim_generator_info"]["specVersion"] == "2.4.0") and "specVersion" not in claim(m)


def rule_06_hash_algorithm(m: Manifest) -> bool:
    """The hash algorithm is on the allowed list."""
    return claim(m)["alg"] in {"sha256", "sha384", "sha512"}


def rule_07_signature_algorithm(m: Manifest) -> bool:
    """The signature algorithm is on the allowed list."""
    return m["signature"]["algorithm"] in {"es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"}


def rule_08_signature_reference(m: Manifest) -> bool:
    """The claim points to its own signature box."""
    return str(claim(m)["signature"]) == f"self#jumbf=/c2pa/{m['label']}/c2pa.signature"


def rule_09_hard_binding(m: Manifest) -> bool:
    """Exactly one hard binding, and the signer made it; an update manifest has none."""
    found = [label for label in labels(m, "created_assertions") if label.startswith("c2pa.hash.")]
    return found == [] if is_update(m) else found in (["c2pa.hash.data"], ["c2pa.hash.bmff.v3"])


def rule_10_binding_covers_the_file(m: Manifest) -> bool:
    """The binding leaves out the manifest itself and, of a BMFF file, the boxes that the specification names."""
    if is_update(m):
        return True
    if bmff := m["assertions"].get("c2pa.hash.bmff.v3"):
        return {item["xpath"] for item in bmff["exclusions"]} <= {"/uuid", "/ftyp", "/mfra", "/free", "/skip"}
    return len(m["assertions"]["c2pa.hash.data"]["exclusions"]) == 1


def rule_11_actions_created(m: Manifest) -> bool:
    """The actions are the signer's own statement."""
    return "c2pa.actions.v2" in labels(m, "created_assertions")


def rule_12_one_actions_assertion(m: Manifest) -> bool:
    """There is one actions assertion."""
    return len([label for label in m["assertions"] if label.startswith("c2pa.actions")]) == 1


def rule_13_first_action(m: Manifest) -> bool:
    """The first action is created or opened."""
    return actions(m)[0]["action"] in {"c2pa.created", "c2pa.opened"}


def rule_14_only_one_beginning(m: Manifest) -> bool:
    """No other action is."""
    return sum(action["action"] in {"c2pa.created", "c2pa.opened"} for action in actions(m)) == 1


def rule_15_known_actions(m: Manifest) -> bool:
    """Every action of C2PA's is on its list."""
    return all(action["action"] in ACTIONS for action in actions(m) if action["action"].startswith("c2pa."))


def rule_16_all_actions_included(m: Manifest) -> bool:
    """The list of actions says that it is complete."""
    return bool(m["assertions"]["c2pa.actions.v2"]["allActionsIncluded"] is True)


def rule_17_source_type_present(m: Manifest) -> bool:
    """Every perceptible action has a digital source type."""
    return all("digitalSourceType" in action for action in actions(m) if action["action"] in PERCEPTIBLE)


def rule_18_source_type_known(m: Manifest) -> bool:
    """Every digital source type is on IPTC's list."""
    return all(action["digitalSourceType"] in IPTC_SOURCES for action in actions(m) if "digitalSourceType" in action)


def rule_19_opened_has_no_source_type(m: Manifest) -> bool:
    """An opened file keeps the source type it has."""
    return all("digitalSourceType" not in action for action in actions(m) if action["action"] == "c2pa.opened")


def rule_20_when(m: Manifest) -> bool:
    """Every action says when, with a time zone."""
    return all(datetime.fromisoformat(action["when"]).tzinfo is not None for action in actions(m))


def rule_21_software_agent(m: Manifest) -> bool:
    """Whatever the software did names it with its version."""
    did = [action for action in actions(m) if action["action"] != "c2pa.opened"]
    return all(action["softwareAgent"]["name"] and action["softwareAgent"]["version"] for action in did)


def rule_22_ingredient_links(m: Manifest) -> bool:
    """Every ingredient is linked from an action, by an address that exists."""
    linked = [
        link["url"].rpartition("/")[2] for a in actions(m) for link in a.get("parameters", {}).get("ingredients", ())
    ]
    return sorted(linked) == sorted(label for label in m["assertions"] if label.startswith("c2pa.ingredient"))


def rule_23_opened_means_parent(m: Manifest) -> bool:
    """An opened file is the one parent; a created one has none."""
    parents = [item for item in ingredients(m) if item["relationship"] == "parentOf"]
    return len(parents) == (1 if actions(m)[0]["action"] == "c2pa.opened" else 0)


def rule_24_parent_was_valid(m: Manifest) -> bool:
    """A parent's own manifest is kept, with the result of validating it, which shows no failure but a signer whom
    nobody here knows; a parent that had no manifest says so by having none."""
    parents = [item for item in ingredients(m) if item["relationship"] == "parentOf"]
    return all(
        item["activeManifest"]["url"]
        and {found["code"] for found in item["validationResults"]["activeManifest"]["failure"]}
        <= {"signingCredential.untrusted"}
        for item in parents
        if "activeManifest" in item
    )


def rule_25_inputs_are_typed(m: Manifest) -> bool:
    """An input says what it is, and is identified by a digest, a commitment, or a manifest of its own."""
    inputs = [item for item in ingredients(m) if item["relationship"] == "inputTo"]
    return all(
        item["dataTypes"][0]["type"].startswith("c2pa.types.")
        and (re.fullmatch(r"(sha256|commitment):[0-9a-f]{64}", item["instanceID"]) or "activeManifest" in item)
        for item in inputs
    )


def rule_26_no_deprecated_labels(m: Manifest) -> bool:
    """No deprecated assertion and no `stds.` one."""
    return not any(label in DEPRECATED or label.startswith("stds.") for label in m["assertions"])


def rule_27_own_labels(m: Manifest) -> bool:
    """Labels of our own are in reverse domain notation."""
    return all(STANDARD.match(label) or REVERSE_DNS.fullmatch(label) for label in m["assertions"])


def rule_28_disclosure(m: Manifest) -> bool:
    """The disclosure has a model type and a known level of oversight."""
    if is_update(m):
        return True
    disclosure = m["assertions"]["c2pa.ai-disclosure"]
    level = disclosure["contentProfile"]["humanOversightLevel"]
    return disclosure["modelType"].startswith("c2pa.types.model") and level in OVERSIGHT


def rule_29_mining(m: Manifest) -> bool:
    """Training and mining entries are CAWG's, each with a permission; the assertion is a gathered one."""
    if is_update(m):
        return True
    entries = m["assertions"]["cawg.training-mining"]["entries"]
    known = all(entry["use"] in {"allowed", "notAllowed", "constrained"} for entry in entries.values())
    return known and set(entries) <= USES and "cawg.training-mining" in labels(m, "gathered_assertions")


def rule_30_metadata(m: Manifest) -> bool:
    """IPTC's fields for generated pictures are all there, under a declared prefix."""
    if is_update(m):
        return True
    metadata = m["assertions"]["cawg.metadata"]
    names = {f"Iptc4xmpExt:{name}" for name in AI_FIELDS}
    return "Iptc4xmpExt" in metadata["@context"] and set(metadata) - {"@context"} == names


def rule_31_every_assertion_is_claimed(m: Manifest) -> bool:
    """Every assertion is listed once, as created or as gathered, and every listed one exists; what is redacted is of an
    earlier manifest, and an action says it with its reason."""
    listed = [*labels(m, "created_assertions"), *labels(m, "gathered_assertions")]
    redacted = [action for action in actions(m) if action["action"] == "c2pa.redacted"]
    named = [action["parameters"]["redacted"] for action in redacted if action["reason"].startswith("c2pa.")]
    own = f"/c2pa/{m['label']}/"
    return (
        sorted(listed) == sorted(m["assertions"])
        and sorted(named) == sorted(claim(m).get("redacted_assertions") or [])
        and not any(own in address for address in named)
    )


def rules() -> Iterator[tuple[str, Rule]]:
    """All rules by name, in order."""
    for name, value in sorted(globals().items()):
        if name.startswith("rule_"):
            yield name, value
