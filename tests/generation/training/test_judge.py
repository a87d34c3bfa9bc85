"""The judge and the arithmetic of measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generation.training import measure, wishes
from generation.training.compose import held_out
from generation.training.concepts import GENDERS, TONES
from generation.training.errors import MeasureError
from generation.training.judge import Judge, Scenes, train_judge
from generation.training.measure import Share
from generation.training.tokens import COLOURS
from generation.vocabulary import Vocabulary
from tests.generation.training.conftest import Data


@pytest.fixture(scope="module")
def judge(data: Data) -> Judge:
    return train_judge(Scenes(*data), steps=40, seed=1, progress=lambda *_: None)


def test_the_judge_learns_to_tell_drawings_apart(judge: Judge, data: Data) -> None:
    pictures, labels = Scenes(*data).batch(200, seed=99, step=0)
    first = judge.look(pictures).concepts.argmax(dim=1).numpy()
    # Six concepts: chance is one in six.
    assert (first == labels[:, 0]).mean() > 0.5


def test_a_saved_judge_judges_alike(judge: Judge, data: Data, tmp_path: Path) -> None:
    judge.save(tmp_path / "judge.safetensors")
    again = Judge.load(tmp_path / "judge.safetensors")
    pictures, _ = Scenes(*data).batch(8, seed=3, step=0)
    assert again.concepts == judge.concepts
    assert torch.equal(again.look(pictures).concepts, judge.look(pictures).concepts)


def test_a_missing_judge_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MeasureError, match="--train-judge"):
        Judge.load(tmp_path / "none.safetensors")


def test_scenes_and_wishes_are_reproducible(data: Data) -> None:
    first, _ = Scenes(*data).batch(4, seed=1, step=2)
    again, _ = Scenes(*data).batch(4, seed=1, step=2)
    assert np.array_equal(first, again)
    assert wishes.draw(data[0], 20, seed=5) == wishes.draw(data[0], 20, seed=5)


def test_wishes_ask_for_trained_pairs_and_unseen_for_the_others(data: Data) -> None:
    kept_out = held_out(data[0])
    assert not {(w.concept, w.style) for w in wishes.draw(data[0], 60, seed=5)} & kept_out
    assert {(w.concept, w.style) for w in wishes.unseen(data[0], seed=5)} == kept_out


def test_wishes_for_people_state_gender_and_tone_evenly(data: Data) -> None:
    asked = wishes.people(data[0], 60, seed=5)
    assert {w.concept for w in asked} == {"farmer"}
    assert {(w.gender, w.style) for w in asked[:6]} == {(g, s) for g in GENDERS for s in ("flat", "noto")}
    assert {w.tone for w in asked} == set(TONES)


@pytest.mark.parametrize("colour", list(COLOURS))
def test_the_background_is_named_from_the_border(colour: str) -> None:
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[:] = COLOURS[colour]
    picture[10:50, 10:50] = 120
    assert measure.background(picture) == colour


def test_a_share_states_its_cases() -> None:
    assert str(Share(61, 200)) == "30.5 % (61 of 200)"
    assert str(Share(0, 0)) == "no cases (0 of 0)"


def test_languages_are_compared_by_meaning(data: Data, vocabulary: Vocabulary) -> None:
    shares = measure.of_languages(vocabulary, data[0], count=12)
    assert shares["read as in English: en"] == Share(12, 12)
    assert len(shares) == len(vocabulary.languages)
