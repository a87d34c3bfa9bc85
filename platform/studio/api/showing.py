"""Rows as a program reads them. Nothing here decides who may: the rows were found among the owner's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from studio.accounts.models import Organisation
from studio.api.authentication import ProgramRequest, organisation_of
from studio.catalogue.models import Model
from studio.jobs import actions, line, queue, words
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, VISIBLE, JobState, PictureState
from studio.projects.models import Campaign, PolicyVersion, Project


def address(request: HttpRequest, name: str, *parts: Any) -> str:
    """The absolute address of a route."""
    return request.build_absolute_uri(reverse(name, args=parts))


def token(request: ProgramRequest, roles: Iterable[str]) -> dict[str, Any]:
    """The token in use."""
    used, organisation = request.auth, organisation_of(request)
    return {
        "name": used.name,
        "scopes": used.scopes,
        "expires": used.expires,
        "person": used.owner.get_username(),
        "organisation": organisation.pk,
        "organisation_name": organisation.name,
        "roles": sorted(roles),
        "campaign": used.campaign_id,
    }


def organisation(found: Organisation) -> dict[str, Any]:
    """An organisation."""
    return {"id": found.pk, "slug": found.slug, "name": found.name, "log": found.log}


def policy(request: HttpRequest, version: PolicyVersion) -> dict[str, Any]:
    """A policy's version: which one it is, not what is in it."""
    return {
        "id": version.pk,
        "number": version.number,
        "name": str(version.document.get("name", "")),
        "digest": version.digest,
        "label": version.label,
        "published": version.published,
        "page": address(request, "policy-version", version.pk),
    }


def project(request: HttpRequest, found: Project) -> dict[str, Any]:
    """A project with its policy in force and what is left of its budget."""
    version = found.policies.first()
    return {
        "id": found.pk,
        "slug": found.slug,
        "name": found.name,
        "organisation": found.organisation_id,
        "budget": found.budget,
        "left": actions.left(found),
        "label": found.label,
        "policy": policy(request, version) if version else None,
        "page": address(request, "project", found.pk),
    }


def campaign(request: HttpRequest, found: Campaign) -> dict[str, Any]:
    """A campaign."""
    names = ("slug", "name", "purpose", "languages", "channels", "created")
    return {
        "id": found.pk,
        "project": found.project_id,
        "page": address(request, "campaign", found.pk),
        **{name: getattr(found, name) for name in names},
    }


def model(request: HttpRequest, found: Model) -> dict[str, Any]:
    """A model."""
    names = ("slug", "title", "licence", "purposes", "languages", "defaults", "digest")
    return {
        "id": found.pk,
        "page": address(request, "model", found.pk),
        **{name: getattr(found, name) for name in names},
    }


def picture(request: HttpRequest, found: Picture) -> dict[str, Any]:
    """A picture that may be shown. Its job is at hand."""
    names = ("index", "state", "width", "height", "seed", "media_type", "sha256", "created", "changed")
    released = found.state == PictureState.RELEASED
    return {
        "id": found.pk,
        "job": found.job_id,
        "campaign": found.job.campaign_id,
        "project": found.job.project_id,
        "url": address(request, "api:picture", found.pk),
        "file": address(request, "api:file", found.pk, "signed"),
        "provenance": address(request, "api:provenance", found.pk),
        "released_file": address(request, "api:file", found.pk, "released") if released else None,
        "page": address(request, "picture", found.pk),
        **{name: getattr(found, name) for name in names},
    }


@dataclass(frozen=True, slots=True)
class Known:
    """What is asked for once for a list: the person's wrapped keys by membership, and places in line by request."""

    keys: Mapping[int, bytes]
    places: Mapping[UUID, int]


def jobs(request: ProgramRequest, rows: Sequence[Job]) -> list[dict[str, Any]]:
    """Requests, with their pictures and screenings at hand; the person's keys and the line are asked for once."""
    waits = any(one.state == JobState.QUEUED for one in rows)
    known = Known(words.keys_of(request.user), line.places() if waits else {})
    return [job(request, one, known=known) for one in rows]


def job(request: HttpRequest, found: Job, *, known: Known | None = None) -> dict[str, Any]:
    """A request with its pictures, whatever state they are in."""
    pictures = sorted(found.pictures.all(), key=lambda one: one.index)
    screenings = [one for one in found.screenings.all() if one.picture_id is None]
    names = ("state", "language", "count", "progress", "progress_total", "failure", "submitted", "started", "ended")
    return {
        "id": found.pk,
        "moving": moving(found, pictures),
        "campaign": found.campaign_id,
        "project": found.project_id,
        "model": found.model.slug,
        "policy": found.policy.digest,
        "asked_by": found.requester.user.get_username(),
        "prompt": _prompt(request, found, known),
        "spec": found.spec,
        "place": queue.place(found) if known is None else known.places.get(found.pk),
        "reasons": [reason for one in screenings for reason in one.reasons],
        "changes": [change for one in screenings for change in one.changes],
        "pictures": [_print(request, one) for one in pictures],
        "url": address(request, "api:job", found.pk),
        "events": address(request, "api:events", found.pk),
        "page": address(request, "request", found.pk),
        **{name: getattr(found, name) for name in names},
    }


def moving(found: Job, pictures: Iterable[Picture]) -> bool:
    """Whether it will go on by itself: neither it nor a picture of it waits for a person, or has ended."""
    if found.state == JobState.HELD:
        return False
    return found.state not in JOB_ENDS or any(one.state in queue.UNFINISHED for one in pictures)


def _prompt(request: HttpRequest, found: Job, known: Known | None) -> str | None:
    """The words, for whoever wrote them and nobody else: a program is to hold no more than it must."""
    if found.requester.user_id != request.user.pk:
        return None
    try:
        return words.open_words(found, key=None if known is None else known.keys.get(found.requester_id)).prompt
    except words.ErasedError:
        return None


def _print(request: HttpRequest, found: Picture) -> dict[str, Any]:
    shown = found.state in VISIBLE
    return {
        "id": found.pk,
        "index": found.index,
        "state": found.state,
        "waiting": found.waiting,
        "url": address(request, "api:picture", found.pk) if shown else None,
        "file": address(request, "api:file", found.pk, "signed") if shown else None,
    }
