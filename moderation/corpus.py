"""The texts the heads are trained from: read, slots filled, styles added; always in the same order.

Not a data set of anyone else's: see `moderation/texts/README.md`. There is never a file of examples
for `sexual_minors`; finding one raises.

Invariant: the same files and seed give the same texts, so training can be repeated bit for bit.
"""

from __future__ import annotations

import itertools
import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moderation.categories import IMMUTABLE
from moderation.errors import TrainingError
from moderation.heads import CATEGORIES

TEXTS = Path(__file__).parent / "texts"
HARMLESS = ("everyday", "work", "twins")
_SLOT = re.compile(r"\[([a-z]+)\]")


@dataclass(frozen=True, slots=True)
class Example:
    """One training text. `kind` is a category or a harmless pool; `line` names the line it was made from."""

    text: str
    kind: str
    language: str
    line: str

    @property
    def is_harmless(self) -> bool:
        """Whether the text is a counter-example for every head."""
        return self.kind in HARMLESS


def examples(
    *, per_line: int, per_harmless_line: int, styled: float, seed: int, folder: Path = TEXTS
) -> tuple[Example, ...]:
    """All training texts: lines with slots filled so many times, a share `styled` given style words.

    Harmless lines are filled more often, since what people ask for is wider than what may harm.
    """
    chance = random.Random(seed)  # noqa: S311 - repeatable choice of training texts, nothing secret
    styles = _lines(folder / "style.txt")
    made = []
    for path in sorted(folder.glob("*.*.txt")):
        kind, language, _ = path.name.split(".")
        _check_kind(kind, path)
        slots = _slots(folder, language)
        for number, line in enumerate(_lines(path)):
            for text in _filled(line, slots, per_harmless_line if kind in HARMLESS else per_line, chance):
                made.append(Example(text, kind, language, f"{path.name}:{number}"))
                if chance.random() < styled:
                    made.append(Example(f"{text}, {chance.choice(styles)}", kind, language, f"{path.name}:{number}"))
    if not any(example.is_harmless for example in made) or not any(not e.is_harmless for e in made):
        raise TrainingError(f"texts: {folder.name} needs harmful and harmless texts")
    return tuple(made)


def _check_kind(kind: str, path: Path) -> None:
    if kind in IMMUTABLE:
        raise TrainingError(f"texts: {path.name} must not exist; no example is ever written for {kind}")
    if kind not in CATEGORIES and kind not in HARMLESS:
        raise TrainingError(f"texts: {path.name} is neither a category with a head nor a harmless pool")


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as missing:
        raise TrainingError(f"texts: cannot read {path.name}") from missing
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _slots(folder: Path, language: str) -> Mapping[str, list[str]]:
    path = folder / f"slots.{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _filled(line: str, slots: Mapping[str, list[str]], limit: int, chance: random.Random) -> Iterator[str]:
    names = _SLOT.findall(line)
    if missing := [name for name in names if name not in slots]:
        raise TrainingError(f"texts: the line {line!r} uses the slot [{missing[0]}], which its language has not")
    choices = [slots[name] for name in names]
    if sum(1 for _ in itertools.islice(itertools.product(*choices), limit + 1)) <= limit:
        fillings = list(itertools.product(*choices))
    else:
        fillings = [tuple(chance.choice(choice) for choice in choices) for _ in range(limit)]
    for filling in fillings:
        text = line
        for word in filling:
            text = _SLOT.sub(word, text, count=1)
        yield text
