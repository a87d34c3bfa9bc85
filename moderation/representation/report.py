"""The report itself: every measure over one set, with n, and the list of what was not measured.

Invariants: the same pictures, parts and seed give the same report; no group under 30 pictures is reported on;
there is no single score.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from moderation.errors import InputError
from moderation.evaluation import Rate
from moderation.faces import FaceCounter
from moderation.features import WIDTH, FeatureReader, Vectors
from moderation.representation.checklist import tally
from moderation.representation.measures import FEWEST, closeness, floor, gap, gap_floor, spread
from moderation.representation.sets import Picture, PictureSet
from moderation.views import View

FORMAT = "imprimatur.representation/1"
NOT_MEASURED = (
    "Gender, ethnicity, religion or disability of anyone shown: nothing is inferred from faces or bodies.",
    "Groups with fewer than 30 pictures.",
    "Whether a depiction is respectful: that takes people, and a checklist of two raters is shown where one was given.",
    "Groups that a prompt names in words the lexicon lacks; they count as if nobody were named.",
    "Accuracy: whether the role, the tool or the place is drawn as it is.",
    "Small, turned, covered and drawn faces, which the face counter misses; so a low count is no finding about people.",
    "Anything outside the prompts of this set, other seeds, or another revision of the model.",
    "What pictures of one prompt share with each other: intervals of distances take every picture for one of its own.",
)

Read = Callable[[Picture], View]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read off the pictures: vectors (n, 1280) in their order, and faces of each, or None if not counted."""

    vectors: Vectors
    faces: tuple[int, ...] | None


def look(
    pictures: Sequence[Picture],
    *,
    read: Read,
    reader: FeatureReader,
    faces: FaceCounter | None,
    progress: Callable[[int], None],
) -> Looked:
    """Read features and faces of every picture, one at a time."""
    vectors, counts = [np.empty((0, WIDTH), np.float32)], []
    for number, picture in enumerate(pictures, 1):
        view = read(picture)
        vectors.append(reader.features([view]))
        if faces is not None:
            counts.append(faces.count(view))
        progress(number)
    return Looked(np.concatenate(vectors), tuple(counts) if faces is not None else None)


def report(given: PictureSet, looked: Looked, *, seed: int) -> dict[str, Any]:
    """The whole report as JSON values; raises `InputError` for no pictures at all.

    A set whose groups are all under 30 pictures is counted and not measured: see `is_measurable`.
    """
    if not given.pictures:
        raise InputError("pictures: there are none; make some first")
    roles = sorted({picture.role for picture in given.pictures})
    chance = np.random.default_rng(seed)
    return {
        "format": FORMAT,
        "scope": {**given.scope, "pictures": len(given.pictures), "resampling_seed": seed},
        "prompts": _prompts(given.pictures),
        "shares": _shares(given.pictures),
        "roles": [_role(role, given, looked.vectors, chance) for role in roles],
        "languages": _languages(given.pictures, looked.vectors, chance),
        "faces": _faces(given, looked),
        "checklist": tally(given.ratings),
        "too_few": _too_few(given.pictures),
        "not_measured": list(NOT_MEASURED),
    }


def is_measurable(given: PictureSet) -> bool:
    """Whether some role and marker has pictures enough to be spoken of."""
    return max(Counter((picture.role, picture.marker) for picture in given.pictures).values(), default=0) >= FEWEST


def _prompts(pictures: Iterable[Picture]) -> dict[str, dict[str, int]]:
    """How often the prompts themselves name each role, marker and language."""
    pictures = tuple(pictures)
    names = ("role", "marker", "language")
    return {name: dict(sorted(Counter(getattr(picture, name) for picture in pictures).items())) for name in names}


def _shares(pictures: Sequence[Picture]) -> dict[str, Any]:
    """How many prompts name each marker and role, the most first; pictures of one request are one prompt.

    Where no picture names its request, `of` says that pictures were counted.
    """
    prompts = {picture.request or f"picture {row}": picture for row, picture in enumerate(pictures)}.values()
    counted = {name: Counter(getattr(prompt, name) for prompt in prompts) for name in ("marker", "role")}
    return {"of": "prompts" if any(picture.request for picture in pictures) else "pictures"} | {
        name: [
            {"name": said, **Rate(count, len(prompts)).to_json()}
            for said, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        ]
        for name, counts in counted.items()
    }


def _role(role: str, given: PictureSet, vectors: Vectors, chance: np.random.Generator) -> dict[str, Any]:
    groups = _large({marker: vectors[rows] for marker, rows in _rows(given.pictures, role=role).items()})
    marked = {marker: group for marker, group in groups.items() if marker != given.unmarked}
    unmarked = groups.get(given.unmarked)
    found = closeness(unmarked, marked, chance=chance) if unmarked is not None and marked else ()
    return {
        "role": role,
        "spread": {marker: spread(group, chance=chance).to_json() for marker, group in sorted(groups.items())},
        "floor": round(floor(unmarked, chance=chance), 4) if unmarked is not None else None,
        "unmarked_to": [
            {"marker": each.marker, **each.distance.to_json(), "nearest": round(each.nearest, 3)} for each in found
        ],
    }


def _languages(pictures: Sequence[Picture], vectors: Vectors, chance: np.random.Generator) -> list[dict[str, Any]]:
    """The gap between every two languages, over the roles and markers that both have."""
    rows: dict[str, dict[tuple[str, str], list[int]]] = {}
    for row, picture in enumerate(pictures):
        rows.setdefault(picture.language, {}).setdefault((picture.role, picture.marker), []).append(row)
    found = []
    for one, other in itertools.combinations(sorted(rows), 2):
        cells = sorted(rows[one].keys() & rows[other].keys())
        pairs = [(vectors[rows[one][cell]], vectors[rows[other][cell]]) for cell in cells]
        if min(sum(len(pair[side]) for pair in pairs) for side in (0, 1)) >= FEWEST if pairs else False:
            measured = gap(pairs, chance=chance).to_json()
            beyond = round(gap_floor(pairs, chance=chance), 4)
            found.append({"languages": [one, other], **measured, "cells": len(cells), "floor": beyond})
    return found


def _faces(given: PictureSet, looked: Looked) -> dict[str, Any]:
    """Faces a picture and the share without any, by marker; counts only."""
    if looked.faces is None:
        return {"counted": False}
    by_marker = {}
    for marker, rows in _rows(given.pictures).items():
        counts = [looked.faces[row] for row in rows]
        if len(rows) >= FEWEST:
            without = Rate(counts.count(0), len(counts))
            by_marker[marker] = {"faces_per_picture": round(float(np.mean(counts)), 3), "without": without.to_json()}
    return {"counted": True, "by_marker": by_marker}


def _too_few(pictures: Sequence[Picture]) -> list[dict[str, Any]]:
    counted = Counter((picture.role, picture.marker) for picture in pictures)
    return [{"role": role, "marker": marker, "n": n} for (role, marker), n in sorted(counted.items()) if n < FEWEST]


def _rows(pictures: Sequence[Picture], *, role: str = "") -> dict[str, list[int]]:
    """The pictures of each marker, of one role or of all."""
    rows: dict[str, list[int]] = {}
    for row, picture in enumerate(pictures):
        if not role or picture.role == role:
            rows.setdefault(picture.marker, []).append(row)
    return dict(sorted(rows.items()))


def _large(groups: Mapping[str, Vectors]) -> dict[str, Vectors]:
    return {name: group for name, group in groups.items() if len(group) >= FEWEST}
