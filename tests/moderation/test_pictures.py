"""The picture screen: parity of the converted network, the rule of two opinions, and frames that show nothing.

Only harmless patterns are used; the networks are proved by parity, the rule by stand-in opinions.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.actions import Action, Coverage, Reach, Stage
from moderation.categories import Category
from moderation.errors import InputError, PolicyError
from moderation.nudity import CLASSES, Nsfwjs
from moderation.pictures import PictureScreen, nudity_action
from moderation.policy import Threshold
from moderation.presets import FLOOR
from moderation.views import SIDE, View, as_view, corner_aligned, views
from tests.moderation.conftest import AT, ID

RULE = Threshold(annotate_at=0.2, review_at=0.3, block_at=0.8)
REFERENCE = Path(__file__).parent / "nsfwjs_reference.json"


def reference_inputs() -> npt.NDArray[np.float32]:
    """Four wave patterns, black and white: what TensorFlow.js was asked about, 224 x 224 x 3 in [0, 1]."""
    y, x, c = np.meshgrid(np.arange(SIDE), np.arange(SIDE), np.arange(3), indexing="ij")
    waves = [(np.sin(x * 0.05 * (k + 1) + c) + np.cos(y * 0.03 * (k + 2) - c) + 2) / 4 for k in range(4)]
    return np.stack([*waves, np.zeros(y.shape), np.ones(y.shape)]).astype(np.float32)


def test_the_converted_network_answers_as_the_original() -> None:
    session = Nsfwjs.load(threads=1)._session
    (scores,) = session.run(["scores"], {"pixels": reference_inputs()})
    expected = np.array(json.loads(REFERENCE.read_text())["scores"])
    assert np.abs(scores - expected).max() < 5e-5


def test_corner_aligned_resizing_keeps_corners_and_is_exact_on_ramps() -> None:
    ramp = np.broadcast_to(np.arange(300, dtype=np.float64)[None, :, None] * 0.5, (300, 300, 3)).astype(np.uint8)
    resized = corner_aligned(ramp)
    assert resized.shape == (SIDE, SIDE, 3)
    assert resized[0, 0, 0] == pytest.approx(ramp[0, 0, 0] / 255)
    assert resized[-1, -1, 0] == pytest.approx(ramp[-1, -1, 0] / 255)
    same = np.random.default_rng(2).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    assert np.allclose(corner_aligned(same) * 255, same, atol=1e-3)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_rule_of_two_opinions(one: float, other: float) -> None:
    action = nudity_action(one, other, RULE)
    if one >= 0.8 and other >= 0.8:
        assert action is Action.BLOCK
    elif one >= 0.3 or other >= 0.3 or abs(one - other) > 0.5:
        assert action is Action.REVIEW
    else:
        assert action <= Action.ANNOTATE
    assert action is nudity_action(other, one, RULE)


class Says:
    """An opinion that gives the same score to every view."""

    revision = "0" * 64

    def __init__(self, name: str, *scores: float) -> None:
        self.id, self._scores = name, scores

    def scores(self, views: Sequence[View]) -> list[float]:
        return list(self._scores)


def waves(side: int) -> bytes:
    y, x, c = np.meshgrid(np.arange(side), np.arange(side), np.arange(3), indexing="ij")
    return bytes((((np.sin(x * 0.07 + c) + np.cos(y * 0.05) + 2) / 4) * 255).astype(np.uint8).tobytes())


def test_a_block_needs_both_opinions_on_the_same_view() -> None:
    def decided(one: tuple[float, ...], other: tuple[float, ...]) -> Action:
        screen = PictureScreen(first=Says("a", *one), second=Says("b", *other))
        return screen.screen(waves(512), 512, 512, policy=FLOOR, decision_id=ID, at=AT).action

    assert decided((0.9, 0, 0, 0, 0), (0.9, 0, 0, 0, 0)) is Action.BLOCK
    assert decided((0.9, 0, 0, 0, 0), (0, 0, 0.9, 0, 0)) is Action.REVIEW
    assert decided((0, 0, 0, 0, 0.4), (0.1, 0, 0, 0, 0)) is Action.REVIEW
    assert decided((0.1, 0, 0, 0, 0), (0.1, 0, 0, 0, 0)) is Action.ALLOW


def test_harmless_patterns_pass_and_what_is_unseen_is_said(picture_screen: PictureScreen) -> None:
    decision = picture_screen.screen(waves(256), 256, 256, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.ALLOW
    assert decision.stage is Stage.PICTURE
    assert decision.coverage is Reach.PARTIAL
    unseen = {Category.VIOLENCE_GRAPHIC, Category.HATE_EXTREMISM, Category.IP_STYLE, Category.REAL_PERSON}
    unseen |= {Category.LETTERING}
    assert unseen <= set(decision.not_screened())
    for finding in decision.findings:
        assert (finding.category in unseen) == (finding.coverage is Coverage.NOT_SCREENED)


@pytest.mark.parametrize("value", [0, 127, 255])
def test_a_uniform_frame_is_degenerate_neither_passed_nor_blocked(picture_screen: PictureScreen, value: int) -> None:
    decision = picture_screen.screen(bytes([value]) * (64 * 64 * 3), 64, 64, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    assert decision.categories(Action.REVIEW)[0] == Category.DEGENERATE_OUTPUT


def test_large_pictures_are_looked_at_in_quarters_too() -> None:
    assert len(views(as_view(waves(256), 256, 256))) == 1
    assert len(views(as_view(waves(512), 512, 512))) == 5


@pytest.mark.parametrize(
    ("length", "width", "height"), [(0, 64, 64), (64 * 64 * 4, 64, 64), (48, 4, 4), (12288, -64, -64)]
)
def test_pixels_that_do_not_fit_are_refused(
    picture_screen: PictureScreen, length: int, width: int, height: int
) -> None:
    with pytest.raises(InputError, match=r"pixels|picture"):
        picture_screen.screen(bytes(length), width, height, policy=FLOOR, decision_id=ID, at=AT)


def test_two_opinions_must_differ() -> None:
    with pytest.raises(PolicyError, match="two networks"):
        PictureScreen(first=Says("a", 0.0), second=Says("a", 0.0))


def test_an_added_classifier_fills_its_category() -> None:
    class Violence:
        id, revision, categories = "violence-test", "1" * 64, frozenset({"violence_graphic"})

        def score(self, pixels: bytes, width: int, height: int) -> dict[str, float]:
            assert len(pixels) == width * height * 3
            return {"violence_graphic": 0.7}

    screen = PictureScreen(first=Says("a", 0.0), second=Says("b", 0.0), classifiers=(Violence(),))
    decision = screen.screen(waves(64), 64, 64, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    assert Category.VIOLENCE_GRAPHIC not in decision.not_screened()
    assert len(CLASSES) == 5
