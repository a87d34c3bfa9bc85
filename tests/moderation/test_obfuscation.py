"""Hidden words: recall of disguised probes against the same probes written plainly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moderation.actions import Action
from moderation.disguises import DISGUISES, Disguise
from tests.moderation.conftest import Screening, probes


@pytest.fixture(scope="module")
def plain() -> list[dict[str, str]]:
    rows = [row for language in ("en", "fr", "es") for row in probes(language)]
    return [row for row in rows if row["category"] in ("sexual", "violence")]


@pytest.fixture(scope="module")
def shown(screen: Screening, plain: list[dict[str, str]]) -> int:
    """How many are stopped undisguised."""
    return stopped(screen, plain, str)


def stopped(screen: Screening, rows: list[dict[str, str]], hide: Callable[[str], str]) -> int:
    """How many of the probes, each hidden by `hide`, are held or blocked."""
    actions = [screen(hide(row["text"]), language=row["language"]).action for row in rows]
    return sum(action >= Action.REVIEW for action in actions)


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda disguise: disguise.name)
def test_a_disguise_hides_little(
    screen: Screening, plain: list[dict[str, str]], shown: int, disguise: Disguise
) -> None:
    assert stopped(screen, plain, disguise.hide) >= disguise.wanted * shown
