"""What a measurement of a promise says, and how a measurement run by itself hands it over."""

import json
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum


class Standing(StrEnum):
    """How a promise stands after it was measured."""

    HELD = "held"
    SHORT = "held so far"
    """What was looked at held, but it was less than the target asks for."""
    BROKEN = "not met"


@dataclass(frozen=True, slots=True)
class Figure:
    """What was seen, in words with numbers."""

    standing: Standing
    words: str

    def cell(self) -> str:
        """As the table shows it."""
        return self.words if self.standing == Standing.HELD else f"**{self.standing}**: {self.words}"


def judged(words: str, *, good: bool, enough: bool = True) -> Figure:
    """A figure of something that held or did not, on as many cases as were promised or on fewer; on one line."""
    standing = Standing.BROKEN if not good else Standing.HELD if enough else Standing.SHORT
    return Figure(standing, " ".join(words.split()))


def together(*figures: Figure) -> Figure:
    """Several figures of one promise: it stands as the worst of them does."""
    order = list(Standing)
    worst = max((one.standing for one in figures), key=order.index)
    return Figure(worst, "; ".join(one.words for one in figures))


def hand_over(*figures: Figure) -> int:
    """Print figures as JSON lines for `python -m tests.promises`; the exit status."""
    for figure in figures:
        sys.stdout.write(json.dumps(asdict(figure)) + "\n")
    return int(any(figure.standing == Standing.BROKEN for figure in figures))


def taken_over(output: str) -> list[Figure]:
    """What `hand_over` printed; other lines are passed over."""
    lines = [line for line in output.splitlines() if line.startswith('{"standing"')]
    return [Figure(Standing(one["standing"]), one["words"]) for one in map(json.loads, lines)]
