"""The normaliser: what it undoes, what it leaves, and that it settles."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moderation.normalise import fold, normalise


@pytest.mark.parametrize(
    ("hidden", "plain"),
    [
        ("r3d appl3s 0n a t4bl3", "red apples on a table"),
        ("a b1ue c4r w1th wh33ls", "a blue car with wheels"),
        ("s3cr3t", "secret"),
        ("tr@ctor", "tractor"),
        ("p!llow", "pillow"),
        ("t\u200br\u200be\u200be", "tree"),
        ("tr\u00adee", "tree"),
        ("t.r.e.e and f.l.o.w.e.r", "tree and flower"),
        ("t-r-e-e", "tree"),
        ("t r e e s", "trees"),
        ("trее", "tree"),  # two Cyrillic letters
        ("trее hоusе", "tree house"),
        ("ｔｒｅｅ", "tree"),
        ("𝐭𝐫𝐞𝐞", "tree"),
        ("t̶r̶e̶e̶", "tree"),
        ("houuuuuse", "house"),
        ("tr🔥ee", "tree"),
        ("tr*ee", "tree"),
        ("red_house_by_the_sea", "red house by the sea"),
        ("RedHouseByTheSea", "Red House By The Sea"),
        ("RED HOUSE", "red house"),
    ],
)
def test_hidden_words_come_back(hidden: str, plain: str) -> None:
    found = normalise(hidden)
    assert found.text == plain
    assert found.changed


@pytest.mark.parametrize(
    "text",
    [
        "4k, 8k, 35mm, 1980s, mp3, H2O, B2B, f16, PS5, R2D2",
        "2nd prize, 10th place, 3d render, 50 years",
        "голая земля, зелёный лес",
        "ένα κόκκινο σπίτι",
        "l'été à la plage, tête-à-tête, aujourd'hui",
        "wow! great!!",
        "iPhone and McDonald",
        "女农民和玉米",
        "مزارعة مع الذرة",
        "a well-known R&B singer, don't",
    ],
)
def test_ordinary_writing_stays(text: str) -> None:
    assert normalise(text).text == text
    assert not normalise(text).changed


def test_one_stands_for_i_or_l_as_told() -> None:
    assert normalise("k1ll", one="i").text == "kill"
    assert normalise("he1p", one="l").text == "help"


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once.text).text == once.text


@given(st.text(max_size=40))
@example("𝝖")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding_takes_case_and_accents_but_keeps_letters_apart() -> None:
    assert fold("ÉTÉ, Straße, ÑANDÚ") == "ete, strasse, nandu"
    assert fold("Ёлка и йод") == "елка и йод"
    assert fold("أَطْفَال") == "اطفال"


@pytest.mark.parametrize("text", ["a" * 9_000, "a1" * 4_500, "a." * 4_500, "a " * 4_500, "🔥" * 9_000, "аa" * 4_500])
def test_no_text_makes_the_normaliser_slow(text: str) -> None:
    began = time.perf_counter()
    normalise(text)
    assert time.perf_counter() - began < 1.0
