"""The judge and the arithmetic of measurements."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from generation.training import measure, nearest, wishes
from generation.training.compose import held_out
from generation.training.concepts import GENDERS, TONES
from generation.training.errors import MeasureError
from generation.training.judge import PEOPLE, Judge, Scenes, train_judge
from generation.training.measure import Share
from generation.training.tokens import COLOURS
from generation.vocabulary import Vocabulary
from tests.generation.training.conftest import Data


@pytest.fixture(scope="module")
def judge(data: Data) -> Judge:
    return train_judge(Scenes(*data), steps=30, seed=1, progress=lambda *_: None)


def test_the_judge_learns_to_tell_drawings_apart(judge: Judge, data: Data) -> None:
    pictures, labels = Scenes(*data).batch(100, seed=99, step=0)
    first = judge.look(pictures).concepts.argmax(dim=1).numpy()
    # Six concepts: chance is one in six.
    assert (first == labels[:, 0]).mean() > 0.5


def test_scenes_hold_people_in_all_genders_of_one_drawing_in_one_manner(data: Data) -> None:
    _, labels = Scenes(*data).batch(1500, seed=4, step=0)
    people = labels[:, 1] >= 0
    assert abs(people.mean() - PEOPLE) < 0.05
    assert (labels[~people, 1:] == -1).all()
    # A group is cut off only by the end of the batch: the three genders come in a row, in one skin tone.
    first = int(np.flatnonzero(people)[0])
    assert labels[first : first + 3, 1].tolist() == [0, 1, 2]
    assert len(set(labels[first : first + 3, 2].tolist())) == 1


def test_a_judge_of_things_alone_can_be_trained(data: Data) -> None:
    things = [i for i, d in enumerate(data[0]) if not d.gender]
    scenes = Scenes([data[0][i] for i in things], data[1][things])
    assert (scenes.batch(20, seed=1, step=1)[1][:, 1] == -1).all()
    judge = train_judge(scenes, steps=2, seed=1, progress=lambda *_: None)
    assert torch.isfinite(judge.look(scenes.batch(4, seed=2, step=0)[0]).genders).all()


def test_the_nearest_drawing_tells_gender_and_tone_of_worn_drawings(data: Data) -> None:
    shares = measure.of_second_opinion(*data, count=40)
    assert shares["nearest drawing: gender of worn drawings"] == Share(40, 40)
    assert shares["nearest drawing: skin tone of worn drawings"] == Share(40, 40)


def test_the_nearest_drawing_is_not_the_one_asked_for_when_another_was_painted(data: Data) -> None:
    asked = wishes.people(data[0], 6, seed=5)
    other = {"person": "man", "man": "woman", "woman": "person"}
    index = {(d.concept, d.style, d.gender, d.tone): i for i, d in enumerate(data[0])}
    wrong = [data[1][index[w.concept, w.style, other[w.gender], w.tone]] for w in asked]
    pictures = np.stack([nearest.standing(p, w.colour) for p, w in zip(wrong, asked, strict=True)]).astype(np.uint8)
    assert [d.gender for d in nearest.seen(pictures, asked, *data)] == [other[w.gender] for w in asked]


def test_genders_that_differ_by_nothing_are_counted(data: Data) -> None:
    drawings, pixels = data
    assert min(nearest.gender_differences(drawings, pixels)) > nearest.ALIKE
    man, woman = (
        next(i for i, d in enumerate(drawings) if (d.style, d.gender, d.tone) == ("flat", gender, "dark"))
        for gender in ("man", "woman")
    )
    twins = pixels.copy()
    twins[woman] = pixels[man]
    twins[woman, 0, 0, 0] ^= 1
    assert sum(a < nearest.ALIKE for a in nearest.gender_differences(drawings, twins)) == 1


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
