"""Generation: a spec goes in, pictures and the recipe that made them come out.

This package makes pictures with diffusion models that lie on disk. It does not judge prompts or pictures, signs
nothing and stores nothing. It knows no web framework, no queue and no other library of this repository.

Invariants:

- `import generation` loads no torch; only `generation.diffusion` and what it imports does.
- Models are safetensors folders, locked by SHA-256, loaded offline and without code of their own.
- A picture is decided by its recipe alone: neither the batch it was asked in nor its place there changes a pixel.
- Pixels cross as RGB8, row by row, `width * height * 3` bytes, media type ``image/x-rgb8``.
"""

from generation.catalogue import STARTER, ModelEntry, read_model, starter, verify_weights
from generation.child import GenerationChild
from generation.engine import Engine, GeneratedAsset, Reference, Step
from generation.errors import (
    ChildDiedError,
    DeadlineError,
    GenerationError,
    ModelFolderError,
    OutputError,
    SpecError,
)
from generation.spec import GenerationSpec

__all__ = [
    "STARTER",
    "ChildDiedError",
    "DeadlineError",
    "Engine",
    "GeneratedAsset",
    "GenerationChild",
    "GenerationError",
    "GenerationSpec",
    "ModelEntry",
    "ModelFolderError",
    "OutputError",
    "Reference",
    "SpecError",
    "Step",
    "read_model",
    "starter",
    "verify_weights",
]
