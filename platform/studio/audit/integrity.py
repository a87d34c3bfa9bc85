"""Does everything still agree.

The ledger with itself and its outside checkpoint, the rows with the ledger, the files with both?

Read only. Each check yields problems that name the entry or the picture; an empty answer means that every row,
entry and file was looked at and agreed. It detects; it prevents nothing, and whoever can rewrite the ledger, its
key *and* every outside copy of a checkpoint is beyond it.

The numbers are those of docs/reliability.md, "Invariants".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from studio import blobs, pipeline, stores
from studio.accounts.models import Organisation
from studio.audit.models import Report
from studio.catalogue.models import ModelDecision
from studio.jobs.models import Job, Picture
from studio.jobs.states import VISIBLE, JobState, PictureState
from studio.review.models import HoldRuling, Release, Rendition, ReviewDecision
from studio.trail.models import LedgerIntent

GRACE = timedelta(seconds=60)
BLOB_GRACE = timedelta(hours=24)
PAGE = 500
# What the last entry about a picture allows its state to be.
ALLOWED = {
    "picture": {PictureState.RECORDED, PictureState.IN_REVIEW},
    "APPROVED": {PictureState.APPROVED},
    "REJECTED": {PictureState.REJECTED},
    "CHANGES_REQUESTED": {PictureState.CHANGES_REQUESTED, PictureState.IN_REVIEW},
    "DISCARDED": {PictureState.DISCARDED},
    "erasure": {PictureState.DISCARDED},
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


def problems(*, now: datetime, outside: Path | None = None) -> Iterator[Problem]:
    """Every disagreement in the installation, the ledgers' own first; memory does not grow with what is there.

    `outside` is the folder of a copy of the checkpoints and time-stamps that was kept elsewhere. Raises
    LedgerUnavailableError, and ValueError when the copy is not whole.
    """
    for organisation in Organisation.objects.order_by("slug"):
        yield from ledger_problems(organisation, outside)
        yield from orphan_entries(organisation)
        yield from picture_problems(organisation)
    yield from intent_problems(now)
    yield from ending_problems()
    yield from decision_problems()
    yield from stray_blobs(now)


def ledger_problems(organisation: Organisation, outside: Path | None = None) -> Iterator[Problem]:
    """2 and 8: the tree recomputes, and agrees with what is kept outside the database."""
    for problem in pipeline.audit_log(organisation.log, organisation.slug, outside=outside):
        yield Problem(problem.invariant, problem.subject, problem.reason)


def orphan_entries(organisation: Organisation) -> Iterator[Problem]:
    """3: each entry was caused by a row of ours, and the picture that it is about has one."""
    pictures = Picture.objects.filter(job__project__organisation=organisation)
    entries = pipeline.entries(organisation.log)
    while page := list(islice(entries, PAGE)):
        ids, records = [entry.entry_id for entry in page], {entry.record for entry in page if entry.record}
        caused = set(LedgerIntent.objects.filter(log=organisation.log, entry__in=ids).values_list("entry", flat=True))
        known = {picture.record for picture in pictures.filter(pk__in=list(_keys(records)))}
        for entry in page:
            if entry.entry_id not in caused:
                yield Problem(3, f"entry {entry.sequence} ({entry.entry_id})", "no row here caused it")
            if entry.record is not None and entry.record not in known:
                yield Problem(3, f"entry {entry.entry_id}", f"its picture {entry.record} has no row here")


def intent_problems(now: datetime, *, log: str | None = None) -> Iterator[Problem]:
    """2 and 6: what we committed to is in the ledger, byte for byte, where we were told; of one log, or of all."""
    intents = LedgerIntent.objects.order_by("log", "sequence")
    rows = (intents.filter(log=log) if log else intents).iterator(PAGE)
    while page := list(islice(rows, PAGE)):
        kept = _kept(page)
        for intent in page:
            canonical = bytes(intent.canonical)
            if kept.get((intent.log, intent.sequence)) != canonical or pipeline.leaf_of(canonical) != intent.leaf:
                yield from _broken(intent, now)


def _kept(page: Sequence[LedgerIntent]) -> dict[tuple[str, int | None], bytes]:
    """The ledger's bytes at the places that some intents were given."""
    places: dict[str, list[int]] = {}
    for intent in page:
        if intent.sequence is not None:
            places.setdefault(intent.log, []).append(intent.sequence)
    return {
        (log, sequence): canonical
        for log, sequences in places.items()
        for sequence, canonical in pipeline.canonical_at(log, sorted(sequences))
    }


def _broken(intent: LedgerIntent, now: datetime) -> Iterator[Problem]:
    """What is wrong with an intent that is not at its place as committed; one still on its way is not wrong."""
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


def _keys(records: Iterable[str]) -> Iterator[UUID]:
    """The rows that records name; a record that names none at all is nobody's."""
    for record in records:
        with suppress(ValueError):
            yield UUID(record.removeprefix("urn:uuid:"))


def picture_problems(organisation: Organisation) -> Iterator[Problem]:
    """1, 3, 4 and 6: every picture against its entries and files."""
    for picture in Picture.objects.filter(job__project__organisation=organisation).iterator():
        yield from problems_of(picture)


def problems_of(picture: Picture) -> list[Problem]:
    """1, 3, 4 and 6, of one picture."""
    found = list(_disagreements(picture, pipeline.entries_about(picture.record)))
    if found:
        # A picture that moved on between the two reads is no disagreement: look once more at both.
        picture.refresh_from_db()
        found = list(_disagreements(picture, pipeline.entries_about(picture.record)))
    return found


def _disagreements(picture: Picture, history: list[pipeline.LedgerEntry]) -> Iterator[Problem]:
    made = next((entry for entry in history if entry.kind == "picture"), None)
    if made is None:
        if picture.state in VISIBLE:
            yield Problem(1, picture.record, f"is {picture.state} without an entry")
        return
    if digest_in(made) != picture.sha256:
        yield Problem(1, f"entry {made.entry_id}", f"records another file than {picture.record} shows")
    if picture.state in VISIBLE and (made.sequence, made.leaf) != (picture.sequence, picture.leaf):
        yield Problem(1, f"entry {made.entry_id}", f"{picture.record} names another place in the ledger")
    if any(entry.kind == "erasure" for entry in history):
        # The tombstone stands for the file.
        yield from state_problems(picture, history, None)
        return
    yield from file_problems(picture.sha256, picture.record)
    if made.body.get("process", "") != picture.process_sha256:
        yield Problem(1, f"entry {made.entry_id}", f"records another strip of its making than {picture.record} shows")
    elif picture.process_sha256:
        yield from file_problems(picture.process_sha256, picture.record)
    release = Release.objects.filter(picture=picture).first()
    for entry in history:
        if entry.kind == "release":
            yield from release_problems(entry, picture, release)
        elif entry.kind == "rendition":
            yield from rendition_problems(entry, picture)
    yield from state_problems(picture, history, release)


def digest_in(entry: pipeline.LedgerEntry) -> str:
    """The SHA-256 of the file an entry is about, or nothing."""
    return str((entry.asset or {}).get("sha256", ""))


def release_problems(entry: pipeline.LedgerEntry, picture: Picture, release: Release | None) -> Iterator[Problem]:
    """1 and 4: the released file is the one the ledger knows, and it is there."""
    if release is None:
        yield Problem(3, f"entry {entry.entry_id}", f"the release of {picture.record} has no row here")
    elif digest_in(entry) != release.sha256:
        yield Problem(1, f"entry {entry.entry_id}", f"records another file than {picture.record} is released as")
    else:
        yield from file_problems(release.sha256, picture.record)


def rendition_problems(entry: pipeline.LedgerEntry, picture: Picture) -> Iterator[Problem]:
    """1 and 4: a rendition's file is the one the ledger knows, and it is there."""
    rendition = Rendition.objects.filter(release__picture=picture, sha256=digest_in(entry)).first()
    if rendition is None:
        yield Problem(3, f"entry {entry.entry_id}", f"that rendition of {picture.record} has no row here")
    else:
        yield from file_problems(rendition.sha256, picture.record)


def state_problems(picture: Picture, history: list[pipeline.LedgerEntry], release: Release | None) -> Iterator[Problem]:
    """6: the state is one that the last entry allows; what is committed to but not yet appended is waited for."""
    if LedgerIntent.objects.filter(sequence=None, record=picture.record).exists():
        return
    # A ruling on pixels held back, an approval that others must join, and a rendition leave the state as it is.
    moved = (entry for entry in history if _moves(entry))
    last = list(moved)[-1]
    key = str(last.body["outcome"]) if last.kind in {"decision", "closure"} else str(last.kind)
    # Between two steps of the signing worker: appended, and not yet shown.
    halfway = (key, picture.state) == ("picture", PictureState.SIGNED) or (
        (key, picture.state) == ("release", PictureState.APPROVED) and release is not None and release.at is None
    )
    if picture.state not in ALLOWED[key] and not halfway:
        reason = f"{picture.record} is {picture.state}, which its last entry ({key}) does not allow"
        yield Problem(6, f"entry {last.entry_id}", reason)


def _moves(entry: pipeline.LedgerEntry) -> bool:
    """Whether an entry about a picture came with a change of its state."""
    joins = entry.body.get("about") == "held picture" or entry.body.get("final") is False
    return not joins and entry.kind != "rendition"


def file_problems(sha256: str, record: str) -> Iterator[Problem]:
    """4: the stored file has its digest, its credential is intact and ours, and it is this record's."""
    try:
        verification = pipeline.verify(blobs.get(sha256))
    except blobs.BlobError as error:
        yield Problem(4, record, str(error))
        return
    if verification.integrity != "intact" or not verification.signer.startswith("trusted:"):
        standing = f"its credential is {verification.integrity}, its signer {verification.signer}"
        yield Problem(4, record, f"{standing}: {' '.join(verification.reasons)}")
    elif verification.record != record:
        yield Problem(4, record, f"its file is that of {verification.record}")


def ending_problems(*, organisation: Organisation | None = None) -> Iterator[Problem]:
    """6.

    Every request that ended without pictures has its entry, and no pictured request claims to have been
    blocked.
    """
    jobs = Job.objects.filter(project__organisation=organisation) if organisation else Job.objects.all()
    ended = jobs.filter(state__in=[JobState.BLOCKED, JobState.FAILED, JobState.LOST, JobState.CANCELLED])
    for job in ended.iterator():
        count = LedgerIntent.objects.filter(row=str(job.pk), kind__in=["block", "closure"]).count()
        if count != 1:
            yield Problem(6, f"request {job.pk}", f"is {job.state} with {count} entries instead of one")
    witnessed = LedgerIntent.objects.filter(kind__in=["block", "closure"])
    if organisation:
        witnessed = witnessed.filter(log=organisation.log)
    rows = [UUID(row) for row in witnessed.values_list("row", flat=True)]
    for start in range(0, len(rows), PAGE):
        for job in jobs.filter(pk__in=rows[start : start + PAGE]).exclude(pk__in=ended.values("pk")):
            yield Problem(6, f"request {job.pk}", f"is {job.state}, but the ledger says that it ended")


def decision_problems(*, organisation: Organisation | None = None) -> Iterator[Problem]:
    """6 and 7: each decision has its entry, and nobody decided about what they had shaped."""
    kinds = (
        (ReviewDecision.objects.all(), "picture__job__project__organisation", "decision"),
        (HoldRuling.objects.all(), "job__project__organisation", "decision"),
        (ModelDecision.objects.all(), "model__organisation", "model"),
    )
    for all_rows, owner, kind in kinds:
        mine = all_rows.filter(**{owner: organisation}) if organisation else all_rows
        rows = [str(pk) for pk in mine.order_by("pk").values_list("pk", flat=True)]
        for start in range(0, len(rows), PAGE):
            page = rows[start : start + PAGE]
            witnessed = set(LedgerIntent.objects.filter(kind=kind, row__in=page).values_list("row", flat=True))
            for row in sorted(set(page) - witnessed):
                yield Problem(6, f"decision {row}", "has no entry")
    approved = ReviewDecision.objects.filter(picture__job__shapers__user=F("reviewer"))
    ruled = HoldRuling.objects.filter(job__shapers__user=F("reviewer"))
    if organisation:
        approved = approved.filter(picture__job__project__organisation=organisation)
        ruled = ruled.filter(job__project__organisation=organisation)
    for pk in [*approved.values_list("pk", flat=True).distinct(), *ruled.values_list("pk", flat=True).distinct()]:
        yield Problem(7, f"decision {pk}", "was taken by somebody who had shaped the picture")


def stray_blobs(now: datetime) -> Iterator[Problem]:
    """9: no file older than a day that nothing refers to (`blobs.strays` and the sweep see to it)."""
    for place in unreferred(now):
        yield Problem(9, f"file {_digest(place)}", "nothing refers to it")


def unreferred(now: datetime) -> Iterator[stores.Place]:
    """Files of the store that are older than a day and that no picture, release, rendition or report names."""
    # A picture that was discarded has no file any more, though its row goes on naming it.
    kept = Picture.objects.exclude(state=PictureState.DISCARDED)
    naming: tuple[tuple[QuerySet[Any], str], ...] = (
        (kept, "sha256"),
        (kept, "process_sha256"),
        *((rows.objects.all(), "sha256") for rows in (Release, Rendition, Report)),
    )
    places = blobs.strays(before=now - BLOB_GRACE)
    while page := {_digest(place): place for place in islice(places, PAGE)}:
        for rows, name in naming:
            for sha256 in rows.filter(**{f"{name}__in": list(page)}).values_list(name, flat=True):
                page.pop(sha256, None)
        yield from page.values()


def _digest(place: stores.Place) -> str:
    return place.name.rpartition("/")[2]
