"""Shared by the tests of the moderation library: one loaded screen of each kind, and a fixed clock."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

import moderation
from moderation.decision import Decision
from moderation.encoder import Encoder
from moderation.heads import CATEGORIES, LANGUAGES
from moderation.language import LanguageReader
from moderation.pictures import PictureScreen
from moderation.policy import Policy
from moderation.presets import PRESETS
from moderation.prompts import PromptScreen
from moderation.rules import RuleBook

AT = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)
ID = "2b1f0a54-6a0f-4f2e-9a51-0d4f3a6b7c8d"
PROBES = Path(moderation.__file__).parent / "probes"

Screening = Callable[..., Decision]


@pytest.fixture(scope="session")
def prompt_screen() -> PromptScreen:
    return PromptScreen.load(threads=1)


@pytest.fixture(scope="session")
def picture_screen() -> PictureScreen:
    return PictureScreen.load(threads=1)


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder.load(threads=1)


@pytest.fixture(scope="session")
def rules() -> RuleBook:
    return RuleBook.load()


@pytest.fixture(scope="session")
def reader() -> LanguageReader:
    return LanguageReader.load()


@pytest.fixture(scope="session")
def screen(prompt_screen: PromptScreen) -> Screening:
    """Screen a prompt under a preset (by name) or a policy, at a fixed time."""

    def run(text: str, policy: str | Policy = "floor", **options: str) -> Decision:
        chosen = PRESETS[policy] if isinstance(policy, str) else policy
        at = options.pop("at", AT)
        return prompt_screen.screen(text, policy=chosen, decision_id=ID, at=at, **options)  # type: ignore[arg-type]

    return run


class StandIn:
    """A text classifier that answers as told, to put faults and exact scores into a screen."""

    id, revision = "stand-in", "0" * 64
    languages, categories = LANGUAGES, frozenset(str(category) for category in CATEGORIES)

    def __init__(self, answer: Callable[[Sequence[str]], Mapping[str, float]]) -> None:
        self._answer = answer

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        return self._answer(texts)


def probes(language: str) -> list[dict[str, str]]:
    """The labelled probes of one language; none of them is among the training texts."""
    lines = (PROBES / f"plain.{language}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
