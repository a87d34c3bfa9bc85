"""The second opinion inside each head: which known texts are nearest."""

import numpy as np
import pytest

from moderation.encoder import WIDTH, Vectors
from moderation.neighbours import HARMLESS, NEAREST, Neighbours


def unit(*angles: float) -> Vectors:
    """Unit vectors in the plane of the first two axes, at these angles in degrees."""
    vectors = np.zeros((len(angles), WIDTH), dtype=np.float32)
    vectors[:, 0], vectors[:, 1] = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    return vectors


def test_a_text_leans_towards_what_it_is_like() -> None:
    known = Neighbours(unit(0, 90, 180), np.array([HARMLESS, 0, 1], dtype=np.int8))
    leanings = known.leanings(unit(0, 90, 180), 2)
    assert leanings == pytest.approx(np.array([[-1, -2], [1, 0], [1, 2]]), abs=1e-6)


def test_only_the_nearest_few_count() -> None:
    far = [180.0] * 50
    known = Neighbours(unit(*[10.0] * NEAREST, *far, 90), np.array([0] * (NEAREST + 50) + [HARMLESS], dtype=np.int8))
    assert known.leanings(unit(0), 1) == pytest.approx(np.cos(np.radians(10.0)), abs=1e-6)


def test_whoever_is_left_out_is_nobodys_neighbour() -> None:
    known = Neighbours(unit(0, 90), np.array([0, HARMLESS], dtype=np.int8))
    assert known.without(np.array([True, False])).kinds.tolist() == [HARMLESS]


def test_no_text_has_no_leaning() -> None:
    known = Neighbours(unit(0, 90), np.array([0, HARMLESS], dtype=np.int8))
    assert known.leanings(np.empty((0, WIDTH), dtype=np.float32), 1).shape == (0, 1)
