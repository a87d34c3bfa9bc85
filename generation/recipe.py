"""The recipe of a picture: everything that decided its pixels, as plain JSON.

A recipe is written once, beside the picture it made. It holds the prompt, so it is personal data and is kept where
it can be erased; records that must not be erased hold its digest.

Invariants:

- `spec` alone, given to the model named by `model.digest`, makes the picture again (`generation.reproduction`);
- everything else explains a difference when it does not: weights, versions, processor, flags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from generation.canonical import JSON
from generation.catalogue import ModelEntry
from generation.preview import Look
from generation.spec import GenerationSpec

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What only the engine knows: how the pipeline was set up and where it ran."""

    pipeline: Mapping[str, JSON]
    scheduler: Mapping[str, JSON]
    encoded_prompt: Sequence[JSON]
    generator: Mapping[str, JSON]
    post_steps: Sequence[JSON]
    flags: Mapping[str, JSON]
    environment: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came out: the picture's digests before any label, mark or signature."""

    width: int
    height: int
    pixel_sha256: str
    look: Look


def recipe_of(
    spec: GenerationSpec, entry: ModelEntry, *, picture: int, circumstances: Circumstances, outcome: Outcome
) -> dict[str, JSON]:
    """Return the recipe of picture number `picture` of a spec."""
    alone = replace(spec, seed=spec.picture_seed(picture), count=1)
    return {
        "recipe": VERSION,
        "spec": alone.to_json(),
        "request": {"digest": spec.digest, "seed": str(spec.seed), "picture": picture, "count": spec.count},
        "notices": list(entry.notices(spec)),
        "encoded_prompt": list(circumstances.encoded_prompt),
        "pipeline": dict(circumstances.pipeline),
        "scheduler": dict(circumstances.scheduler),
        "generator": dict(circumstances.generator),
        "model": _model(entry),
        "adapters": [],
        "inputs": _inputs(spec),
        "post_steps": list(circumstances.post_steps),
        "flags": dict(circumstances.flags),
        "environment": dict(circumstances.environment),
        "outcome": {
            "width": outcome.width,
            "height": outcome.height,
            "pixel_sha256": outcome.pixel_sha256,
            "perceptual": asdict(outcome.look),
        },
    }


def _inputs(spec: GenerationSpec) -> list[JSON]:
    if spec.reference_sha256 is None:
        return []
    fitted = "cropped about its middle and resampled by Lanczos to the size of the spec"
    return [{"kind": "reference", "pixel_sha256": spec.reference_sha256, "strength": spec.strength, "fitted": fitted}]


def _model(entry: ModelEntry) -> dict[str, JSON]:
    return {
        "id": entry.id,
        "title": entry.title,
        "family": entry.family,
        "revision": entry.revision,
        "licence": entry.licence,
        "digest": entry.digest,
        "files": dict(entry.files),
        "data_manifest_sha256": entry.data_manifest_sha256,
    }
