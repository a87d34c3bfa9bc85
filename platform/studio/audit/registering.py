"""Copies the ledger's entries into the rows that the register searches, in the log's order, each once.

The ledger is what is read, so an entry that nobody here caused stands in the register too. What an entry leaves unsaid
about its picture or request is taken from the rows that caused it, and those are never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Max

from studio import pipeline
from studio.accounts.models import Organisation
from studio.audit.models import Recorded
from studio.jobs.models import Job, Picture
from studio.trail.models import LedgerIntent

PAGE = 500
JOINED = ("model", "policy", "requester")


def catch_up(organisation: Organisation, *, most: int | None = None) -> int:
    """Add the entries that the register lacks, at most `most`; returns how many. Raises LedgerUnavailableError."""
    missing = pipeline.entries(organisation.log, start=registered(organisation))
    added, entries = 0, islice(missing, most)
    while page := list(islice(entries, PAGE)):
        # Two workers may read the same entries: the first one's rows stay.
        Recorded.objects.bulk_create(rows(organisation, page), ignore_conflicts=True)
        added += len(page)
    return added


def registered(organisation: Organisation) -> int:
    """How many entries of the log the register has."""
    last = Recorded.objects.filter(organisation=organisation).aggregate(last=Max("sequence"))["last"]
    return 0 if last is None else int(last) + 1


def rows(organisation: Organisation, page: Sequence[pipeline.LedgerEntry]) -> Iterator[Recorded]:
    """The register's rows of some entries."""
    jobs = _jobs(page)
    for entry in page:
        body, job = entry.body, jobs.get(entry.entry_id)
        yield Recorded(
            organisation=organisation,
            sequence=entry.sequence,
            entry=str(entry.entry_id),
            kind=str(entry.kind),
            at=entry.at,
            record=entry.record or "",
            asset=str((entry.asset or {}).get("sha256", "")),
            leaf=entry.leaf,
            picture=record_key(entry.record),
            project=_id(body.get("project")) or (str(job.project_id) if job else ""),
            campaign=_id(body.get("campaign")) or (str(job.campaign_id) if job else ""),
            model=_model(entry) or (job.model.digest if job else ""),
            policy=_policy(entry) or (job.policy.digest if job else ""),
            maker=_id(body.get("maker")) or (str(job.requester.pseudonym) if job else ""),
            outcome=_outcome(body),
        )


def record_key(record: str | None) -> UUID | None:
    """The picture that a record names; None for none, and for a record that names no row."""
    return _key((record or "").removeprefix("urn:uuid:"))


def _jobs(page: Sequence[pipeline.LedgerEntry]) -> Mapping[UUID, Job]:
    """The request behind each entry that has one, by the entry's id."""
    keys = {entry.entry_id: record_key(entry.record) for entry in page}
    pictures = dict(Picture.objects.filter(pk__in=_some(keys.values())).values_list("pk", "job_id"))
    causes = {cause.pk: _key(cause.row) for cause in LedgerIntent.objects.filter(pk__in=list(keys)).only("row")}
    named = {entry.entry_id: _key(entry.body.get("job")) for entry in page}
    wanted = {
        pk: (pictures.get(picture) if picture else None) or named[pk] or causes.get(pk) for pk, picture in keys.items()
    }
    jobs = Job.objects.select_related(*JOINED).in_bulk(list(_some(wanted.values())))
    return {pk: jobs[job] for pk, job in wanted.items() if job and job in jobs}


def _some(keys: Iterable[UUID | None]) -> set[UUID]:
    return {key for key in keys if key is not None}


def _key(value: object) -> UUID | None:
    with suppress(ValueError):
        return UUID(str(value))
    return None


def _id(value: object) -> str:
    key = _key(value)
    return str(key) if key else ""


def _model(entry: pipeline.LedgerEntry) -> str:
    """The weights' digest that an entry names: a model's own entry calls it `digest`."""
    return _digest(entry.body.get("digest" if entry.kind == "model" else "model"))


def _policy(entry: pipeline.LedgerEntry) -> str:
    return _digest(entry.body.get("digest" if entry.kind == "policy" else "policy"))


def _digest(value: Any) -> str:
    return value if isinstance(value, str) and len(value) == 64 else ""


def _outcome(body: Mapping[str, Any]) -> str:
    """What was decided, what happened to a key or a protected picture, or which form a report has."""
    return str(body.get("outcome") or body.get("event") or body.get("form") or "")[:20]
