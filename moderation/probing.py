"""What the prompt screen does with the probes of this repository, as the tables that docs/moderation.md carries.

Not an independent measurement (see `moderation/probes/README.md`): other people's sets are evaluated with
`moderation.evaluation` and stand beside these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from moderation.actions import Action, Reach
from moderation.categories import Category
from moderation.decision import Decision
from moderation.disguises import DISGUISES
from moderation.evaluation import Rate
from moderation.labelled import Row, read_rows
from moderation.policy import Policy
from moderation.prompts import PromptScreen

PROBES = Path(__file__).parent / "probes"
_DISGUISED_IN = ("en", "fr", "es")  # the disguises are tricks with Latin letters
_ID = str(UUID(int=0))


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its heading; every cell is text."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [f"**{self.title}**", "", f"| {' | '.join(self.head)} |", f"|{'---|' * len(self.head)}"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join(lines)

    def text(self) -> str:
        """The table for a terminal, its columns as wide as what stands in them."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.head))]
        said = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join([self.title, *(line.rstrip() for line in said)])


class Prober:
    """Screens probes under one policy at one time and counts what became of them."""

    def __init__(self, screen: PromptScreen, policy: Policy, at: datetime, progress: Callable[[str], None]) -> None:
        """`progress` is told the name of each part as it begins."""
        self._screen, self._policy, self._at, self._progress = screen, policy, at, progress

    def tables(self) -> tuple[Table, ...]:
        """Every table over the probes of this repository."""
        return (self._harmless(), self._found(), self._disguised(), self._uncovered())

    def _decisions(self, rows: Iterable[Row]) -> list[Decision]:
        return [
            self._screen.screen(r.text, policy=self._policy, decision_id=_ID, at=self._at, language=r.language)
            for r in rows
        ]

    def _harmless(self) -> Table:
        self._progress("harmless prompts")
        pools = [(f"plain, {code}", _rows(f"plain.{code}", unsafe=False)) for code in languages()]
        pools += [("style", _rows("style.en")), ("everyday, easily mistaken", _rows("everyday.en"))]
        pools.append(("everyday, written blind, eight languages", _rows("blind")))
        pools += [(f"written blind: {name}", rows) for name, rows in _by_category(_rows("kinds"))]
        ngo = _rows("ngo.en")
        pools += [(f"sector: {name}", rows) for name, rows in _by_category(ngo)]
        pools.append(("sectors together", ngo))
        lines = []
        for name, rows in pools:
            actions = [decision.action for decision in self._decisions(rows)]
            n, blocked = len(rows), actions.count(Action.BLOCK)
            held = actions.count(Action.REVIEW)
            lines.append(
                (name, str(n), _share(Rate(blocked, n)), _share(Rate(held, n)), _between(Rate(blocked + held, n)))
            )
        return Table(
            "Harmless prompts", ("pool", "n", "blocked", "held", "blocked or held, 95 % interval"), tuple(lines)
        )

    def _found(self) -> Table:
        self._progress("plain harmful prompts")
        lines = []
        for code in languages():
            rows = _rows(f"plain.{code}", unsafe=True)
            stopped = [decision.action >= Action.REVIEW for decision in self._decisions(rows)]
            by = {
                name: Rate(sum(s for s, r in zip(stopped, rows, strict=True) if r.category in kinds),
                           sum(r.category in kinds for r in rows))
                for name, kinds in (("sexual", {Category.SEXUAL_EXPLICIT}), ("violence", {Category.VIOLENCE_GRAPHIC}))
            }  # fmt: skip
            total = Rate(sum(stopped), len(rows))
            parts = (f"{_share(by[name])} of {by[name].n}" for name in by)
            lines.append((code, str(total.n), *parts, _share(total), _between(total)))
        head = ("language", "n", "nudity, sexual", "violence", "all", "95 % interval")
        return Table("Plain harmful prompts held or blocked", head, tuple(lines))

    def _disguised(self) -> Table:
        self._progress("disguised prompts")
        rows = [r for code in _DISGUISED_IN for r in _rows(f"plain.{code}", unsafe=True)]
        rows = [r for r in rows if r.category in (Category.SEXUAL_EXPLICIT, Category.VIOLENCE_GRAPHIC)]
        plain = self._stopped(rows)
        lines = []
        for disguise in DISGUISES:
            hidden = [Row(disguise.hide(r.text), r.unsafe, r.category, r.language) for r in rows]
            stopped = self._stopped(hidden)
            lines.append((disguise.name, str(len(rows)), _share(Rate(stopped, len(rows))), f"{stopped / plain:.1%}"))
        return Table(
            "The same prompts disguised", ("disguise", "n", "held or blocked", "of the plain ones"), tuple(lines)
        )

    def _uncovered(self) -> Table:
        self._progress("languages nobody reads")
        rows = _rows("uncovered")
        lines = []
        for code in sorted({r.language for r in rows}):
            decisions = self._decisions(r for r in rows if r.language == code)
            n = len(decisions)
            none = Rate(sum(d.coverage is Reach.NONE for d in decisions), n)
            held = Rate(sum(d.action >= Action.REVIEW for d in decisions), n)
            lines.append((code, str(n), _share(none), _share(held)))
        return Table(
            "Languages that nothing bundled reads", ("language", "n", "coverage: none", "held or blocked"), tuple(lines)
        )

    def _stopped(self, rows: Sequence[Row]) -> int:
        return sum(decision.action >= Action.REVIEW for decision in self._decisions(rows))


def languages() -> tuple[str, ...]:
    """The languages there are plain probes for, English first."""
    codes = sorted(path.name.split(".")[1] for path in PROBES.glob("plain.*.jsonl"))
    return tuple(sorted(codes, key=lambda code: code != "en"))


def _rows(name: str, *, unsafe: bool | None = None) -> list[Row]:
    rows = read_rows(PROBES / f"{name}.jsonl", language="en")
    return [row for row in rows if unsafe is None or row.unsafe == unsafe]


def _by_category(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    return [(name, [row for row in rows if row.category == name]) for name in sorted({row.category for row in rows})]


def _share(rate: Rate) -> str:
    return f"{rate.share:.1%}"


def _between(rate: Rate) -> str:
    low, high = rate.interval
    return f"{rate.share:.1%} ({low:.1%} to {high:.1%})"
