"""The table of promises in a document: read, changed row by row, written between its marks."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from provenance.benchmark.tables import between_marks
from tests.promises.figure import Figure
from tests.promises.place import Database

MARK = "promises"
HEADINGS = ("", "promise", "target", *(database.value for database in Database), "measured")
NOT_YET = "not measured yet"
ELSEWHERE = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One promise, and what was seen of it on each database."""

    number: int
    promise: str
    target: str
    cells: tuple[str, ...] = (NOT_YET,) * len(Database)
    measured_on: str = ""

    def renamed(self, promise: str, target: str, on: Collection[Database]) -> "Row":
        """The same figures under other words, for those databases that the promise is about."""
        pairs = zip(Database, self.cells, strict=True)
        cells = tuple(ELSEWHERE if one not in on else NOT_YET if cell == ELSEWHERE else cell for one, cell in pairs)
        return replace(self, promise=promise, target=target, cells=cells)

    def measured(self, database: Database, figure: Figure, *, at: datetime) -> "Row":
        """With one figure replaced."""
        place = list(Database).index(database)
        cells = (*self.cells[:place], figure.cell().replace("|", "/"), *self.cells[place + 1 :])
        return replace(self, cells=cells, measured_on=f"{at:%Y-%m-%d}")

    def line(self) -> str:
        """As Markdown."""
        return f"| {' | '.join((str(self.number), self.promise, self.target, *self.cells, self.measured_on))} |"


def read(document: Path) -> dict[int, Row]:
    """The rows that a document holds, by number."""
    rows = {}
    for line in document.read_text(encoding="utf-8").splitlines():
        parts = [part.strip() for part in line.strip("|").split("|")]
        if line.startswith("| ") and len(parts) == len(HEADINGS) and parts[0].isdigit():
            number, promise, target, *cells, measured_on = parts
            rows[int(number)] = Row(int(number), promise, target, tuple(cells), measured_on)
    return rows


def write(document: Path, rows: dict[int, Row]) -> None:
    """All rows, in order, between the document's marks."""
    lines = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    lines += [rows[number].line() for number in sorted(rows)]
    text = between_marks(document.read_text(encoding="utf-8"), "\n".join(lines), mark=MARK)
    document.write_text(text, encoding="utf-8")
