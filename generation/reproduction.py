"""Make a picture again from its recipe and grade how near the second is to the first.

The grade is about pictures, the differences are about what made them: a picture may be bit-exact in a changed
environment, and different in the same one (another processor's arithmetic).

Grades:

- `bit-exact`: the SHA-256 of the pixels is the one in the recipe;
- `visually same`: the looks (`generation.preview.Look`) differ in at most `SAME_SHAPE` bits and by at most
  `SAME_COLOUR` of 255 in any place;
- `different`: neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from generation.canonical import JSON
from generation.engine import GeneratedAsset
from generation.errors import SpecError
from generation.preview import Look, colour_distance, shape_distance
from generation.recipe import VERSION
from generation.spec import GenerationSpec

SAME_SHAPE = 10
SAME_COLOUR = 6
# What came out, and for which request, is what is graded; it explains nothing.
NOT_CAUSES = frozenset({"outcome", "request", "spec"})


class Grade(StrEnum):
    """How near a picture made again is to the first."""

    BIT_EXACT = "bit-exact"
    VISUALLY_SAME = "visually same"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was otherwise when the picture was first made; `place` is its path in the recipe."""

    place: str
    then: JSON
    now: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """The verdict on a picture made again."""

    grade: Grade
    shape_distance: int
    colour_distance: int
    differences: tuple[Difference, ...]


def spec_again(recipe: Mapping[str, JSON], *, model: str) -> GenerationSpec:
    """Return the spec that makes the picture of a recipe again with a model of the given id.

    Raises `SpecError` when this is no recipe, or one of a version that is not known here.
    """
    if recipe.get("recipe") != VERSION:
        raise SpecError("recipe", f"is not of version {VERSION}; give the JSON that was kept beside the picture")
    spec = recipe.get("spec")
    if not isinstance(spec, Mapping) or not isinstance(recipe.get("outcome"), Mapping):
        raise SpecError("recipe", "has no spec or no outcome; give the whole JSON that was kept beside the picture")
    return replace(GenerationSpec.from_json(spec), model=model)


def graded(recipe: Mapping[str, Any], again: GeneratedAsset) -> Reproduction:
    """Compare a recipe with the asset that its spec made this time."""
    now: Mapping[str, Any] = again.recipe
    then_look, now_look = Look(**recipe["outcome"]["perceptual"]), Look(**now["outcome"]["perceptual"])
    shape, colour = shape_distance(then_look, now_look), colour_distance(then_look, now_look)
    return Reproduction(
        grade=_grade(exact=recipe["outcome"]["pixel_sha256"] == again.pixel_sha256, shape=shape, colour=colour),
        shape_distance=shape,
        colour_distance=colour,
        differences=tuple(differences(_causes(recipe), _causes(now))),
    )


def differences(then: JSON, now: JSON, place: str = "") -> Iterator[Difference]:
    """Yield where two JSON values differ, each with the path that leads there."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted(then.keys() | now.keys()):
            yield from differences(then.get(key), now.get(key), f"{place}.{key}" if place else key)
    elif then != now:
        yield Difference(place, then, now)


def _grade(*, exact: bool, shape: int, colour: int) -> Grade:
    if exact:
        return Grade.BIT_EXACT
    return Grade.VISUALLY_SAME if shape <= SAME_SHAPE and colour <= SAME_COLOUR else Grade.DIFFERENT


def _causes(recipe: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in recipe.items() if name not in NOT_CAUSES}
