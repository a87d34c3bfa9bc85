"""Training texts and heads: repeatable, honest about what is written, and what the weights were made from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.corpus import HARMLESS, TEXTS, Example, examples
from moderation.encoder import Encoder
from moderation.errors import TrainingError
from moderation.evaluation import Rate, auc
from moderation.heads import CATEGORIES, LANGUAGES, Heads
from moderation.train import RECIPE, Recipe, fit, train
from tests.moderation.conftest import probes


def texts(folder: Path = TEXTS) -> tuple[Example, ...]:
    return examples(per_line=2, per_harmless_line=2, styled=0.2, seed=1, folder=folder)


def test_the_same_seed_gives_the_same_texts_and_another_does_not() -> None:
    assert texts() == texts()
    assert texts() != examples(per_line=2, per_harmless_line=2, styled=0.2, seed=2)


def test_no_text_is_written_for_sexual_minors(tmp_path: Path) -> None:
    assert not list(TEXTS.glob("sexual_minors*"))
    (tmp_path / "style.txt").write_text("flat\n")
    (tmp_path / "sexual_minors.en.txt").write_text("x\n")
    with pytest.raises(TrainingError, match="must not exist"):
        texts(tmp_path)


def test_no_probe_is_a_training_text() -> None:
    trained = {example.text.casefold() for example in texts()}
    for language in sorted(LANGUAGES):
        assert not [row["text"] for row in probes(language) if row["text"].casefold() in trained]


def test_every_head_has_texts_in_every_language_and_harmless_ones_are_the_larger_part() -> None:
    made = examples(per_line=RECIPE.per_line, per_harmless_line=RECIPE.per_harmless_line, styled=0.0, seed=1)
    for language in LANGUAGES:
        assert {example.kind for example in made if example.language == language} >= CATEGORIES | set(HARMLESS)
    assert sum(example.is_harmless for example in made) > len(made) / 2


def test_a_file_of_unknown_kind_or_an_unknown_slot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "style.txt").write_text("flat\n")
    (tmp_path / "weather.en.txt").write_text("rain\n")
    with pytest.raises(TrainingError, match=r"weather\.en\.txt"):
        texts(tmp_path)
    (tmp_path / "weather.en.txt").rename(tmp_path / "everyday.en.txt")
    (tmp_path / "everyday.en.txt").write_text("a [colour] hat\n")
    with pytest.raises(TrainingError, match="colour"):
        texts(tmp_path)


def test_fit_finds_the_separating_direction() -> None:
    chance = np.random.default_rng(3)
    vectors = chance.normal(size=(400, 6)).astype(np.float32)
    labels = (vectors @ np.array([2.0, -1.0, 0, 0, 0, 0]) > 0).astype(np.float64)
    weights, bias = fit(vectors, labels, np.ones(400), 0.01)
    assert ((vectors @ weights + bias > 0) == labels.astype(bool)).mean() > 0.97
    assert abs(weights[0]) > abs(weights[1]) > np.abs(weights[2:]).max()


def test_training_makes_usable_heads(encoder: Encoder, tmp_path: Path) -> None:
    few = tuple(e for e in texts() if e.language in ("en", "fr") or not e.is_harmless)
    heads, reports = train(few, encoder=encoder, recipe=Recipe(folds=2), say=lambda line: None)
    assert {report.category for report in reports} == CATEGORIES
    heads.save(tmp_path / "heads.npz")
    again = Heads.load(encoder=encoder.revision, path=tmp_path / "heads.npz")
    scores = again.scores(encoder.encode(["a naked man", "a green field"]))
    assert scores["sexual_explicit"] > 0.5
    assert again.scores(encoder.encode(["a green field"]))["sexual_explicit"] < 0.5


@given(st.integers(0, 50), st.integers(1, 50))
def test_the_wilson_interval_holds_the_share(count: int, more: int) -> None:
    rate = Rate(count, count + more)
    low, high = rate.interval
    assert 0.0 <= low <= rate.share <= high <= 1.0


def test_wilson_matches_a_published_value() -> None:
    low, high = Rate(81, 263).interval  # Newcombe, Statistics in Medicine 17 (1998), table I
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_auc_counts_wins_and_halves_ties() -> None:
    assert auc([3, 4], [1, 2]) == 1.0
    assert auc([1, 2], [1, 2]) == 0.5
    assert auc([], [1]) is None
