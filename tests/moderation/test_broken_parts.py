"""Every part of the prompt screen beside its classifiers, broken in turn: each ends in a hold with its reason kept."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moderation import language as language_module
from moderation import prompts
from moderation.actions import Action, Coverage, Reach, Stage
from moderation.classifiers import HeadsClassifier
from moderation.custom import ExampleFinder
from moderation.decision import Decision
from moderation.encoder import WIDTH, Encoder
from moderation.errors import ClassifierError, InputError
from moderation.heads import Heads
from moderation.language import LanguageReader
from moderation.lettering import RapidOcr
from moderation.policy import CustomCategory, Limit, Policy, Threshold
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen
from moderation.rules import RuleBook
from tests.moderation.conftest import AT, ID

HARMLESS = "a red tractor in a wide green field"
OWN = dataclasses.replace(
    FLOOR,
    limits=(
        *FLOOR.limits,
        Limit(Stage.PROMPT, "custom:rivals", Threshold(annotate_at=None, review_at=0.6, block_at=None)),
    ),
    custom=(CustomCategory("custom:rivals", "Rivals", examples=("a van with the logo of another charity",)),),
)


class Ranks:
    """Stands for the language model."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def rank(self, text: str) -> Any:
        if isinstance(self._answer, BaseException):
            raise self._answer
        return self._answer


class Words:
    """Stands for the encoder's model: `vector` fills each of its vectors, `pieces` is raised when asked for pieces."""

    def __init__(self, vector: float = 0.1, pieces: Exception | None = None) -> None:
        self._vector, self._pieces, self._tokenizer = vector, pieces, self

    def encode(self, texts: Any, **_: bool) -> Any:
        if isinstance(texts, str):  # the tokenizer
            if self._pieces:
                raise self._pieces
            return texts.split()
        return np.full((len(texts), WIDTH), self._vector)


class BrokenRules(RuleBook):
    """Rules whose lexicon gives out."""

    def hits(self, text: str, *, language: str, negative: str = "") -> Any:
        raise RuntimeError("the lexicon is gone")


def broken(part: str, encoder: Encoder, rules: RuleBook, reader: LanguageReader) -> PromptScreen:
    """The screen with one part broken."""
    given = {field.name: getattr(rules, field.name) for field in dataclasses.fields(rules)}
    answers: dict[str, Any] = {
        "language raises": RuntimeError("gone"),
        "language out of memory": MemoryError(),
        "language times out": TimeoutError("no answer in 2 s"),
        "language is nan": [("en", math.nan)],
        "language is empty": [],
        "language is none": None,
        "language is a word": [("en", "very")],
    }
    model: dict[str, Words] = {
        "encoder counts no pieces": Words(pieces=RuntimeError("no tokenizer")),
        "encoder is nan": Words(vector=math.nan),
    }
    used = Encoder(model[part], revision=encoder.revision) if part in model else encoder
    return PromptScreen(
        rules=BrokenRules(**given) if part == "rules raise" else rules,
        reader=LanguageReader(Ranks(answers[part])) if part in answers else reader,
        classifiers=(HeadsClassifier(used, Heads.load(encoder=encoder.revision)),),
        encoder=used,
    )


PARTS = (
    "language raises",
    "language out of memory",
    "language times out",
    "language is nan",
    "language is empty",
    "language is none",
    "language is a word",
    "encoder counts no pieces",
    "encoder is nan",
    "rules raise",
)


def reasons_of(decision: Decision) -> list[str]:
    """Why what failed did; the prompt is held, and nobody is told more than that a part did not work."""
    assert decision.action is Action.REVIEW
    assert decision.reasons() == ("A part of the check did not work, so a person has to look.",)
    failed = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert failed
    return [finding.detail["fault"] for finding in failed]


def screened(screen: PromptScreen, policy: Policy = FLOOR) -> Decision:
    return screen.screen(HARMLESS, policy=policy, decision_id=ID, at=AT)


@pytest.mark.parametrize("part", PARTS)
def test_a_broken_part_holds_a_harmless_prompt(
    part: str, encoder: Encoder, rules: RuleBook, reader: LanguageReader
) -> None:
    assert all(reasons_of(screened(broken(part, encoder, rules, reader))))


def test_the_same_screen_with_nothing_broken_allows(encoder: Encoder, rules: RuleBook, reader: LanguageReader) -> None:
    assert screened(broken("nothing", encoder, rules, reader)).action is Action.ALLOW
    assert screened(broken("nothing", encoder, rules, reader), OWN).action is Action.ALLOW


@pytest.mark.parametrize("step", ["normalise", "read"])
def test_a_reading_that_breaks_holds(step: str, prompt_screen: PromptScreen, monkeypatch: pytest.MonkeyPatch) -> None:
    def gives_out(*_: object, **__: object) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(prompts, step, gives_out)
    decision = screened(prompt_screen)
    assert set(reasons_of(decision)) == {"RecursionError: too deep"}
    assert decision.coverage is Reach.NONE
    assert not decision.normalised


@pytest.mark.parametrize("fault", [RuntimeError("gone"), MemoryError(), TimeoutError(), ValueError("shapes")])
def test_examples_that_cannot_be_compared_hold(
    fault: Exception, prompt_screen: PromptScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives_out(self: ExampleFinder, texts: tuple[str, ...]) -> None:
        raise fault

    monkeypatch.setattr(ExampleFinder, "_encode", gives_out)
    assert any(type(fault).__name__ in reason for reason in reasons_of(screened(prompt_screen, OWN)))
    assert screened(prompt_screen).action is Action.ALLOW, "without examples nothing is compared"


def test_a_fault_where_the_policy_looks_for_nothing_holds_too(
    encoder: Encoder, rules: RuleBook, reader: LanguageReader
) -> None:
    blind = dataclasses.replace(FLOOR, limits=tuple(one for one in FLOOR.limits if one.stage is Stage.PICTURE))
    assert reasons_of(screened(broken("language raises", encoder, rules, reader), blind)) == ["RuntimeError: gone"]


def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_module, "WEIGHTS_SHA256", "f" * 64)


def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_module, "_weights", lambda: Path("nowhere.npz.xz"))


def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_module, "find_spec", lambda name: None)


@pytest.mark.parametrize(
    ("damage", "named"), [(changed, "SHA-256"), (missing, "py3langid"), (not_installed, "py3langid")]
)
def test_a_language_model_that_is_missing_or_changed_holds(
    damage: Callable[[pytest.MonkeyPatch], None], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(monkeypatch)
    assert all(named in reason for reason in reasons_of(screened(PromptScreen.load(threads=1))))


def test_bad_input_is_refused_and_not_held(prompt_screen: PromptScreen) -> None:
    with pytest.raises(InputError, match="prompt"):
        prompt_screen.screen(" ", policy=FLOOR, decision_id=ID, at=AT)
    with pytest.raises(InputError, match="negative_prompt"):
        prompt_screen.screen(HARMLESS, policy=FLOOR, decision_id=ID, at=AT, negative_prompt="x" * 20_000)


def test_lettering_read_with_no_confidence_at_all_is_a_fault() -> None:
    view = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ClassifierError, match="confidence"):
        RapidOcr(lambda picture: ([(None, "words", math.nan)], 0)).read(view)
