"""What endpoints are told, heard from the trail: an event's name and its few facts, in the action's own transaction.

The payload is that of the Standard Webhooks specification: `type`, `timestamp`, `data`. `data` holds ids, digests and
addresses, never words and no names of people: whoever wants more asks the interface for programs, with a token.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState
from studio.trail.models import AuditRow
from studio.webhooks import bell
from studio.webhooks.models import Delivery, Endpoint


class Event(models.TextChoices):
    """The events that there are."""

    PICTURE_RECORDED = "picture.recorded", _("A picture is signed and recorded")
    PICTURE_HELD = "picture.held", _("A finished picture is held for a person")
    PICTURE_APPROVED = "picture.approved", _("A picture is approved")
    PICTURE_RELEASED = "picture.released", _("A picture is released")
    PICTURE_WITHDRAWN = "picture.withdrawn", _("A released picture is withdrawn")
    JOB_HELD = "job.held", _("A request is held for a person")


TEST = "webhook.test"


def event_in_words(name: str) -> str:
    """What a delivery tells; its own name is for the program that takes it."""
    return gettext("A test") if name == TEST else str(Event(name).label)


def _always(row: AuditRow) -> bool:
    return True


def _approved(row: AuditRow) -> bool:
    return row.detail.get("outcome") == "APPROVED" and bool(row.detail.get("final", True))


def _stopped(row: AuditRow) -> bool:
    return row.detail.get("action") in {"review", "block"}


def _held(row: AuditRow) -> bool:
    # An appeal is held whatever the screens say, so the request itself is asked.
    return Job.objects.filter(pk=row.object_id, state=JobState.HELD).exists()


# The verb of an audit row, and when it makes an event.
VERBS: Mapping[str, tuple[Event, Callable[[AuditRow], bool]]] = MappingProxyType(
    {
        "picture.record": (Event.PICTURE_RECORDED, _always),
        "picture.check": (Event.PICTURE_HELD, _stopped),
        "review.decide": (Event.PICTURE_APPROVED, _approved),
        "release.publish": (Event.PICTURE_RELEASED, _always),
        "release.withdraw": (Event.PICTURE_WITHDRAWN, _always),
        "job.screen": (Event.JOB_HELD, _held),
    }
)


def hear(sender: object, *, row: AuditRow, **_: object) -> None:
    """Write a delivery for each endpoint that wants to know of what was just noted."""
    event, counts = VERBS.get(row.verb, (None, _always))
    if event is None:
        return
    active = Endpoint.objects.filter(organisation=row.organisation, state=Endpoint.State.ACTIVE)
    wanting = [endpoint for endpoint in active if event in endpoint.events]
    if wanting and counts(row):
        facts = _about_job(row) if row.object_kind == "job" else _about_picture(row)
        for endpoint in wanting:
            write(endpoint, event, facts, at=row.at)


def write(endpoint: Endpoint, event: str, facts: Mapping[str, Any], *, at: datetime) -> Delivery:
    """A delivery, with the bytes that will be signed; the worker is woken when the transaction has ended."""
    payload = {"type": event, "timestamp": at.isoformat(), "data": facts}
    body = json.dumps(payload, separators=(",", ":"))
    delivery = Delivery.objects.create(endpoint=endpoint, event=event, body=body, created=at)
    transaction.on_commit(partial(bell.ring_delivery, delivery.pk))
    return delivery


def _about_job(row: AuditRow) -> dict[str, Any]:
    job = Job.objects.select_related("project").get(pk=row.object_id)
    return {**_where(job), "state": job.state, "path": reverse("api:job", args=[job.pk])}


def _about_picture(row: AuditRow) -> dict[str, Any]:
    picture = Picture.objects.select_related("job__project").get(pk=row.object_id)
    released = row.detail.get("sha256") if row.verb == "release.publish" else None
    return {
        "picture": str(picture.pk),
        **_where(picture.job),
        "state": picture.state,
        "sha256": released or picture.sha256 or None,
        "path": reverse("api:picture", args=[picture.pk]),
    }


def _where(job: Job) -> dict[str, str]:
    return {
        "job": str(job.pk),
        "campaign": str(job.campaign_id),
        "project": str(job.project_id),
        "organisation": str(job.project.organisation_id),
    }
