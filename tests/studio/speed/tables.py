"""The figures as tables for people, each with its goals."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GOAL_MS, RATIO_GOAL, MORE_MEMORY_GOAL_MB = 150, 1.3, 32
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
Figures = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Table:
    """Markdown, and whether every goal was held."""

    text: str
    held: bool


def lists(found: Figures, pictures: int) -> Table:
    """Server time of the first page of each list, and its queries.

    The clock has to hold the goal too, unless the machine had more to do than it has cores: then it tells of that.
    """
    rows = []
    clocks = ["processor", "clock"] if _load() <= _cores() else ["processor"]
    for one, other in zip(*(found[name] for name in NAMES), strict=True):
        assert one["name"] == other["name"]
        cells = [f"{_ms(each['processor'])} / {_ms(each['clock'])}" for each in (one, other)]
        queries = {str(each["queries"]) for each in (one, other)}
        most = max(each[clock] for each in (one, other) for clock in clocks)
        rows.append([one["name"], *cells, " or ".join(sorted(queries)), _said(most)])
    said = (
        f"{pictures:,} pictures. Milliseconds of server time: processor time of the web process and the database, the"
        f" median of 9 times / by the clock, the best of them. At most {GOAL_MS} is the goal for"
        f" {'both' if len(clocks) > 1 else 'the first; the clock tells of the other work'}. {_measured()}"
    )
    heads = ["list", *NAMES.values(), "queries", f"at most {GOAL_MS} ms"]
    return Table(f"{said}\n\n{_markdown(heads, rows)}", all(row[-1] == "yes" for row in rows))


def _said(most: float) -> str:
    return "yes" if most <= GOAL_MS else "**no**"


def _measured() -> str:
    """When, and how busy the machine was."""
    return f"Measured on {datetime.now(UTC):%-d %B %Y}, when {_load():.1f} processes at a time wanted {_cores()} cores."


def _load() -> float:
    """How many processes ran or waited for a core, over the last quarter of an hour; the bench is one of them."""
    return os.getloadavg()[2]


def _cores() -> int:
    return os.cpu_count() or 1


def reports(found: Figures, pictures: int) -> Table:
    """An export beside a bare cursor, and its memory."""
    rows, held = [], True
    for database, figures in found.items():
        for cost in figures:
            ratio = cost["processor"] / cost["bare_processor"]
            more = cost["memory"] - cost["memory_of_a_tenth"]
            good = ratio <= RATIO_GOAL and more <= MORE_MEMORY_GOAL_MB
            held = held and good
            rows.append(
                [
                    f"{cost['form']}, {NAMES[database]}", f"{cost['rows']:,}", f"{cost['size'] / 1e6:.0f} MB",
                    f"{cost['processor']:.2f} / {cost['clock']:.2f} s",
                    f"{cost['bare_processor']:.2f} / {cost['bare_clock']:.2f} s", f"{ratio:.2f}", f"{more:+.0f} MB",
                    "yes" if good else "**no**",
                ]
            )  # fmt: skip
    heads = ["report", "entries", "file", "export", "bare cursor", "ratio", "memory beside a tenth", "held"]
    said = (
        f"The register of {pictures:,} pictures. Seconds of processor time of the worker and the database / by the"
        f" clock, either the best of 5 times. The goals are a ratio of at most {RATIO_GOAL} in processor time, and at"
        f" most {MORE_MEMORY_GOAL_MB} MB of memory more than for a tenth of the entries."
        f" {_measured()}"
    )
    return Table(f"{said}\n\n{_markdown(heads, rows)}", held)


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])


TABLES = {"lists": lists, "reports": reports}
