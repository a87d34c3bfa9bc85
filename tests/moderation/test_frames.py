"""Frames that show nothing are named for what they are, and no network is asked what it sees in them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from moderation.actions import Action, Coverage
from moderation.categories import Category
from moderation.frames import Kind, frame_of
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR, PRESETS
from moderation.views import View
from tests.moderation.conftest import AT, ID
from tests.moderation.test_pictures import Says, waves

SIDE = 128
Y, X = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1)


def grey(values: npt.NDArray[np.float64]) -> View:
    return np.repeat((np.clip(values, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)


def tinted(values: npt.NDArray[np.float64], low: tuple[int, ...], high: tuple[int, ...]) -> View:
    start, end = np.array(low), np.array(high)
    return (start + (end - start) * values[..., None]).astype(np.uint8)


def with_square(side: int) -> View:
    picture = np.full((SIDE, SIDE, 3), 200, np.uint8)
    picture[40 : 40 + side, 40 : 40 + side] = (60, 60, 200)
    return picture


CHANCE = np.random.default_rng(3)
EMPTY = {
    "black": (grey(X * 0), Kind.UNIFORM),
    "grain on one colour": (CHANCE.normal(128, 3, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8), Kind.UNIFORM),
    "grey, left to right": (grey(X), Kind.FEATURELESS),
    "grey, top to bottom": (grey(Y), Kind.FEATURELESS),
    "grey, from the middle": (grey(np.hypot(X - 0.5, Y - 0.5) * 1.4), Kind.FEATURELESS),
    "skin tones": (tinted(Y, (224, 172, 105), (255, 219, 172)), Kind.FEATURELESS),
    "sky": (tinted(Y, (120, 180, 250), (240, 240, 255)), Kind.FEATURELESS),
    "noise": (CHANCE.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8), Kind.NOISE),
    "grey noise": (np.repeat(CHANCE.integers(0, 255, (SIDE, SIDE, 1)), 3, axis=2).astype(np.uint8), Kind.NOISE),
}
SHOWS = {
    "waves": np.frombuffer(waves(SIDE), np.uint8).reshape(SIDE, SIDE, 3),
    "a square": with_square(30),
    "a small square": with_square(12),
    "stripes": grey((np.sin(X * 40) + 1) / 2),
}


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_what_shows_nothing_is_named(name: str) -> None:
    view, kind = EMPTY[name]
    assert frame_of(view).kind is kind


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_what_shows_something_is_a_picture(name: str) -> None:
    assert frame_of(SHOWS[name]).is_picture


@pytest.mark.parametrize("name", sorted(EMPTY))
@pytest.mark.parametrize("policy", sorted(PRESETS))
def test_an_empty_frame_is_called_empty_and_never_nudity(name: str, policy: str) -> None:
    view, kind = EMPTY[name]
    screen = PictureScreen(first=Says("a"), second=Says("b"))  # would raise if asked about a view
    decision = screen.screen(view.tobytes(), SIDE, SIDE, policy=PRESETS[policy], decision_id=ID, at=AT)
    assert decision.action is (Action.ANNOTATE if kind is Kind.FEATURELESS else Action.REVIEW)
    assert decision.categories(Action.ANNOTATE) == (Category.DEGENERATE_OUTPUT,)
    assert Category.SEXUAL_EXPLICIT in decision.not_screened()
    assert not any(finding.coverage is Coverage.ERROR for finding in decision.findings)


def test_an_empty_quarter_is_left_out_and_the_rest_is_judged() -> None:
    side = 512
    picture = np.frombuffer(waves(side), np.uint8).reshape(side, side, 3).copy()
    picture[:256, :256] = (224, 172, 105)
    seen: list[int] = []

    class Counts(Says):
        def scores(self, views: object) -> list[float]:
            seen.append(len(views))  # type: ignore[arg-type]
            return [0.0] * len(views)  # type: ignore[arg-type]

    screen = PictureScreen(first=Counts("a"), second=Counts("b"))
    decision = screen.screen(picture.tobytes(), side, side, policy=FLOOR, decision_id=ID, at=AT)
    assert seen == [4, 4]
    assert decision.action is Action.ALLOW
