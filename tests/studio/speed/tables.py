"""The figures as tables for people, each with its goals."""

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
    """Server time of the first page of each list, and its queries."""
    rows = []
    for one, other in zip(*(found[name] for name in NAMES), strict=True):
        assert one["name"] == other["name"]
        cells = [f"{_ms(each['median'])} / {_ms(each['most'])}" for each in (one, other)]
        queries = {str(each["queries"]) for each in (one, other)}
        rows.append([one["name"], *cells, " or ".join(sorted(queries)), _said(max(one["median"], other["median"]))])
    said = (
        f"{pictures:,} pictures. Milliseconds of server time, median / slowest of 15 times; at most {GOAL_MS} is the"
        f" goal for each median. Measured on {datetime.now(UTC):%-d %B %Y}."
    )
    heads = ["list", *NAMES.values(), "queries", f"at most {GOAL_MS} ms"]
    return Table(f"{said}\n\n{_markdown(heads, rows)}", all(row[-1] == "yes" for row in rows))


def _said(median: float) -> str:
    return "yes" if median <= GOAL_MS else "**no**"


def reports(found: Figures, pictures: int) -> Table:
    """An export beside a bare cursor, and its memory."""
    rows, held = [], True
    for database, figures in found.items():
        for cost in figures:
            ratio, more = cost["seconds"] / cost["bare"], cost["memory"] - cost["memory_of_a_tenth"]
            good = ratio <= RATIO_GOAL and more <= MORE_MEMORY_GOAL_MB
            held = held and good
            rows.append(
                [
                    f"{cost['form']}, {NAMES[database]}", f"{cost['rows']:,}", f"{cost['size'] / 1e6:.0f} MB",
                    f"{cost['seconds']:.2f} s", f"{cost['bare']:.2f} s", f"{ratio:.2f}", f"{more:+.0f} MB",
                    "yes" if good else "**no**",
                ]
            )  # fmt: skip
    heads = ["report", "entries", "file", "export", "bare cursor", "ratio", "memory beside a tenth", "held"]
    said = (
        f"The register of {pictures:,} pictures, best of 5 times. The goals are a ratio of at most {RATIO_GOAL}, and at"
        f" most {MORE_MEMORY_GOAL_MB} MB of memory more than for a tenth of the entries."
        f" Measured on {datetime.now(UTC):%-d %B %Y}."
    )
    return Table(f"{said}\n\n{_markdown(heads, rows)}", held)


def _ms(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])


TABLES = {"lists": lists, "reports": reports}
