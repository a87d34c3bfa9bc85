"""Everything that is on record about one picture, in the order in which it happened, each with its ledger entry.

What is said of people is their role and its id: a dossier is handed to third parties. Words that somebody typed to have
the picture made are not in it; a commitment to them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from studio import blobs, pipeline
from studio.accounts.models import Organisation
from studio.audit.story import Event, Facts, People, Witness, events
from studio.catalogue.models import Material, Model
from studio.jobs.models import Picture
from studio.review.models import HoldRuling, Release
from studio.trail.models import LedgerIntent


@dataclass(frozen=True, slots=True)
class Dossier:
    """One picture's whole record. `fault` says why the ledger's words are missing, where it cannot be read."""

    picture: Picture
    organisation: Organisation
    events: Sequence[Event]
    credentials: Sequence[tuple[str, pipeline.Summary]]
    hashes: Facts
    lineage: Sequence[Model]
    materials: Sequence[Material]
    checkpoint: str
    stamp: pipeline.Stamp | None
    people: Sequence[tuple[str, str]]
    fault: str = ""

    @property
    def release(self) -> Release | None:
        """The release, where there is one."""
        return Release.objects.filter(picture=self.picture, at__isnull=False).first()

    @property
    def file(self) -> str:
        """The digest of the file that stands for the picture: the released one, else the first signed one."""
        return self.release.sha256 if self.release else self.picture.sha256


def dossier(picture: Picture) -> Dossier:
    """The dossier of a picture, its request and everything joined to it loaded."""
    job = picture.job
    organisation = job.project.organisation
    people = People(organisation)
    note, stamp, witnesses, fault = _ledger_words(picture)
    told = sorted(events(picture, people, witnesses), key=lambda event: event.at)
    return Dossier(
        picture=picture,
        organisation=organisation,
        events=told,
        credentials=list(_credentials(picture)),
        hashes=list(_hashes(picture)),
        lineage=list(job.model.line.exclude(pk=job.model.pk)),
        materials=list(picture.materials.order_by("model", "place")[:MOST_MATERIALS]),
        checkpoint=note,
        stamp=stamp,
        people=sorted(people.named.items()),
        fault=fault,
    )


MOST_MATERIALS = 200


def _ledger_words(picture: Picture) -> tuple[str, pipeline.Stamp | None, Mapping[str, Witness], str]:
    """The last checkpoint, the last time-stamp, and the entries about a picture, by the row behind each."""
    job = picture.job
    rows = [str(job.pk), *(str(pk) for pk in HoldRuling.objects.filter(job=job).values_list("pk", flat=True))]
    causes = LedgerIntent.objects.filter(row__in=rows, log=job.project.organisation.log)
    try:
        log = job.project.organisation.log
        entries = {entry.entry_id: entry for entry in pipeline.entries_about(picture.record) if entry.log == log}
        for cause in causes:
            if cause.pk not in entries and (found := pipeline.entry(cause.pk)):
                entries[cause.pk] = found
        note, stamp = pipeline.last_checkpoint(log) or "", pipeline.last_stamp(log)
        of = {cause.pk: cause.row for cause in LedgerIntent.objects.filter(pk__in=list(entries))}
        witnesses = {
            f"{entry.kind} {of.get(pk, '')}": Witness(entry, pipeline.proof(log, entry.sequence, note=note or None))
            for pk, entry in entries.items()
        }
    except pipeline.ProvenanceError:
        return "", None, {}, _("The ledger cannot be read at present, so entries and proofs are missing here.")
    return note, stamp, witnesses, ""


def _credentials(picture: Picture) -> Iterator[tuple[str, pipeline.Summary]]:
    """What the credentials in its files say, as far as the files are there and can be read."""
    files = [(_("First signed file"), picture.sha256)]
    release = Release.objects.filter(picture=picture, at__isnull=False).first()
    if release is not None:
        files.append((_("Released file"), release.sha256))
    for name, sha256 in files:
        if not sha256:
            continue
        try:
            summary = pipeline.summarise(blobs.get(sha256))
        except (blobs.BlobError, pipeline.ProvenanceError, ValueError):
            continue
        if summary is not None:
            yield name, summary


def _hashes(picture: Picture) -> Iterator[tuple[str, str]]:
    """Every digest that something can be compared by."""
    job = picture.job
    yield _("Pixels as the model made them"), picture.source_pixel_sha256
    if picture.sha256:
        yield _("First signed file"), picture.sha256
        yield _("Its pixels, label included"), picture.pixel_sha256
    if picture.process_sha256:
        yield _("Strip of its making"), picture.process_sha256
    release = Release.objects.filter(picture=picture, at__isnull=False).prefetch_related("renditions").first()
    if release is not None:
        yield _("Released file"), release.sha256
        for one in release.renditions.all():
            if one.at:
                yield one.title, one.sha256
    yield _("Recipe"), picture.recipe_digest
    yield _("Request"), job.request_digest
    yield _("Commitment to the words"), job.prompt_commitment
    yield _("Policy, version %(n)d") % {"n": job.policy.number}, job.policy.digest
    yield _("Weights of the model"), job.model.digest


def find_pictures(keys: Iterable[UUID]) -> list[Picture]:
    """Pictures with all that a dossier names."""
    joined = ("campaign", "project__organisation", "model", "policy", "requester__user")
    pictures = Picture.objects.filter(pk__in=list(keys)).select_related(*(f"job__{name}" for name in joined))
    return list(pictures.order_by("sequence"))
