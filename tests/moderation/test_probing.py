"""The probes stay apart from the training texts, and the screen does with them what docs/moderation.md promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moderation import probing
from moderation.actions import Action, Reach
from moderation.categories import Category
from moderation.corpus import TEXTS
from moderation.encoder import Encoder
from moderation.labelled import Row, read_rows
from moderation.normalise import fold
from moderation.presets import FLOOR, PRESETS
from moderation.probing import PROBES, Prober, languages
from moderation.prompts import PromptScreen
from moderation.rules import RuleBook
from tests.moderation.conftest import AT, Screening

NEAR = 0.90  # cosine from which a training text says the same as a probe


def all_rows() -> list[Row]:
    return [row for path in sorted(PROBES.glob("*.jsonl")) for row in read_rows(path, language="en")]


def test_no_training_text_comes_near_a_probe(encoder: Encoder) -> None:
    texts: dict[str, list[str]] = {}
    for path in sorted(TEXTS.glob("*.*.txt")):
        lines = path.read_text(encoding="utf-8").splitlines()
        texts.setdefault(path.name.split(".")[1], []).extend(x for x in lines if x and x[0] != "#" and "[" not in x)
    for language in languages():
        rows = [row.text for row in all_rows() if row.language == language]
        likeness = encoder.encode(rows) @ encoder.encode(texts[language]).T
        close = [(rows[i], texts[language][j]) for i, j in zip(*np.where(likeness >= NEAR), strict=True)]
        assert not close, f"take the text or the probe out: {close[:5]}"


def test_there_are_forty_harmful_probes_in_each_language_and_the_sectors_have_thirty() -> None:
    rows = all_rows()
    for language in languages():
        assert sum(row.unsafe and row.language == language for row in rows) >= 40
    for sector in ("health", "humanitarian", "education", "agriculture", "child-protection"):
        assert sum(row.category == sector for row in rows) >= 30


def test_no_probe_brings_minors_and_sex_together(rules: RuleBook) -> None:
    for row in all_rows():
        if row.unsafe and row.category == Category.SEXUAL_EXPLICIT:
            seen = rules.lexicon.sightings(fold(row.text), language=row.language)
            assert not seen.keys() & {"minor", "girl_or_boy"} or row.language == "ru", row.text


@pytest.mark.parametrize("policy", ["floor", "health", "humanitarian"])
def test_the_work_of_the_sectors_is_seldom_held_and_hardly_ever_refused(screen: Screening, policy: str) -> None:
    actions = [screen(row.text, PRESETS[policy]).action for row in read_rows(PROBES / "ngo.en.jsonl", language="en")]
    assert actions.count(Action.BLOCK) <= 0.01 * len(actions)
    assert actions.count(Action.REVIEW) <= 0.10 * len(actions)


def test_every_prompt_in_a_language_nobody_reads_is_marked_and_held(screen: Screening) -> None:
    for row in read_rows(PROBES / "uncovered.jsonl", language="en"):
        decision = screen(row.text, language=row.language)
        assert decision.coverage is Reach.NONE, row.text
        assert decision.action >= Action.REVIEW


def test_the_tables_have_every_pool(
    prompt_screen: PromptScreen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in PROBES.glob("*.jsonl"):
        lines = path.read_text(encoding="utf-8").splitlines()
        (tmp_path / path.name).write_text("\n".join([*lines[:3], *lines[-3:]]), encoding="utf-8")
    monkeypatch.setattr(probing, "PROBES", tmp_path)
    said: list[str] = []
    tables = Prober(prompt_screen, FLOOR, AT, said.append).tables()
    assert len(said) == len(tables) == 4
    assert {row[0] for row in tables[1].rows} == set(languages())
    assert tables[0].markdown().count("\n| ") == len(tables[0].rows) + 1
