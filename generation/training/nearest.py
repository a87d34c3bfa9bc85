"""A second opinion on people, by subtraction: the drawing of the asked concept and style that is nearest to a picture.

Not a judge: nothing is trained and no concept is recognised. It knows where a drawing stands on the canvas and in which
colour, and compares pixel by pixel, so that it is right about every drawing as it stands. Where it and the judge differ
by much, one of them is wrong.

Invariants:
- drawings are uint8 (n, SIDE, SIDE, 4) with premultiplied alpha, pictures uint8 (n, 64, 64, 3);
- distance is the mean of squared differences over all pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from generation.training.compose import CANVAS, EDGE
from generation.training.drawings import Drawing
from generation.training.tokens import COLOURS
from generation.training.wishes import Wish

ALIKE = 0.5
"""Mean difference, of 255, below which two drawings are one to the eye: less than half a grey level."""


def seen(
    pictures: NDArray[np.uint8], asked: list[Wish], drawings: list[Drawing], pixels: NDArray[np.uint8]
) -> list[Drawing]:
    """Return for each picture the nearest drawing, in any gender and tone, of the concept and style asked for."""
    family: dict[tuple[str, str], list[int]] = {}
    for index, drawing in enumerate(drawings):
        family.setdefault((drawing.concept, drawing.style), []).append(index)
    answers = []
    for picture, wish in zip(pictures, asked, strict=True):
        candidates = family[wish.concept, wish.style]
        distances = [np.square(standing(pixels[i], wish.colour) - picture).mean() for i in candidates]
        answers.append(drawings[candidates[int(np.argmin(distances))]])
    return answers


def standing(drawing: NDArray[np.uint8], colour: str) -> NDArray[np.float32]:
    """Put one drawing alone in the middle of a canvas of a declared colour; float32 (64, 64, 3) in [0, 255]."""
    canvas = np.empty((CANVAS, CANVAS, 3), dtype=np.float32)
    canvas[:] = COLOURS[colour]
    part = canvas[EDGE : CANVAS - EDGE, EDGE : CANVAS - EDGE]
    part[:] = part * (1 - drawing[:, :, 3:].astype(np.float32) / 255) + drawing[:, :, :3]
    return canvas


def gender_differences(drawings: list[Drawing], pixels: NDArray[np.uint8]) -> list[float]:
    """Return the mean difference, of 255, of every two genders of one concept, style and tone.

    A pair below ALIKE could be told apart by nobody, and a measurement of gender would have to leave it out.
    """
    return [
        float(np.abs(pixels[a].astype(np.float32) - pixels[b].astype(np.float32)).mean())
        for genders in _genders(drawings)
        for a, b in combinations(genders, 2)
    ]


def _genders(drawings: list[Drawing]) -> Iterator[list[int]]:
    groups: dict[tuple[str, str, str], list[int]] = {}
    for index, drawing in enumerate(drawings):
        if drawing.gender:
            groups.setdefault((drawing.concept, drawing.style, drawing.tone), []).append(index)
    return iter(groups.values())
