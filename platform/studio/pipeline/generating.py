"""Model folders and the model at work: what the generation library knows of them, in plain values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from generation.engine import GeneratedAsset, Reference, Step
from generation.errors import ModelFolderError
from generation.spec import SIDES, GenerationSpec

if TYPE_CHECKING:
    from generation.child import GenerationChild
    from generation.vocabulary import Vocabulary

# By how much of itself a size's ratio may miss the one that was asked for.
FURTHEST_OFF = 0.02


def describe_model(folder: Path, *, slug: str) -> dict[str, Any]:
    """A model folder's catalogue entry in plain values. Raises ModelFolderError."""
    from generation.catalogue import read_model

    entry = read_model(folder, id=slug)
    return {
        "title": entry.title,
        "folder": str(entry.folder),
        "family": entry.family,
        "revision": entry.revision,
        "licence": entry.licence,
        "digest": entry.digest,
        "data_manifest_sha256": entry.data_manifest_sha256 or "",
        "weights": dict(entry.weights),
        "defaults": asdict(entry.defaults),
        "languages": list(entry.languages),
    }


def starter_folder() -> Path:
    """Where the model that ships with the product lies."""
    from generation.catalogue import STARTER

    return STARTER


def starter_slug() -> str:
    """A name for the shipped model that changes with its weights: a registered model never does."""
    from generation.catalogue import STARTER, read_model

    return f"starter-{read_model(STARTER, id='starter').digest[:8]}"


def check_spec(spec: GenerationSpec, *, family: str, folder: Path) -> None:
    """Raise SpecError where the model in `folder` cannot serve a spec, ModelFolderError where it is unreadable."""
    from generation.families import family_named

    family_named(family).check(spec, folder)


def size_near(family: str, folder: Path, *, ratio: float, pixels: int) -> tuple[int, int] | None:
    """Width and height that a model makes, of about so many pixels in all, with width / height about `ratio`.

    None where its ratio cannot be met within a fiftieth, or not within what a request may ask for.
    """
    from generation.families import family_named

    step = math.lcm(family_named(family).size_multiple(folder), SIDES.step)
    long = max(math.sqrt(pixels * ratio), math.sqrt(pixels / ratio))
    longs = (step * count for count in range(round(0.85 * long / step), round(1.15 * long / step) + 1))
    wide = max(ratio, 1 / ratio)
    sizes = [(side, step * round(side / wide / step)) for side in longs]
    sizes = [(side, other) for side, other in sizes if side in SIDES and other in SIDES]
    near = [(side, other) for side, other in sizes if abs(side / other / wide - 1) <= FURTHEST_OFF]
    if not near:
        return None
    long_side, short_side = min(near, key=lambda size: abs(size[0] * size[1] - pixels))
    return (long_side, short_side) if ratio >= 1 else (short_side, long_side)


def starts_from_pictures(family: str) -> bool:
    """Whether the models of a family can start from a picture."""
    from generation.families import FAMILIES

    return any(known.name == family and known.from_picture is not None for known in FAMILIES)


class Press:
    """The model at work: one spawned child that keeps the last used model loaded."""

    def __init__(self) -> None:
        self._child: GenerationChild | None = None
        self._digest = ""

    def generate(
        self, spec: GenerationSpec, *, folder: Path, digest: str, reference: Reference | None = None
    ) -> Iterator[Step | GeneratedAsset]:
        """Steps, then pictures; from `reference`, where the spec names one.

        Raises ModelFolderError when the weights are not the ones that were approved.
        """
        child = self._holding(spec.model, folder=folder, digest=digest)
        yield from child.generate(spec, deadline_s=settings.JOB_DEADLINE_SECONDS, reference=reference)

    def warm(self, model: str, *, folder: Path, digest: str) -> None:
        """Begin to load a model, so that whoever asks for it next need not wait; returns at once.

        Raises ModelFolderError as `generate` does.
        """
        self._holding(model, folder=folder, digest=digest).start()

    def _holding(self, model: str, *, folder: Path, digest: str) -> GenerationChild:
        from generation.catalogue import read_model
        from generation.child import GenerationChild

        if self._child is None or self._digest != digest:
            self.close()
            entry = read_model(folder, id=model)
            if entry.digest != digest:
                raise ModelFolderError(
                    f"The weights in {folder} are not the approved ones (digest {entry.digest}, approved {digest})."
                )
            self._child, self._digest = GenerationChild(entry, threads=settings.GENERATE_THREADS), digest
        return self._child

    def close(self) -> None:
        """End the child, if there is one."""
        if self._child is not None:
            self._child.close()
            self._child = None


@cache
def vocabulary_of(folder: Path) -> Vocabulary | None:
    """The words that a model declares to know; None for open models."""
    from generation.vocabulary import Vocabulary

    return Vocabulary.from_folder(folder) if (folder / "vocabulary.json").exists() else None


def unknown_words(folder: Path, prompt: str) -> tuple[str, ...]:
    """The words of a prompt that a model with a declared vocabulary does not know; empty for open models."""
    vocabulary = vocabulary_of(folder)
    return vocabulary.unknown_words(prompt) if vocabulary else ()


def known_words(folder: Path, language: str) -> dict[str, list[str]]:
    """What a model with a declared vocabulary can draw: one word a concept, by field; empty for open models."""
    vocabulary = vocabulary_of(folder)
    fields: dict[str, list[str]] = {}
    for concept in vocabulary.concepts if vocabulary else ():
        fields.setdefault(concept.field, []).append((concept.words.get(language) or concept.words["en"])[0])
    return {name: sorted(words) for name, words in sorted(fields.items())}
