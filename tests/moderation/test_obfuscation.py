"""Hidden words: recall of obfuscated probes against the same probes written plainly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from moderation.actions import Action
from tests.moderation.conftest import Screening, probes

LEET = str.maketrans("oieast", "013457")
LOOKALIKES = str.maketrans("aeopcx", "аеорсх")  # Latin to Cyrillic

DISGUISES: dict[str, tuple[Callable[[str], str], float]] = {
    "leet": (lambda text: text.translate(LEET), 0.95),
    "zero width": ("\u200b".join, 0.95),
    "look-alikes": (lambda text: text.translate(LOOKALIKES), 0.95),
    "soft hyphens": ("\u00ad".join, 0.95),
    "full width": (lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text), 0.95),
    "capitals": (str.upper, 0.95),
    "dotted": (lambda text: " ".join(".".join(word) for word in text.split()), 0.70),
    "dotted through": (lambda text: ".".join(text.replace(" ", "")), 0.70),
}


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


@pytest.mark.parametrize("disguise", sorted(DISGUISES))
def test_a_disguise_hides_little(screen: Screening, plain: list[dict[str, str]], shown: int, disguise: str) -> None:
    hide, share = DISGUISES[disguise]
    assert stopped(screen, plain, hide) >= share * shown
