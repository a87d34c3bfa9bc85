"""Reports as tables: CSV for spreadsheets, JSON Lines with the ledger's own bytes.

- A page of rows becomes bytes; memory does not grow with the number of pages.
- CSV cells that a spreadsheet would take for a formula are made plain text by an apostrophe (OWASP, CSV injection). It
  is done where names come from: ids, digests and times cannot begin like a formula.
- JSON Lines is the canonical export: each line holds an entry's stored bytes, spliced in and never written anew, so its
  leaf can be computed from the line.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import OuterRef, QuerySet, Subquery

from studio import pipeline
from studio.accounts.models import Membership
from studio.audit.models import Recorded, Report
from studio.audit.reporting import selected
from studio.audit.selecting import names_in, role_id
from studio.jobs.models import Picture
from studio.review.models import HoldRuling, ReviewDecision
from studio.trail.models import LedgerIntent

ROWS_A_PAGE = 2000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
PUBLIC = ("sequence", "at", "kind", "record", "asset", "model", "leaf")
PARTNER = (
    "sequence", "at", "kind", "outcome", "record", "state", "project", "campaign", "policy", "model", "maker", "asset",
    "leaf", "entry",
)  # fmt: skip
HEADINGS = {
    "sequence": "entry",
    "at": "recorded_at",
    "kind": "kind",
    "outcome": "verdict",
    "record": "record",
    "state": "picture_stands",
    "project": "project",
    "campaign": "campaign",
    "policy": "policy_version",
    "model": "model",
    "maker": "creator",
    "asset": "file_sha256",
    "leaf": "leaf_hash",
    "entry": "entry_id",
}
NAMED = ("creator_name", "decided_by", "reason")
# A line of JSON with an entry's bytes spliced in.
LINE = b'{"sequence":%d,"leaf":"%s","entry":%s}\n'


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows as bytes, how many they are, and the last entry among them."""

    data: bytes
    rows: int
    reached: int


class Table(Protocol):
    """Something that a report is written as, page by page."""

    def page(self, reached: int) -> Page:
        """The page after an entry; an empty one at the end."""
        ...


def table(report: Report) -> Table:
    """The table of a report."""
    return Entries(report) if report.form == Report.Form.JSONL else Cells(report)


def plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


class Cells:
    """The rows of a report as CSV (RFC 4180, UTF-8), headings first."""

    def __init__(self, report: Report) -> None:
        self._columns = PUBLIC if report.level == Report.Level.PUBLIC else PARTNER
        self._full = report.level == Report.Level.FULL
        self._rows = cells(selected(report), self._columns)
        named = names_in(report.organisation)
        named["maker"] |= {
            str(one): role_id("creator", one)
            for one in Membership.objects.filter(organisation=report.organisation).values_list("pseudonym", flat=True)
        }
        self._named = {
            place: {value: plain(name) for value, name in named[column].items()}.get
            for place, column in enumerate(self._columns)
            if column in named
        }
        self._people = people(report) if self._full else {}

    def page(self, reached: int) -> Page:
        """The next rows; the headings too where nothing was written before."""
        rows = list(self._rows.filter(sequence__gt=reached)[:ROWS_A_PAGE])
        stream = io.StringIO()
        writer = csv.writer(stream)
        if reached < 0:
            writer.writerow([*(HEADINGS[name] for name in self._columns), *(NAMED if self._full else ())])
        writer.writerows(self._said(rows))
        return Page(stream.getvalue().encode(), len(rows), rows[-1][0] if rows else reached)

    def _said(self, rows: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[Any]]:
        """Rows with names for ids; with people and reasons where the report is a full one. It goes by columns, as fast
        as a cursor brings them."""
        columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
        if rows and self._full:
            columns += self._told(rows)
        for place, name in self._named.items() if rows else ():
            column = columns[place]
            columns[place] = map(name, column, column)
        return zip(*columns, strict=True)

    def _told(self, rows: Sequence[tuple[Any, ...]]) -> tuple[Sequence[str], ...]:
        """The columns that a full report has besides: who the maker is, who decided, and why."""
        maker = self._columns.index("maker")
        decided = decisions([row[-1] for row in rows if row[2] == "decision"])
        told = [(self._people.get(row[maker], ""), *decided.get(row[-1], ("", ""))) for row in rows]
        return tuple(zip(*told, strict=True))


def cells(rows: QuerySet[Recorded], columns: Sequence[str]) -> QuerySet[Recorded, Any]:
    """The columns of some entries, the state of their picture among them, as the database has them."""
    if "state" in columns:
        state = Picture.objects.filter(pk=OuterRef("picture")).values("state")
        rows = rows.annotate(state=Subquery(state))
    return rows.values_list(*columns)


def people(report: Report) -> Mapping[str, str]:
    """Who is behind each role id."""
    members = Membership.objects.filter(organisation=report.organisation).select_related("user")
    return {str(one.pseudonym): plain(one.user.get_username()) for one in members}


def decisions(entries: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Who decided and why, by the id of the decision's entry."""
    causes = {str(one.pk): one.row for one in LedgerIntent.objects.in_bulk(list(entries)).values()}
    found: dict[str, tuple[str, str]] = {}
    keys = list(causes.values())
    for decided in ReviewDecision.objects.select_related("reviewer", "invitation__outsider").in_bulk(keys).values():
        found[str(decided.pk)] = (plain(decided.by), plain(decided.told))
    for ruled in HoldRuling.objects.select_related("reviewer").in_bulk(keys).values():
        found[str(ruled.pk)] = (plain(ruled.reviewer.get_username()), plain(ruled.reason))
    return {entry: found[row] for entry, row in causes.items() if row in found}


class Entries:
    """The ledger's own entries, one a line: place, leaf hash, and the very bytes that were hashed."""

    def __init__(self, report: Report) -> None:
        self._log = report.organisation.log
        self._rows = selected(report)

    def page(self, reached: int) -> Page:
        """The next entries."""
        rows = self._rows.filter(sequence__gt=reached).values_list("sequence", flat=True)
        sequences = list(rows[:ROWS_A_PAGE])
        entries = pipeline.leaves_at(self._log, sequences)
        data = b"".join([LINE % (place, leaf.encode(), canonical) for place, leaf, canonical in entries])
        return Page(data, len(sequences), sequences[-1] if sequences else reached)
