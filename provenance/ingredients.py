"""What a picture was made from, as C2PA ingredients: weights and adapters by digest, references by commitment, parents
by their file.

Sources: C2PA 2.4, `c2pa.ingredient.v3` and its list of data types.
"""

from typing import Any

from provenance.claims import Claim

MODEL_TYPE = "c2pa.types.model"
PARENT = "parent"
REFERENCE = "reference"
# C2PA's list of types has one word for whatever a generator is asked with.
_INPUT_TYPE = "c2pa.types.generator.prompt"
_WEIGHTS_FORMAT = "application/vnd.safetensors"


def inputs(claim: Claim) -> list[dict[str, Any]]:
    """The model, its adapters and the picture that it started from, where there was one."""
    return [_model(claim), *_adapters(claim), *_reference(claim)]


def parent(title: str) -> dict[str, Any]:
    """The description under which an opened file enters a manifest."""
    return {"title": title, "relationship": "parentOf", "label": PARENT}


def _model(claim: Claim) -> dict[str, Any]:
    model = claim.model
    return {
        "label": "model",
        "title": model.identifier,
        "format": _WEIGHTS_FORMAT,
        "relationship": "inputTo",
        "instance_id": f"sha256:{model.weights_sha256}",
        "data_types": [{"type": MODEL_TYPE}],
        "description": f"Model weights, licence {model.licence}.",
    }


def _adapters(claim: Claim) -> list[dict[str, Any]]:
    return [
        {
            "label": f"adapter-{number}",
            "title": adapter.name,
            "format": _WEIGHTS_FORMAT,
            "relationship": "inputTo",
            "instance_id": f"sha256:{adapter.weights_sha256}",
            "data_types": [{"type": MODEL_TYPE}],
            "description": f"Adapter weights loaded beside the model, licence {adapter.licence}.",
        }
        for number, adapter in enumerate(claim.adapters, start=1)
    ]


def _reference(claim: Claim) -> list[dict[str, Any]]:
    """The picture that the model started from, by a commitment alone: it may be somebody's, or erased."""
    if claim.reference_commitment is None:
        return []
    return [
        {
            "label": REFERENCE,
            "title": "Reference picture",
            "relationship": "inputTo",
            "instance_id": f"commitment:{claim.reference_commitment}",
            "data_types": [{"type": _INPUT_TYPE}],
            "description": "The picture that the model started from, by a salted commitment to its RGB8 pixels.",
        }
    ]
