"""Measurements as a table for people, and written into a document between two marks."""

from collections.abc import Sequence
from pathlib import Path

from provenance.benchmark.measurements import Measurement, Plan

_HEADINGS = ("what", "measured", "computed", "beside", "that", "ratio", "goal", "held")


def line(item: Measurement) -> tuple[str, ...]:
    """The cells of a measurement's row, in the order of the headings."""
    return (
        item.name,
        f"{_number(item.value)} {item.unit}",
        f"{_number(item.processor)} ms" if item.processor is not None else "",
        item.beside,
        f"{_number(item.bare)} {item.unit}" if item.bare is not None else "",
        f"{item.ratio:.2f}" if item.ratio is not None else "",
        _goal(item),
        {True: "yes", False: "**no**", None: ""}[item.held],
    )


def markdown(measurements: Sequence[Measurement], plan: Plan) -> str:
    """The table with a sentence on how it was measured."""
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *(line(item) for item in measurements)]
    table = "\n".join(f"| {' | '.join(cell.strip() for cell in row)} |" for row in rows)
    said = (
        f"Pictures of {plan.side} x {plan.side}, medians of {plan.rounds} rounds in which a thing and its bare call"
        f" take turns, {plan.appends} appends by each of {plan.writers} processes, on {plan.now:%-d %B %Y}."
    )
    return f"{said}\n\n{table}"


def between_marks(document: str, text: str, *, mark: str) -> str:
    """A document with a text between its two marks of a name; ValueError when it has none."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"--write: the document lacks '{begin}' and '{end}'")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def write_between_marks(file: Path, text: str, *, mark: str) -> None:
    """The same in a file."""
    file.write_text(between_marks(file.read_text(encoding="utf-8"), text, mark=mark), encoding="utf-8")


def _goal(item: Measurement) -> str:
    if item.ratio_goal is not None:
        return f"ratio at most {item.ratio_goal}"
    if item.goal is None:
        return ""
    return f"at {'least' if item.unit == 'a second' else 'most'} {_number(item.goal)} {item.unit}"


def _number(value: float | None) -> str:
    """Three digits that count, and no more."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
