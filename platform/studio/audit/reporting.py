"""Asking for a report, stopping one, and forgetting its file when its time is over.

A report is asked for and written under the role of auditor; whoever loses the role loses the reports. What is written
is fixed when it is asked for: the filters, and the last entry there was.
"""

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from studio import blobs, quarantine
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.audit import bell
from studio.audit.models import Recorded, Report
from studio.audit.registering import registered
from studio.audit.selecting import select
from studio.claims import cut_leases, unheard
from studio.jobs.models import Picture
from studio.jobs.states import VISIBLE
from studio.quarantine import Kind
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

State, Form, Level = Report.State, Report.Form, Report.Level
MOVING = (State.WAITING, State.WRITING, State.SIGNING)
KEPT = timedelta(days=14)
LONG_LEASE = timedelta(minutes=15)
# How the folders under WORK_DIR begin that files are put together in.
WORKPLACE = "report-"
MOST_IN = {Form.PDF: 200, Form.PACK: 1000}
# What says nothing about anybody: released files, and the keys that signed them.
PUBLIC_KINDS = ("picture", "release", "rendition", "withdrawal")


def ask_report(
    *, actor: User, organisation: Organisation, form: str, level: str, scope: Mapping[str, str], at: datetime
) -> Report:
    """A report over a selection of the register. Raises PermissionDenied, ValidationError naming the field."""
    holds(actor, organisation, Role.AUDITOR).enforce()
    if form not in Form.values:
        raise ValidationError({"form": _("Choose one of the forms.")})
    if level not in Level.values:
        raise ValidationError({"level": _("Choose how much it shows.")})
    if level == Level.PUBLIC and form in {Form.JSONL, Form.PACK}:
        reason = _(
            "Ledger entries are handed out whole, and they name people by their role id; choose Partner or Full."
        )
        raise ValidationError({"level": reason})
    report = Report(
        organisation=organisation,
        asked_by=membership_of(actor, organisation),
        asked=at,
        form=form,
        level=level,
        scope=dict(scope),
        until=registered(organisation) - 1,
    )
    report.total = _count(report)
    with transaction.atomic():
        report.save(force_insert=True)
        detail = {"form": form, "level": level, "count": report.total}
        note(actor=actor, verb="report.ask", subject=report, organisation=organisation.pk, at=at, **detail)
        transaction.on_commit(lambda: bell.ring_report(report.pk))
    return report


def _count(report: Report) -> int:
    """How many entries, or pictures, it will hold. Raises ValidationError when that is none, or too many."""
    if report.form not in MOST_IN:
        if not (entries := selected(report).count()):
            raise ValidationError({"form": _("The selection holds no entry; set fewer filters.")})
        return entries
    pictures, most = pictures_in(report).count(), MOST_IN[Form(report.form)]
    if not pictures:
        raise ValidationError({"form": _("The selection holds no picture that may be shown; set fewer filters.")})
    if pictures > most:
        reason = _("The selection holds %(pictures)d pictures, and this form at most %(most)d; narrow the dates.")
        raise ValidationError({"form": reason % {"pictures": pictures, "most": most}})
    return pictures


def selected(report: Report) -> QuerySet[Recorded]:
    """The entries that a report is over, oldest first."""
    rows = select(report.organisation, report.scope).filter(sequence__lte=report.until)
    if report.level == Level.PUBLIC:
        released = Recorded.objects.filter(
            organisation=report.organisation, kind="release", picture=OuterRef("picture"), sequence__lte=report.until
        )
        rows = rows.filter(Exists(released), kind__in=PUBLIC_KINDS)
    return rows.order_by("sequence")


def pictures_in(report: Report) -> QuerySet[Picture]:
    """The pictures that a report's entries are about and whose files may be shown, oldest first."""
    about = selected(report).order_by().filter(picture__isnull=False).values("picture")
    pictures = Picture.objects.filter(pk__in=about, organisation=report.organisation, state__in=VISIBLE)
    return pictures.order_by("sequence")


def cancel_report(*, actor: User, report: Report, at: datetime) -> None:
    """Stop a report that its auditor no longer wants. Raises PermissionDenied, StaleStateError when it is over."""
    holds(actor, report.organisation, Role.AUDITOR).enforce()
    if report.asked_by.user_id != actor.pk:
        raise PermissionDenied(_("Whoever asked for a report cancels it."))
    with transaction.atomic():
        moving = Report.objects.filter(pk=report.pk, state__in=MOVING)
        if not moving.update(state=State.CANCELLED, finished=at, lease=None):
            raise StaleStateError(report.pk, report.state)
        note(actor=actor, verb="report.cancel", subject=report, organisation=report.organisation_id, at=at)
        transaction.on_commit(lambda: quarantine.forget_all(Kind.REPORT, report.pk), robust=True)


def expire(*, now: datetime) -> int:
    """Remove the files of reports whose time is over; returns how many. Row and entry stay."""
    over = list(Report.objects.filter(state=State.DONE, gone=False, expires__lt=now)[:100])
    for report in over:
        Report.objects.filter(pk=report.pk).update(gone=True)
        # Two reports of one selection may be one file.
        if not Report.objects.filter(sha256=report.sha256, gone=False).exists():
            blobs.blob(report.sha256).remove()
    return len(over)


def left_over(*, now: datetime) -> list[Report]:
    """Reports that a lost message or a worker's end left unfinished."""
    waiting = Report.objects.filter(unheard("asked", now, seconds=10), state__in=MOVING)
    cut_leases(waiting, longest=now + LONG_LEASE)
    return list(waiting.filter(Q(lease=None) | Q(lease__lt=now)).only("pk", "state")[:20])


def sweep_unfinished(*, now: datetime) -> int:
    """Remove what was written of reports that nobody writes any more, here and on this machine; returns how many."""
    moving = Report.objects.filter(state__in=MOVING)
    removed = quarantine.sweep(Kind.REPORT, moving, now=now)
    for folder in settings.WORK_DIR.glob(f"{WORKPLACE}*"):
        if folder.stat().st_mtime < (now - quarantine.STRAY_AFTER).timestamp():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
