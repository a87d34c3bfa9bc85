"""A data set of six concepts whose drawings are made here: no network, no renderer, sharp differences."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generation.training.compose import Composer
from generation.training.concepts import TONES
from generation.training.drawings import SIDE, Drawing
from generation.training.loop import Recipe
from generation.training.network import Shape
from generation.training.tokens import Alphabet
from generation.vocabulary import Vocabulary

THINGS = {"cow": "agriculture", "sun": "weather", "school": "education", "tent": "aid", "pill": "health"}
STARTER = Path(__file__).parents[3] / "generation" / "starter"

Data = tuple[list[Drawing], NDArray[np.uint8]]


def _drawn(seed: int) -> NDArray[np.uint8]:
    """A coloured rectangle whose place, size and colour depend on the seed; outside it is transparent."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((SIDE, SIDE, 4), dtype=np.uint8)
    top, left = rng.integers(0, 20, size=2)
    height, width = rng.integers(15, 34, size=2)
    pixels[top : top + height, left : left + width] = [*rng.integers(0, 255, size=3), 255]
    return pixels


def _line(concept: str, field: str, style: str, gender: str, tone: str, pixels: NDArray[np.uint8]) -> Drawing:
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    origin = (f"{concept}-{gender}-{tone}", "made-here", "1.0.0", "MIT", digest)
    return Drawing(*origin, concept, field, style, gender, tone)


@pytest.fixture(scope="session")
def data() -> Data:
    wanted = [(c, f, s, "", "") for s in ("flat", "noto") for c, f in THINGS.items()]
    for style in ("flat", "noto"):
        for gender in ("person", "man", "woman"):
            wanted += [("farmer", "agriculture", style, gender, tone) for tone in ("", *TONES)]
    pixels = np.stack([_drawn(seed) for seed in range(len(wanted))])
    return [_line(*want, drawing) for want, drawing in zip(wanted, pixels, strict=True)], pixels


@pytest.fixture(scope="session")
def alphabet() -> Alphabet:
    return Alphabet.declared()


@pytest.fixture(scope="session")
def composer(data: Data, alphabet: Alphabet) -> Composer:
    return Composer(*data, alphabet)


@pytest.fixture
def recipe() -> Recipe:
    shape = Shape(width=32, depth=2, heads=2, mlp_ratio=2.0, text_width=32, text_depth=1)
    return Recipe(seed=3, samples=48, batch=4, warm_up=2, shape=shape)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return Vocabulary.from_folder(STARTER)
