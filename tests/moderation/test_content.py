"""What a prompt shows apart from its style: a further reading, never a replacement."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moderation.actions import Action
from moderation.content import Style, content
from moderation.errors import ClassifierError
from tests.moderation.conftest import Screening


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a bloody corpse, oil painting, 8k, trending on artstation", "a bloody corpse"),
        ("trending on artstation, a farmer, by a famous painter, highly detailed", "a farmer"),
        ("portrait, a queen in a red dress. cinematic lighting", "a queen in a red dress"),
        ("une reine, peinture à l'huile, haute résolution", "une reine"),
        ("eine Königin, digitale Kunst, sehr detailliert", "eine Königin"),
        ("一位女王，布面油画，高质量", "一位女王"),
        ("ملكة، زيت على قماش، تفاصيل دقيقة", "ملكة"),
        ("королева, масло, холст", "королева"),
        ("a farmer and a goat", ""),  # nothing to leave out
        ("8k, highly detailed, octane render", ""),  # nothing but style
        ("", ""),
    ],
)
def test_style_is_left_out(text: str, shown: str) -> None:
    assert content(text) == shown


@given(st.text(max_size=200))
def test_content_is_part_of_the_text_in_its_order(text: str) -> None:
    left = iter(text)
    assert all(character in left for character in content(text) if character not in ", ")


def test_style_does_not_hide_what_is_shown(screen: Screening) -> None:
    style = (
        ", by a great master, intricate, elegant, highly detailed, smooth, sharp focus, illustration, concept art, 8k"
    )
    plain = "a man being torn limb from limb"
    assert screen(plain).action >= Action.REVIEW
    assert screen(plain + style).action >= Action.REVIEW
    assert screen("a farmer carrying maize" + style).action <= Action.ANNOTATE


def test_a_missing_vocabulary_raises(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"style\.toml"):
        Style.load(tmp_path / "style.toml")
