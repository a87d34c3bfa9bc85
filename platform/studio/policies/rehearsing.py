"""Runs a draft over its examples and over past requests, and says what would have been different.

- The control worker does it in slices, so that a long rehearsal keeps no request waiting; each slice holds a lease,
  and what a crash interrupts is taken up again.
- Both policies, the draft and the one in force, are asked anew by the same screens: a difference is the policy's own.
- The report names requests and decisions, never words; whoever may read a request's words finds them on its page.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from studio import pipeline
from studio.claims import cut_leases, unheard
from studio.jobs import bell, words
from studio.jobs.models import Job, Screening
from studio.policies.actions import Preview, preview
from studio.policies.consequences import Consequence, consequences
from studio.policies.judging import judge_again, judge_words, usual_folder
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.scope import Scope

SLICE = 20
MOST_REQUESTS = 500
LEASE = timedelta(minutes=2)
STALE = "The draft, or what it stands on, changed meanwhile; rehearse it again."


def newest_requests(scope: Scope, count: int) -> list[UUID]:
    """The last requests that were screened under the policies a draft for `scope` would replace; no appeals."""
    jobs = Job.objects.filter(
        project__in=scope.projects(), appeal_of=None, screenings__picture=None, screenings__reference=False
    )
    return list(jobs.order_by("-submitted").values_list("pk", flat=True)[: min(count, MOST_REQUESTS)])


def start(rehearsal: Rehearsal) -> None:
    """Wake a worker; what needs no screen is finished at once."""
    if rehearsal.wanted or rehearsal.draft.examples:
        transaction.on_commit(lambda: bell.ring_rehearsal(rehearsal.pk))
    else:
        rehearse(rehearsal.pk, at=rehearsal.asked)
        rehearsal.refresh_from_db()


def rehearse(pk: UUID, *, at: datetime) -> bool:
    """Do the next slice; returns whether there is more to do."""
    rehearsal = _claimed(pk, at=at)
    if rehearsal is None:
        return False
    shown = preview(rehearsal.draft)
    report = dict(rehearsal.report)
    if shown.digest != rehearsal.digest:
        return _keep(rehearsal, report | {"stale": STALE}, done=rehearsal.done, finished=at)
    if "examples" not in report:
        report |= {"examples": _examples(rehearsal.draft, shown, at), "changed": [], "counts": {}, "erased": 0}
        return _keep(rehearsal, report, done=0, finished=None if rehearsal.wanted else at)
    slice_ = rehearsal.wanted[rehearsal.done : rehearsal.done + SLICE]
    _go_over(slice_, consequences(rehearsal.draft, shown), report, at)
    done = rehearsal.done + len(slice_)
    return _keep(rehearsal, report, done=done, finished=at if done >= len(rehearsal.wanted) else None)


def _claimed(pk: UUID, *, at: datetime) -> Rehearsal | None:
    token = uuid4()
    free = Rehearsal.objects.filter(Q(lease=None) | Q(lease__lt=at), pk=pk, finished=None)
    if free.update(token=token, lease=at + LEASE) != 1:
        return None
    return Rehearsal.objects.select_related("draft__organisation", "draft__project").get(pk=pk, token=token)


def _keep(rehearsal: Rehearsal, report: dict[str, Any], *, done: int, finished: datetime | None) -> bool:
    """Write the slice down, unless somebody else took over meanwhile; returns whether there is more to do."""
    mine = Rehearsal.objects.filter(pk=rehearsal.pk, token=rehearsal.token, finished=None)
    kept = mine.update(report=report, done=done, finished=finished, lease=None)
    return kept == 1 and finished is None


def _examples(draft: PolicyDraft, shown: Preview, at: datetime) -> list[dict[str, Any]]:
    """Each example with what the draft does, and whether that is as it must be."""
    rows, folder = [], usual_folder(draft.organisation)
    for place, example in enumerate(draft.examples):
        screened = judge_words(
            example["text"],
            "",
            document=shown.ruling.document,
            language=example["language"],
            folder=folder,
            at=at,
        )
        met = pipeline.expected(example["expect"], screened.action)
        rows.append({"place": place, "action": screened.action, "met": met, "reasons": screened.reasons})
    return rows


def _go_over(slice_: list[str], documents: Mapping[UUID, Consequence], report: dict[str, Any], at: datetime) -> None:
    """Add to the report what would have been different for these requests and their pictures."""
    jobs = Job.objects.filter(pk__in=slice_).select_related("model").prefetch_related("screenings")
    counts, changed = Counter(report["counts"]), list(report["changed"])
    for job in sorted(jobs, key=lambda job: slice_.index(str(job.pk))):
        try:
            for row in _differences(job, documents[job.project_id], at):
                counts[f"{row['stage']}:{row['before']}:{row['after']}"] += 1
                if row["before"] != row["after"]:
                    changed.append(row)
        except words.ErasedError:
            report["erased"] += 1
    report |= {"counts": dict(counts), "changed": changed}


def _differences(job: Job, documents: Consequence, at: datetime) -> Iterator[dict[str, Any]]:
    """What each screening of a request comes to under both policies."""
    screenings = sorted(job.screenings.all(), key=lambda screening: (screening.at, str(screening.pk)))
    for screening in screenings:
        screening.job = job
        after = judge_again(screening, document=documents.after, at=at)
        yield {
            "job": str(job.pk),
            "asked": job.submitted.isoformat(),
            "subject": screening.subject,
            "stage": screening.decision.get("stage", "picture"),
            "before": _before(screening, documents.before, at),
            "after": after.action,
            "categories": _causes(after),
        }


def _causes(screened: pipeline.Screened) -> list[str]:
    """What the decision rests on, by category."""
    strictest = [f for f in screened.decision["findings"] if f["mode"] == "enforce" and f["action"] == screened.action]
    return sorted({f["category"] for f in strictest}) if screened.action != "allow" else []


def _before(screening: Screening, document: Mapping[str, Any] | None, at: datetime) -> str:
    """What the policy in force says; where there is none, what was decided at the time."""
    if document is None:
        return str(screening.action)
    return judge_again(screening, document=document, at=at).action


def left_over(*, now: datetime) -> list[UUID]:
    """Rehearsals that a lost message, or a worker's end, left unfinished."""
    waiting = Rehearsal.objects.filter(unheard("asked", now, seconds=10), finished=None)
    cut_leases(waiting, longest=now + LEASE)
    return list(waiting.filter(Q(lease=None) | Q(lease__lt=now)).values_list("pk", flat=True)[:20])


def summary(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How many words and pictures would come to something else, and to what; the unchanged ones first."""
    rows = []
    for key, number in report.get("counts", {}).items():
        stage, before, after = key.split(":")
        rows.append({"stage": stage, "before": before, "after": after, "number": number, "same": before == after})
    return sorted(rows, key=lambda row: (row["stage"] != "prompt", not row["same"], -row["number"]))
