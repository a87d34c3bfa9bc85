"""An export of the register beside a bare cursor that writes the same bytes, and how much memory each length takes."""

import csv
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from sqlalchemy import Table, insert, select

from provenance.ledger import LedgerEntry, merkle, tables
from provenance.ledger.engines import Engines
from studio import pipeline
from studio.accounts.models import Organisation, User
from studio.audit import writing
from studio.audit.models import Recorded, Report
from studio.audit.reporting import ask_report
from studio.audit.tables import HEADINGS, PARTNER
from tests.studio.files import signed_file
from tests.studio.speed import clocks

ROUNDS, AT_ONCE = 5, 2000
FORMS = {"csv": "CSV", "jsonl": "JSON Lines"}


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of an export and of a bare cursor that writes the same, each at its best of `ROUNDS`, of processor time
    and by the clock; bytes and rows; and the most memory in MB that a process took that wrote a tenth of the rows, and
    all of them."""

    form: str
    rows: int
    size: int
    processor: float
    bare_processor: float
    clock: float
    bare_clock: float
    memory_of_a_tenth: float
    memory: float


def measured(organisation: Organisation) -> Iterator[Cost]:
    """Both tables, over the whole register; every export is another entry of the log, which it leaves out."""
    rows = Recorded.objects.filter(organisation=organisation).count()
    for form, bare in {"csv": bare_csv, "jsonl": bare_lines}.items():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / form
            ours: list[tuple[float, float]] = []
            theirs: list[tuple[float, float]] = []
            for _ in range(ROUNDS):
                ours.append(_seconds(lambda form=form: export(organisation, form, rows)))
                theirs.append(_seconds(lambda bare=bare, file=file: bare(organisation, rows, file)))
            report = Report.objects.filter(form=form).latest("asked")
            with file.open("rb") as stream:
                same = hashlib.file_digest(stream, "sha256").hexdigest() == report.sha256
            if not same:
                raise RuntimeError(f"{form}: the bare cursor wrote something else")
            memory = [_peak_mb(organisation, form, length) for length in (rows // 10, rows)]
            (processor, clock), (bare_processor, bare_clock) = _best(ours), _best(theirs)
            yield Cost(FORMS[form], rows, report.size, processor, bare_processor, clock, bare_clock, *memory)


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Of processor time, and by the clock."""
    spent, began = clocks.spent(), time.perf_counter()
    work()
    took = time.perf_counter() - began
    return clocks.spent() - spent, took


def _best(took: list[tuple[float, float]]) -> tuple[float, float]:
    """The least of either."""
    return min(processor for processor, _ in took), min(clock for _, clock in took)


def export(organisation: Organisation, form: str, rows: int) -> None:
    """A report of the first entries as the worker writes it: asked for, in slices, into the store, into the ledger."""
    auditor = User.objects.get(username="auditor")
    by = {"actor": auditor, "organisation": organisation, "at": timezone.now()}
    report = ask_report(**by, form=form, level="partner", scope={})
    Report.objects.filter(pk=report.pk).update(until=rows - 1)
    while writing.write(report.pk, at=timezone.now()):
        pass
    report.refresh_from_db()
    if (report.state, report.written) != ("DONE", rows):
        raise RuntimeError(f"{form}: {report.state}, {report.written} rows; {report.fault}")
    signed_file(report.sha256).touch()


BARE = """
SELECT r.sequence, r.at, r.kind, r.outcome, r.record, p.state, j.name, c.name, o.name || ', ' || v.number,
    m.title || ', ' || m.revision, 'creator ' || substr(r.maker, 1, 8), r.asset, r.leaf, r.entry
FROM audit_recorded r
LEFT JOIN jobs_picture p ON p.id = r.picture
LEFT JOIN projects_project j ON {project} = r.project
LEFT JOIN projects_campaign c ON {campaign} = r.campaign
LEFT JOIN catalogue_model m ON m.digest = r.model
LEFT JOIN projects_policyversion v ON v.digest = r.policy AND v.project_id IS NOT NULL
LEFT JOIN projects_project o ON o.id = v.project_id
WHERE r.organisation_id = %s AND r.sequence < %s ORDER BY r.sequence
"""


def bare_csv(organisation: Organisation, rows: int, file: Path) -> None:
    """The same table without a product: one query, a cursor, csv.writer, and the file on the disk."""
    text = connection.vendor == "sqlite"
    # SQLite keeps a key as 32 digits; the register has them as they are written.
    joined = "{0}.id = replace({1}, '-', '')" if text else "{0}.id::text = {1}"
    names = {"project": joined.format("j", "r.project"), "campaign": joined.format("c", "r.campaign")}
    sql = "".join(BARE).replace("{project} = r.project", names["project"])
    sql = sql.replace("{campaign} = r.campaign", names["campaign"])
    key = organisation.pk.hex if text else organisation.pk
    with file.open("w", newline="") as stream, connection.chunked_cursor() as cursor:
        cursor.execute(sql, [key, rows])
        writer = csv.writer(stream)
        writer.writerow([HEADINGS[name] for name in PARTNER])
        while page := cursor.fetchmany(AT_ONCE):
            writer.writerows(page)
        stream.flush()
        os.fsync(stream.fileno())


def bare_lines(organisation: Organisation, rows: int, file: Path) -> None:
    """The same lines from a cursor over the ledger, with the leaf hash of each."""
    entry = tables.entries.c
    chosen = select(entry.sequence, entry.canonical).where(entry.log == organisation.log, entry.sequence < rows)
    with closing(Engines(settings.LEDGER_URL)) as engines, engines.reading() as reading, file.open("wb") as stream:
        found = reading.execution_options(yield_per=AT_ONCE).execute(chosen.order_by(entry.sequence))
        for page in found.partitions():
            stream.writelines(
                b'{"sequence":%d,"leaf":"%s","entry":%s}\n'
                % (sequence, hashlib.sha256(b"\0" + canonical).hexdigest().encode(), canonical)
                for sequence, canonical in page
            )
        stream.flush()
        os.fsync(stream.fileno())


MEASURED = """
import os, resource, sys
sys.path.append("platform")
import django; django.setup()
from studio.accounts.models import Organisation
from tests.studio.speed.reports import export
export(Organisation.objects.get(slug="sample-aid"), sys.argv[1], int(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _peak_mb(organisation: Organisation, form: str, rows: int) -> float:
    """The resident memory of a process that writes such a report, at its highest."""
    command = [sys.executable, "-c", MEASURED, form, str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ})
    return float(done.stdout.split()[-1])


def fill_ledger(organisation: Organisation) -> None:
    """The entries of the register's rows, as appending them one by one would leave the ledger."""
    engines, frontier = Engines(settings.LEDGER_URL), merkle.Frontier()
    with closing(engines):
        for start in range(0, Recorded.objects.filter(organisation=organisation).count(), AT_ONCE):
            page = Recorded.objects.filter(organisation=organisation, sequence__range=(start, start + AT_ONCE - 1))
            rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
            for recorded in page.order_by("sequence"):
                entry = LedgerEntry.parse(recorded.sequence, _canonical(organisation, recorded))
                rows[tables.entries].append(tables.row(entry, entry.sequence))
                for (level, position), value in frontier.append(bytes.fromhex(entry.leaf)):
                    node = {"log": entry.log, "level": level, "position": position, "hash": value}
                    rows[tables.nodes].append(node)
            with engines.writing() as connection:
                for table, values in rows.items():
                    connection.execute(insert(table), values)


def _canonical(organisation: Organisation, row: Recorded) -> bytes:
    body = {"project": row.project, "campaign": row.campaign, "model": row.model, "policy": row.policy,
            "maker": row.maker, "recipe": row.leaf, "commitment": row.leaf, "seed": str(row.sequence)}  # fmt: skip
    return pipeline.canonical_entry(
        log=organisation.log, entry=row.entry, kind=row.kind, at=row.moment, record=row.record,
        asset={"sha256": row.asset, "pixel_sha256": row.asset, "media_type": "image/png"}, body=body,
    )  # fmt: skip
