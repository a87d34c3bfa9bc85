"""Writes reports: control takes a slice at a time, the sign worker signs documents, both by lease.

- Tables are written a slice of about `SLICE_SECONDS` at a time, each a part that is put aside where every worker can go
  on; the row says how many parts are good, so a worker that takes over writes over what a dead one left behind.
- Documents and packs are made in one go, within a longer lease; a killed worker's is begun again.
- A finished file is in the store before its entry is owed to the ledger, and shown only then.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from studio import blobs, pipeline, quarantine
from studio.audit import bell, packing, paper, tables
from studio.audit.models import Report
from studio.audit.reporting import KEPT, LONG_LEASE, WORKPLACE, State
from studio.jobs.bell import ring_checkpoints
from studio.quarantine import Kind
from studio.trail.actions import intend, note, settle

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
# A checkpoint comes within a minute; where none does, whoever asked is told.
PATIENCE = timedelta(minutes=10)
SLICE_SECONDS = 2.0
PIECE_BYTES = 2**20
MOST_ATTEMPTS = 3
MEDIA_TYPES = {
    Report.Form.CSV: "text/csv; charset=utf-8",
    Report.Form.JSONL: "application/x-ndjson",
    Report.Form.PDF: "application/pdf",
    Report.Form.PACK: "application/zip",
}
STUCK = "The worker that wrote it stopped three times. Ask for less at once, and tell an administrator."
FAILED = "It could not be written ({kind}). Ask again; if that fails too, an administrator has to look."
# What a finished step leaves: whether there is more to do at once.
Step = Callable[[Report, datetime], bool]


def write(pk: UUID, *, at: datetime) -> bool:
    """Do the next slice of a report in the control worker; returns whether there is more to do at once."""
    return _work(pk, _steps(), states=(State.WAITING, State.WRITING), at=at)


def sign(pk: UUID, *, at: datetime) -> bool:
    """Sign a finished document; the sign worker's part."""
    return _work(pk, {Report.Form.PDF: _sign}, states=(State.SIGNING,), at=at)


def _steps() -> Mapping[str, Step]:
    return {
        Report.Form.CSV: _append,
        Report.Form.JSONL: _append,
        Report.Form.PDF: _compose,
        Report.Form.PACK: _pack,
    }


def _work(pk: UUID, steps: Mapping[str, Step], *, states: tuple[str, ...], at: datetime) -> bool:
    report = _claimed(pk, states, at=at)
    if report is None:
        return False
    if report.attempt > MOST_ATTEMPTS:
        return _end(report, STUCK, at=at)
    try:
        return steps[report.form](report, at)
    except StoppedError:
        quarantine.forget_all(Kind.REPORT, pk)
    except (pipeline.ProvenanceError, blobs.BlobError, OSError) as error:
        logger.exception("%s could not be written", report)
        return _end(report, FAILED.format(kind=type(error).__name__), at=at)
    return False


class StoppedError(Exception):
    """The claim is somebody else's by now, or the report was cancelled."""


def _claimed(pk: UUID, states: tuple[str, ...], *, at: datetime) -> Report | None:
    free = Report.objects.filter(Q(lease=None) | Q(lease__lt=at), pk=pk, state__in=states)
    row = free.first()
    if row is None:
        return None
    lease = LEASE if row.form in {Report.Form.CSV, Report.Form.JSONL} else LONG_LEASE
    # A lease that ran out belonged to a worker that died; a slice that ended gave its lease back.
    attempt = row.attempt + 1 if row.lease is not None else row.attempt
    state = State.SIGNING if row.state == State.SIGNING else State.WRITING
    token = uuid4()
    if free.update(token=token, lease=at + lease, attempt=attempt, state=state) != 1:
        return None
    joined = ("organisation", "asked_by__user")
    return Report.objects.select_related(*joined).get(pk=pk, token=token)


def _keep(report: Report, **changes: object) -> None:
    """Write down how far it is. Raises StoppedError."""
    mine = Report.objects.filter(pk=report.pk, token=report.token, state=report.state)
    if mine.update(**changes) != 1:
        raise StoppedError


def _end(report: Report, fault: str, *, at: datetime) -> bool:
    Report.objects.filter(pk=report.pk, token=report.token).update(
        state=State.FAILED, fault=fault, finished=at, lease=None
    )
    quarantine.forget_all(Kind.REPORT, report.pk)
    return False


def _append(report: Report, at: datetime) -> bool:
    """Write pages of a table until the slice is over, one page at least; the last slice puts the whole together."""
    table, began = tables.table(report), monotonic()
    with _workplace() as folder, closing(Sheet(folder / "part")) as part:
        while (page := table.page(report.reached)).rows:
            part.write(page.data)
            report.reached, report.written = page.reached, report.written + page.rows
            if monotonic() - began > SLICE_SECONDS:
                _put_aside(report, part)
                return True
        with closing(Sheet(folder / "whole")) as whole:
            done = _joined(report, part, whole) if report.parts else part
            return _finish(report, *done.adopted(), at=at)


class Sheet:
    """A file of this machine that grows, and the digest of what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream, self._digest = path.open("wb"), hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Add to it."""
        self._stream.write(data)
        self._digest.update(data)

    def pour(self, stream: BinaryIO) -> None:
        """Add all that is left in a stream."""
        while piece := stream.read(PIECE_BYTES):
            self.write(piece)

    def adopted(self) -> tuple[str, int]:
        """Hand it over to the store of signed files; its SHA-256 and its size."""
        self.close()
        return blobs.adopt(self.path, sha256=self._digest.hexdigest())

    def close(self) -> None:
        """No more comes; twice is once."""
        self._stream.close()


def _put_aside(report: Report, part: Sheet) -> None:
    """Keep another part of a table where every worker can go on, and say so in the row. Raises StoppedError."""
    part.close()
    quarantine.place(Kind.REPORT, report.pk, report.parts).take(part.path)
    report.parts += 1
    _keep(report, lease=None, reached=report.reached, written=report.written, parts=report.parts)


def _joined(report: Report, last: Sheet, whole: Sheet) -> Sheet:
    """What was put aside, and the last part, in one file."""
    last.close()
    for number in range(report.parts):
        with quarantine.place(Kind.REPORT, report.pk, number).open() as stream:
            whole.pour(stream)
    with last.path.open("rb") as stream:
        whole.pour(stream)
    return whole


@contextmanager
def _workplace() -> Iterator[Path]:
    """A folder of this machine for one file that is being made."""
    settings.WORK_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=WORKPLACE, dir=settings.WORK_DIR) as folder:
        yield Path(folder)


def _compose(report: Report, at: datetime) -> bool:
    """Lay a document out and leave it to be signed."""
    document = paper.compose(report, at=at, tell=lambda done: _keep(report, written=done))
    quarantine.place(Kind.REPORT, report.pk, 0).write(document)
    _keep(report, state=State.SIGNING, lease=None)
    bell.ring_signature(report.pk)
    return False


def _sign(report: Report, at: datetime) -> bool:
    """Sign what was laid out, which stays as it is until the signed file is in the store."""
    document = quarantine.place(Kind.REPORT, report.pk, 0).read()
    reason = _("A provenance report of %(name)s") % {"name": report.organisation.name}
    signed = pipeline.sign_document(report.organisation.slug, document, reason=reason)
    return _finish(report, blobs.put(signed), len(signed), at=at)


def _pack(report: Report, at: datetime) -> bool:
    """Fill a pack; an entry that no checkpoint covers yet is waited for."""
    with _workplace() as folder:
        path = folder / "pack"
        try:
            packing.pack(report, path, at=at, tell=lambda done: _keep(report, written=done))
        except pipeline.LedgerUnavailableError:
            if at - report.asked > PATIENCE:
                raise
            ring_checkpoints()
            _keep(report, lease=None)
            return False
        return _finish(report, *blobs.adopt(path), at=at)


def _finish(report: Report, sha256: str, size: int, *, at: datetime) -> bool:
    """The file is in the store: owe the ledger its entry, and show it."""
    organisation = report.organisation
    with transaction.atomic():
        done = {"sha256": sha256, "size": size, "written": report.written or F("total"), "expires": at + KEPT}
        _keep(report, state=State.DONE, lease=None, finished=at, reached=report.reached, **done)
        intent = intend(log=organisation.log, kind="report", row=report.pk, at=at, body=_entry(report, sha256))
        note(actor=None, verb="report.done", subject=report, organisation=organisation.pk, at=at, sha256=sha256)
    quarantine.forget_all(Kind.REPORT, report.pk)
    try:
        settle(intent, at=at)
    except pipeline.LedgerUnavailableError:
        logger.exception("the entry of %s waits", report)
    return False


def _entry(report: Report, sha256: str) -> dict[str, object]:
    """What the ledger keeps of a report."""
    return {
        "digest": sha256,
        "form": report.form,
        "level": report.level,
        "scope": report.scope,
        "until": report.until,
        "count": report.total,
        "by": str(report.asked_by.pseudonym),
    }
