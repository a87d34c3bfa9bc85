"""What is kept long enough and then goes: pictures held back, pictures that nobody released, and the words of requests.

- How long is the organisation's to say (`accounts.Retention`); a legal hold on the project or the picture stops it.
- What goes leaves a tombstone in the ledger: digests that were there before, and that they mean nothing any more.
- A released picture never goes this way, nor one that waits for somebody's decision.

A person's erasure is `operations.forgetting`.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from studio import blobs
from studio.accounts.models import Organisation, Retention
from studio.faults import fault
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, PictureState, advance
from studio.projects.models import Project
from studio.trail.actions import intend, note
from studio.trail.errors import StaleStateError
from studio.trail.models import Hold, held

logger = logging.getLogger(__name__)
UNRELEASED = (PictureState.RECORDED, PictureState.CHANGES_REQUESTED, PictureState.REJECTED)
# Pictures that still need their request's words: for a screen, a signature, or somebody's decision.
NEED_WORDS = (
    PictureState.GENERATED,
    PictureState.QUARANTINED,
    PictureState.CHECKED,
    PictureState.SIGNED,
    PictureState.IN_REVIEW,
    PictureState.APPROVED,
)
NEVER = Q(pk__in=[])
UNRELEASED_LONG = "kept long enough without being released"
Row = TypeVar("Row", Picture, Job)


def held_days(retention: Retention | None) -> float:
    """How many days a picture that a screen held back is kept."""
    return settings.QUARANTINE_DAYS if retention is None or retention.held is None else retention.held


def due_pictures(*states: str, now: datetime) -> QuerySet[Picture]:
    """Pictures in one of `states` that are kept long enough, and that nothing holds."""
    rules = {rule.organisation_id: rule for rule in Retention.objects.all()}
    conditions = [NEVER]
    for organisation in Organisation.objects.values_list("pk", flat=True):
        rule = rules.get(organisation)
        for state in states:
            days = held_days(rule) if state == PictureState.QUARANTINED else rule.unreleased if rule else None
            if days is not None:
                before = now - timedelta(days=days)
                conditions.append(Q(organisation=organisation, state=state, changed__lt=before))
    found = Picture.objects.filter(reduce(or_, conditions))
    return found.exclude(pk__in=held(Hold.Kind.PICTURE)).exclude(project__in=held(Hold.Kind.PROJECT))


def due_words(*, now: datetime) -> QuerySet[Job]:
    """Requests that ended so long ago that their words go, and that nothing holds."""
    conditions = [NEVER]
    for rule in Retention.objects.exclude(words=None):
        before = now - timedelta(days=rule.words or 0)
        conditions.append(Q(project__organisation=rule.organisation_id, ended__lt=before))
    found = Job.objects.filter(reduce(or_, conditions), state__in=JOB_ENDS).exclude(words=b"")
    holding = Picture.objects.filter(Q(state__in=NEED_WORDS) | Q(pk__in=held(Hold.Kind.PICTURE))).values("job")
    return found.exclude(pk__in=holding).exclude(project__in=held(Hold.Kind.PROJECT)).exclude(appeal__state="HELD")


def erase_due(*, now: datetime) -> int:
    """Erase what is due; returns how much that was. One that fails keeps no other waiting."""
    pictures = due_pictures(*UNRELEASED, now=now).select_related("job__project__organisation")
    jobs = due_words(now=now).select_related("project__organisation")
    done = _each(pictures, lambda picture: erase_picture(picture, at=now))
    return done + _each(jobs, lambda job: erase_words(job, at=now))


def _each(rows: Iterable[Row], erase: Callable[[Row], None]) -> int:
    done = 0
    for row in rows:
        try:
            erase(row)
            done += 1
        except StaleStateError:
            logger.info("%s moved on at the last moment, and stays", row)
        except Exception:
            logger.exception("%s could not be erased", row)
    return done


def lock_unheld(project: UUID, *subjects: UUID) -> None:
    """Keep holds from being placed on the project, or on what is in it, until the transaction ends.

    Raises StaleStateError when there is one: the sweep had asked before it began with what was due.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project)
    if Hold.objects.filter(subject__in=[project, *subjects], lifted=None).exists():
        raise StaleStateError(project, "held")


def erase_picture(picture: Picture, *, at: datetime, reason: str = UNRELEASED_LONG) -> None:
    """Remove a picture that nobody released, its small one, and the strip of its making. Raises StaleStateError."""
    organisation = picture.job.project.organisation
    body = {"what": "picture", "reason": reason, "sha256": picture.sha256}
    with transaction.atomic():
        lock_unheld(picture.job.project_id, picture.pk)
        advance(Picture, picture.pk, picture.state, PictureState.DISCARDED, changed=at)
        intend(log=organisation.log, kind="erasure", row=picture.pk, at=at, record=picture.record, body=body)
        note(actor=None, verb="picture.erase", subject=picture, organisation=organisation.pk, at=at)
    fault("erasure before removal")
    # A crash before this leaves files that nothing refers to; the sweep of strays removes them a day later.
    for sha256 in filter(None, (picture.sha256, picture.process_sha256)):
        blobs.blob(sha256).remove()
    blobs.small(picture.pk).remove()


def erase_words(job: Job, *, at: datetime) -> None:
    """Remove what was typed for a request: with its salt, so that the ledger's commitment means nothing any more."""
    organisation = job.project.organisation
    body = {"what": "words", "reason": "kept long enough", "request": job.request_digest}
    with transaction.atomic():
        lock_unheld(job.project_id, *job.pictures.values_list("pk", flat=True))
        if not Job.objects.filter(pk=job.pk, state=job.state).exclude(words=b"").update(words=b""):
            raise StaleStateError(job.pk, job.state)
        intend(log=organisation.log, kind="erasure", row=job.pk, at=at, body=body)
        note(actor=None, verb="words.erase", subject=job, organisation=organisation.pk, at=at)
