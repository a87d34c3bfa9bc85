"""Everything that is on record about one picture, in the order in which it happened, each with its ledger entry.

What is said of people is their role and its id: a dossier is handed to third parties. Words that somebody typed to have
the picture made are not in it; a commitment to them is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studio import blobs, pipeline
from studio.accounts.models import Membership, Organisation
from studio.audit.selecting import role_id
from studio.catalogue.models import Material, Model
from studio.jobs.models import Job, Picture, Screening
from studio.review.models import HoldRuling, Release, Rendition, ReviewDecision, ReviewRequest, Withdrawal
from studio.review.models.deciding import OUTSIDE_APPROVER
from studio.templatetags.stamps import category, licence
from studio.trail.models import LedgerIntent

Facts = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Witness:
    """The ledger's word on an event: the entry, and its path to the last checkpoint, None while none covers it."""

    entry: pipeline.LedgerEntry
    proof: pipeline.Proof | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: in a sentence, with further ones below it, and facts for those who verify.

    `public`: whoever holds the released picture may know it, though not by whom.
    """

    at: datetime
    what: str
    who: str = ""
    told: Sequence[str] = ()
    stamp: str = ""
    facts: Facts = ()
    witness: Witness | None = None
    public: bool = False


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


class _People:
    """Who did what, by the role in which they did it; `named` are those that came up."""

    def __init__(self, organisation: Organisation) -> None:
        members = Membership.objects.filter(organisation=organisation).select_related("user")
        self._members = {one.user_id: one for one in members}
        self.named: dict[str, str] = {}

    def __call__(self, role: str, user: int | None) -> str:
        member = self._members.get(user) if user else None
        if member is None:
            return role
        said = role_id(role, member.pseudonym)
        self.named[said] = member.user.get_username()
        return said


def dossier(picture: Picture) -> Dossier:
    """The dossier of a picture, its request and everything joined to it loaded."""
    job = picture.job
    organisation = job.project.organisation
    people = _People(organisation)
    note, stamp, witnesses, fault = _ledger_words(picture)
    events = sorted(_events(picture, people, witnesses), key=lambda event: event.at)
    return Dossier(
        picture=picture,
        organisation=organisation,
        events=events,
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


def _events(picture: Picture, people: _People, witnesses: Mapping[str, Witness]) -> Iterator[Event]:
    job = picture.job
    yield _asked(job, people)
    for screening in job.screenings.all():
        if screening.picture_id in {None, picture.pk}:
            yield _screened(screening)
    for ruling in HoldRuling.objects.filter(job=job):
        if ruling.picture_id in {None, picture.pk}:
            yield _ruled(ruling, people, witnesses)
    yield _made(picture)
    if recorded := witnesses.get(f"picture {picture.pk}"):
        yield _recorded(picture, recorded)
    if ended := witnesses.get(f"closure {picture.pk}"):
        reason = str(ended.entry.body.get("reason", ""))
        yield Event(_moment(ended), _("The picture was discarded; nobody saw it."), told=[reason], witness=ended)
    for request in picture.review_requests.all():
        yield _submitted(request, people)
    for decision in picture.decisions.select_related("stage", "invitation__outsider"):
        yield _decided(decision, people, witnesses)
    release = Release.objects.filter(picture=picture, at__isnull=False).prefetch_related("renditions").first()
    if release is not None:
        yield _released(release, people, witnesses)
        yield from (_rendered(one, witnesses) for one in release.renditions.all() if one.at)
    withdrawal = Withdrawal.objects.filter(picture=picture).first()
    if withdrawal is not None:
        yield _withdrawn(withdrawal, people, witnesses)


def _moment(witness: Witness) -> datetime:
    return datetime.fromisoformat(witness.entry.at)


def _asked(job: Job, people: _People) -> Event:
    what = ngettext("%(n)d picture was asked for.", "%(n)d pictures were asked for.", job.count) % {"n": job.count}
    told = [
        _("For the campaign “%(name)s”: %(purpose)s") % {"name": job.campaign.name, "purpose": job.campaign.purpose}
    ]
    if job.appeal_of_id:
        told.append(_("It is an appeal against an earlier refusal."))
    if job.reference_sha256:
        told.append(_("It starts from another picture, whose digest is below."))
    return Event(
        job.submitted,
        what,
        people("creator", job.requester.user_id),
        told=told,
        facts=[
            (_("Request digest"), job.request_digest),
            (_("Commitment to the words"), job.prompt_commitment),
            *([(_("Picture to start from"), job.reference_sha256)] if job.reference_sha256 else []),
        ],
    )


def _screened(screening: Screening) -> Event:
    """What was looked for, what was found, and what nothing here can judge."""
    findings = screening.decision.get("findings", [])
    seen = [one for one in findings if one.get("coverage") == "screened"]
    found = list(dict.fromkeys(category(one["category"]) for one in seen if one.get("action") not in {"allow", None}))
    looked = {one["category"] for one in seen}
    missed = dict.fromkeys(
        category(one["category"])
        for one in findings
        if one.get("coverage") == "not_screened" and one["category"] not in looked
    )
    told = [
        _("Found: %(what)s.") % {"what": ", ".join(found)} if found else _("Nothing was found that the policy names."),
        *([_("Not screened: %(what)s.") % {"what": ", ".join(missed)}] if missed else []),
        *screening.reasons,
    ]
    return Event(
        screening.at,
        _("%(what)s: screened.") % {"what": screening.subject},
        told=told,
        stamp=screening.action,
        facts=[
            (_("Decision id"), str(screening.pk)),
            (_("Looked for"), ", ".join(sorted(category(one) for one in looked))),
        ],
    )


def _ruled(ruling: HoldRuling, people: _People, witnesses: Mapping[str, Witness]) -> Event:
    what = _("A reviewer let it through.") if ruling.let_through else _("A reviewer refused it.")
    witness = witnesses.get(f"decision {ruling.pk}")
    return Event(ruling.at, what, people("reviewer", ruling.reviewer_id), told=[ruling.reason], witness=witness)


def _made(picture: Picture) -> Event:
    job, spec = picture.job, picture.recipe.get("spec", {})
    scheduler = picture.recipe.get("scheduler", {}).get("class", "")
    return Event(
        picture.created,
        _("The picture was made by a machine: %(model)s.") % {"model": job.model.title},
        told=[_("Licence of the model: %(licence)s.") % {"licence": licence(job.model.licence)}],
        facts=[
            (_("Model"), f"{job.model.title}, {job.model.revision}"),
            (_("Weights"), job.model.digest),
            (_("Seed"), picture.seed),
            (_("Size"), f"{picture.width} × {picture.height}"),
            (_("Steps and guidance"), f"{spec.get('steps', '')}, {spec.get('guidance', '')}"),
            (_("Scheduler"), scheduler),
            (_("Recipe"), picture.recipe_digest),
            (_("Pixels as made"), picture.source_pixel_sha256),
        ],
        public=True,
    )


def _recorded(picture: Picture, witness: Witness) -> Event:
    return Event(
        _moment(witness),
        _("It was labelled, signed with the organisation’s key, and entered in the ledger."),
        facts=[
            (_("Signed file"), picture.sha256),
            (_("Its pixels"), picture.pixel_sha256),
            (_("Manifest"), picture.manifest),
        ],
        witness=witness,
        public=True,
    )


def _submitted(request: ReviewRequest, people: _People) -> Event:
    answers = [
        f"{question}: {answer}" if not question.endswith("?") else f"{question} {answer}"
        for question, answer in request.checklist.items()
    ]
    told = [
        _("For: %(purpose)s. Channel: %(channel)s.") % {"purpose": request.purpose, "channel": request.channel},
        _("Described as: %(text)s") % {"text": request.alt_text},
        *answers,
    ]
    return Event(request.at, _("It was submitted for approval."), people("creator", request.maker_id), told=told)


def _decided(decision: ReviewDecision, people: _People, witnesses: Mapping[str, Witness]) -> Event:
    """A decision at one stage; of an approval that more of them must follow, it is said so."""
    words = {
        "APPROVED": _("Somebody who had no part in making it approved it."),
        "REJECTED": _("It was rejected."),
        "CHANGES_REQUESTED": _("Changes were asked for."),
    }
    if decision.invitation:
        who = role_id(OUTSIDE_APPROVER, decision.invitation.outsider.pseudonym)
        people.named[who] = decision.by
    else:
        who = people("reviewer", decision.reviewer_id)
    further = [] if decision.final else [_("Further approvals were needed.")]
    return Event(
        decision.at,
        words[decision.outcome],
        who,
        told=[*([decision.reason] if decision.reason else []), *further],
        stamp=decision.outcome,
        facts=[
            (_("Stage"), str(decision.stage)),
            (_("File looked at"), decision.sha256),
            (_("Policy in force"), decision.policy_digest),
            (_("Recipe"), decision.recipe_digest),
        ],
        witness=witnesses.get(f"decision {decision.pk}"),
        public=decision.outcome == "APPROVED",
    )


def _released(release: Release, people: _People, witnesses: Mapping[str, Witness]) -> Event:
    return Event(
        cast(datetime, release.at),
        _("It was released: signed a second time, with the first file as its parent, and published."),
        people("member", release.released_by_id),
        stamp="RELEASED",
        facts=[(_("Released file"), release.sha256), (_("Manifest"), release.manifest)],
        witness=witnesses.get(f"release {release.pk}"),
        public=True,
    )


def _rendered(rendition: Rendition, witnesses: Mapping[str, Witness]) -> Event:
    size = f"{rendition.width} × {rendition.height}"
    return Event(
        cast(datetime, rendition.at),
        _("Another size was made of it: %(title)s, %(size)s.") % {"title": rendition.title, "size": size},
        facts=[(_("File"), rendition.sha256), (_("Manifest"), rendition.manifest)],
        witness=witnesses.get(f"rendition {rendition.pk}"),
        public=True,
    )


def _withdrawn(withdrawal: Withdrawal, people: _People, witnesses: Mapping[str, Witness]) -> Event:
    return Event(
        withdrawal.at,
        _("It was withdrawn; whoever checks the file is told."),
        people("member", withdrawal.withdrawn_by_id),
        told=[withdrawal.public_reason],
        stamp="WITHDRAWN",
        witness=witnesses.get(f"withdrawal {withdrawal.pk}"),
        public=True,
    )


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
