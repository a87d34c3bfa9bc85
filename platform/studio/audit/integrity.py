"""Does everything still agree.

The ledger with itself and its outside checkpoint, the rows with the ledger, the files with both?

Read only. Each check yields problems that name the entry or the picture; an empty answer means that every row,
entry and file was looked at and agreed. It detects; it prevents nothing, and whoever can rewrite the ledger, its
key *and* every outside copy of a checkpoint is beyond it.

The numbers are those of docs/reliability.md, "Invariants".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from studio import blobs, pipeline
from studio.accounts.models import Organisation
from studio.jobs.models import Job, Picture
from studio.jobs.states import VISIBLE, JobState, PictureState
from studio.review.models import HoldRuling, Release, ReviewDecision
from studio.trail.models import LedgerIntent

GRACE = timedelta(seconds=60)
BLOB_GRACE = timedelta(hours=24)
# What the last entry about a picture allows its state to be.
ALLOWED = {
    "picture": {PictureState.RECORDED, PictureState.IN_REVIEW, PictureState.DISCARDED},
    "APPROVED": {PictureState.APPROVED},
    "REJECTED": {PictureState.REJECTED},
    "CHANGES_REQUESTED": {PictureState.CHANGES_REQUESTED, PictureState.IN_REVIEW, PictureState.DISCARDED},
    "release": {PictureState.RELEASED},
    "withdrawal": {PictureState.WITHDRAWN},
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One disagreement: the invariant's number, the entry, picture or file it is about, and what is wrong."""

    invariant: int
    subject: str
    reason: str

    def __str__(self) -> str:
        return f"[{self.invariant}] {self.subject}: {self.reason}"


def problems(*, now: datetime) -> Iterator[Problem]:
    """Every disagreement in the installation, the ledgers' own first. Raises LedgerUnavailableError."""
    for organisation in Organisation.objects.order_by("slug"):
        yield from ledger_problems(organisation)
        yield from orphan_entries(organisation)
    yield from intent_problems(now)
    for picture in (
        Picture.objects.filter(state__in=[*VISIBLE, PictureState.SIGNED])
        .select_related("job__project__organisation")
        .iterator()
    ):
        yield from picture_problems(picture)
    for release in Release.objects.exclude(sha256="").select_related("picture").iterator():
        yield from file_problems(release.sha256, f"release of {release.picture.record}")
    yield from ending_problems(now)
    yield from decision_problems()
    yield from stray_blobs(now)


def ledger_problems(organisation: Organisation) -> Iterator[Problem]:
    """2 and 8: the tree recomputes, and agrees with the checkpoint that is kept outside the database."""
    for problem in pipeline.audit_log(organisation.log, organisation.slug):
        yield Problem(problem.invariant, problem.subject, problem.reason)


def orphan_entries(organisation: Organisation) -> Iterator[Problem]:
    """3: each entry was caused by a row of ours."""
    known = set(LedgerIntent.objects.filter(log=organisation.log).values_list("entry", flat=True))
    for entry in pipeline.entries(organisation.log):
        if entry.entry_id not in known:
            yield Problem(3, f"entry {entry.sequence} ({entry.entry_id})", "no row here caused it")


def intent_problems(now: datetime) -> Iterator[Problem]:
    """2 and 6: what we committed to is in the ledger, byte for byte, where we were told."""
    for intent in LedgerIntent.objects.order_by("created").iterator():
        entry = pipeline.entry(intent.entry)
        subject = f"entry {intent.entry} ({intent.kind})"
        if entry is None and (intent.sequence is not None or intent.created < now - GRACE):
            yield Problem(6, subject, "is missing from the ledger")
        elif entry is not None and entry.canonical != bytes(intent.canonical):
            yield Problem(2, subject, "the ledger holds other bytes than were committed here")
        elif (
            entry is not None
            and intent.sequence is not None
            and (entry.sequence, entry.leaf) != (intent.sequence, intent.leaf)
        ):
            yield Problem(2, subject, f"its receipt says place {intent.sequence}, the ledger {entry.sequence}")


def picture_problems(picture: Picture) -> Iterator[Problem]:
    """1 and 4.

    Its entry exists with its digest, its file is there and is validly signed, its state is what its entries
    allow.
    """
    entries = pipeline.entries_about(picture.record)
    made = next((entry for entry in entries if entry.kind == "picture"), None)
    if picture.state in VISIBLE:
        if made is None:
            yield Problem(1, picture.record, f"is {picture.state} without an entry")
        elif (made.asset or {}).get("sha256") != picture.sha256:
            yield Problem(1, f"entry {made.entry_id}", f"records another file than {picture.record} shows")
        elif (made.sequence, made.leaf) != (picture.sequence, picture.leaf):
            yield Problem(1, f"entry {made.entry_id}", f"{picture.record} names another place in the ledger")
    yield from file_problems(picture.sha256, picture.record)
    yield from state_problems(picture, [entry for entry in entries if entry.body.get("about") != "held picture"])


def state_problems(picture: Picture, entries: list[pipeline.LedgerEntry]) -> Iterator[Problem]:
    """1 and 6: the state agrees with the last entry (one that is committed to but not yet appended counts)."""
    owed = LedgerIntent.objects.filter(sequence=None, record=picture.record).exists()
    if not entries or owed:
        return
    last = entries[-1]
    key = str(last.body.get("outcome", "")) if last.kind == "decision" else str(last.kind)
    if picture.state not in ALLOWED.get(key, set()) and picture.state != PictureState.SIGNED:
        # An appended release whose last step was cut off is APPROVED for a moment more; the sweeper ends it.
        if key == "release" and picture.state == PictureState.APPROVED and picture.release.at is None:
            return
        yield Problem(
            6,
            f"entry {last.entry_id}",
            f"{picture.record} is {picture.state}, which its last entry ({key}) does not allow",
        )


def file_problems(sha256: str, subject: str) -> Iterator[Problem]:
    """4: the stored file has its digest and its credential is intact and ours."""
    try:
        data = blobs.get(sha256)
    except blobs.BlobError as error:
        yield Problem(4, subject, str(error))
        return
    verification = pipeline.verify(data)
    if verification.integrity != "intact" or not verification.signer.startswith("trusted:"):
        standing = f"its credential is {verification.integrity}, its signer {verification.signer}"
        yield Problem(4, subject, f"{standing}: {' '.join(verification.reasons)}")


def ending_problems(now: datetime) -> Iterator[Problem]:
    """6.

    Every request that ended without pictures has its entry, and no pictured request claims to have been
    blocked.
    """
    ended = Job.objects.filter(state__in=[JobState.BLOCKED, JobState.FAILED, JobState.LOST, JobState.CANCELLED])
    for job in ended.iterator():
        count = LedgerIntent.objects.filter(row=str(job.pk), kind__in=["block", "closure"]).count()
        if count != 1:
            yield Problem(6, f"request {job.pk}", f"is {job.state} with {count} entries instead of one")
    witnessed = LedgerIntent.objects.filter(kind__in=["block", "closure"]).values_list("row", flat=True)
    alive = Job.objects.filter(pk__in=[UUID(row) for row in witnessed]).exclude(pk__in=ended.values("pk"))
    for job in alive:
        yield Problem(6, f"request {job.pk}", f"is {job.state}, but the ledger says that it ended")


def decision_problems() -> Iterator[Problem]:
    """6 and 7: each decision has its entry, and nobody decided about what they had shaped."""
    for model in (ReviewDecision, HoldRuling):
        rows = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
        witnessed = set(LedgerIntent.objects.filter(kind="decision", row__in=rows).values_list("row", flat=True))
        for row in sorted(rows - witnessed):
            yield Problem(6, f"decision {row}", "has no entry")
    approved = ReviewDecision.objects.filter(picture__job__shapers__user=F("reviewer"))
    ruled = HoldRuling.objects.filter(job__shapers__user=F("reviewer"))
    for pk in [*approved.values_list("pk", flat=True).distinct(), *ruled.values_list("pk", flat=True).distinct()]:
        yield Problem(7, f"decision {pk}", "was taken by somebody who had shaped the picture")


def stray_blobs(now: datetime) -> Iterator[Problem]:
    """9: no file older than a day that nothing refers to."""
    referred = set(Picture.objects.exclude(sha256="").values_list("sha256", flat=True))
    referred |= set(Release.objects.exclude(sha256="").values_list("sha256", flat=True))
    for path in blobs.root().glob("??/*"):
        old = path.stat().st_mtime < (now - BLOB_GRACE).timestamp()
        if old and path.name not in referred:
            yield Problem(9, f"file {path.name}", "nothing refers to it")
