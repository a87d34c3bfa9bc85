"""Composes training samples: a picture of 64x64 pixels from rendered drawings, and the tokens that say what is on it.

Not the rendering (drawings.py) and not the words (words.py): captions are rows of canonical tokens.

Invariants:
- a batch depends on the seed and the step number alone, so a run that was stopped continues exactly;
- what a caption leaves out has one meaning: style flat, background white, one subject, in the middle, full size.
  One meaning for silence keeps the target of training sharp;
- pictures are float32 in [-1, 1], shape (batch, 3, 64, 64); tokens are int64, shape (batch, LENGTH), padded with PAD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.training.drawings import SIDE, Drawing
from generation.training.tokens import COLOURS, CONTROL, PAD, START, UNKNOWN, Alphabet, subject_name

CANVAS = 64
SMALL = 30
EDGE = (CANVAS - SIDE) // 2
"""Distance from the border of the canvas of a drawing that stands alone."""
PEOPLE = 3
"""How often a concept of people is asked for as often as a thing: it has eighteen drawings a style, a thing has one."""
LENGTH = 48
"""Tokens of a caption: the start, two subjects of sixteen parts each, and what is said about them."""
HELD_OUT = 16
"""Concept-style pairs kept from training, to measure what the model makes of a pair that it never saw."""

_PLACES = {"left": (17, 2), "right": (17, 32), "top": (2, 17), "bottom": (32, 17)}


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures (batch, 3, 64, 64) float32 in [-1, 1] and captions (batch, LENGTH) int64."""

    pictures: NDArray[np.float32]
    tokens: NDArray[np.int64]


def held_out(drawings: list[Drawing]) -> frozenset[tuple[str, str]]:
    """Return the (concept, style) pairs kept from training: fixed by the list of drawings, in the style noto only."""
    plain = {style: {d.concept for d in drawings if d.style == style and not d.gender} for style in ("flat", "noto")}
    both = sorted(plain["flat"] & plain["noto"])
    chosen = np.random.default_rng(2026).choice(len(both), size=min(HELD_OUT, len(both) // 4), replace=False)
    return frozenset((both[int(index)], "noto") for index in chosen)


class Composer:
    """Draws samples of a data set. Holds the pixels at full and small size in memory (about 30 MB).

    A concept of people is asked for `people` times as often as a thing.
    """

    def __init__(
        self, drawings: list[Drawing], pixels: NDArray[np.uint8], alphabet: Alphabet, *, people: int = PEOPLE
    ) -> None:
        self._full = pixels
        self._small = np.stack([_reduce(picture) for picture in pixels])
        self._tokens = alphabet.tokens
        self._drawings = drawings
        self._index: dict[str, dict[str, dict[str, dict[str, int]]]] = {}
        kept_out = held_out(drawings)
        for index, d in enumerate(drawings):
            if (d.concept, d.style) not in kept_out:
                self._index.setdefault(d.concept, {}).setdefault(d.style, {}).setdefault(d.gender, {})[d.tone] = index
        of_people = {concept for concept, styles in self._index.items() if "woman" in styles.get("flat", {})}
        self._choices = [c for c in self._index for _ in range(people if c in of_people else 1)]

    def batch(self, size: int, *, seed: int, step: int, drop: float) -> Batch:
        """Compose the batch of step `step`; captions are emptied with probability `drop` (for guidance)."""
        rng = np.random.default_rng([seed, step])
        pictures = np.empty((size, CANVAS, CANVAS, 3), dtype=np.float32)
        tokens = np.full((size, LENGTH), PAD, dtype=np.int64)
        for row in range(size):
            pictures[row], caption = self._sample(rng)
            caption = [] if rng.random() < drop else caption
            tokens[row, : len(caption) + 1] = [START, *caption]
        return Batch(pictures.transpose(0, 3, 1, 2) / np.float32(127.5) - 1, tokens)

    def _sample(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], list[int]]:
        style = "flat" if rng.random() < 0.5 else "noto"
        colour = list(COLOURS)[int(rng.integers(len(COLOURS)))] if rng.random() < 0.6 else "white"
        canvas = np.empty((CANVAS, CANVAS, 3), dtype=np.float32)
        canvas[:] = COLOURS[colour]
        groups = self._subjects(rng, style, canvas)
        if style != "flat" or rng.random() < 0.5:
            groups.append([f"style:{style}"])
        if colour != "white" or rng.random() < 0.3:
            groups.append([f"colour:{colour}"])
        return canvas, self._arrange(rng, groups)

    def _subjects(self, rng: np.random.Generator, style: str, canvas: NDArray[np.float32]) -> list[list[str]]:
        kind = rng.random()
        drawing, words = self._pick(rng, style)
        if kind < 0.82:
            _paste(canvas, self._full[drawing], EDGE, EDGE)
            return [words]
        if kind < 0.87:
            _paste(canvas, self._small[drawing], 17, 17)
            return [words, ["small"]]
        if kind < 0.92:
            place = list(_PLACES)[int(rng.integers(len(_PLACES)))]
            _paste(canvas, self._small[drawing], *_PLACES[place])
            return [words, [place]]
        other, more = (drawing, []) if kind < 0.95 else self._pick(rng, style)
        _paste(canvas, self._small[drawing], 17, 1)
        _paste(canvas, self._small[other], 17, 33)
        return [["two", *words]] if kind < 0.95 else [[*words, "and", *more]]

    def _pick(self, rng: np.random.Generator, style: str) -> tuple[int, list[str]]:
        while True:
            concept = self._choices[int(rng.integers(len(self._choices)))]
            if style in self._index[concept]:
                break
        genders = self._index[concept][style]
        gender = list(genders)[int(rng.integers(len(genders)))]
        tones = genders[gender]
        tone = "" if len(tones) == 1 or rng.random() < 0.3 else list(tones)[int(rng.integers(1, len(tones)))]
        words = [subject_name(concept, gender)]
        if tone:
            words.insert(int(rng.integers(2)), f"tone:{tone}")
        return tones[tone], words

    def _arrange(self, rng: np.random.Generator, groups: list[list[str]]) -> list[int]:
        """Put the parts of a caption in some order, with unknown filler words between them now and then."""
        if rng.random() < 0.5:
            rng.shuffle(groups)
        names = [name for group in groups for name in group]
        if rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 4))):
                names.insert(int(rng.integers(len(names) + 1)), CONTROL[UNKNOWN])
        return [token for name in names for token in self._tokens[name]][: LENGTH - 1]


def _paste(canvas: NDArray[np.float32], drawing: NDArray[np.uint8], top: int, left: int) -> None:
    side = drawing.shape[0]
    part = canvas[top : top + side, left : left + side]
    alpha = drawing[:, :, 3:].astype(np.float32) / 255
    part[:] = part * (1 - alpha) + drawing[:, :, :3]


def _reduce(drawing: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(drawing, "RGBa").resize((SMALL, SMALL), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.uint8)
