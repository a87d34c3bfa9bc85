"""What happened to one picture, step by step, in sentences for lay people with facts for those who verify.

What is said of people is their role and its id: a story is handed to third parties. Words that somebody typed to have
the picture made are not in it; a commitment to them is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from studio import pipeline
from studio.accounts.models import Membership, Organisation
from studio.audit.selecting import role_id
from studio.jobs.models import Job, Picture, Screening
from studio.review.models import HoldRuling, Release, Rendition, ReviewDecision, ReviewRequest, Withdrawal
from studio.review.models.deciding import OUTSIDE_APPROVER
from studio.wording import answered, category, licence, part, read_out

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


class People:
    """Who did what, by the role in which they did it; `named` are those that came up."""

    def __init__(self, organisation: Organisation) -> None:
        members = Membership.objects.filter(organisation=organisation).select_related("user")
        self._members = {one.user_id: one for one in members}
        self.named: dict[str, str] = {}

    def __call__(self, role: str, user: int | None) -> str:
        member = self._members.get(user) if user else None
        if member is None:
            return part(role)
        said = role_id(role, member.pseudonym)
        self.named[said] = member.user.get_username()
        return said


def events(picture: Picture, people: People, witnesses: Mapping[str, Witness]) -> Iterator[Event]:
    """What happened to the picture, in the order of its life; people are named as they come up."""
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


def _asked(job: Job, people: People) -> Event:
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
        *map(read_out, screening.reasons),
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


def _ruled(ruling: HoldRuling, people: People, witnesses: Mapping[str, Witness]) -> Event:
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


def _submitted(request: ReviewRequest, people: People) -> Event:
    answers = [f"{_(question)} {answered(answer)}" for question, answer in request.checklist.items()]
    told = [
        _("For: %(purpose)s. Channel: %(channel)s.") % {"purpose": request.purpose, "channel": request.channel},
        _("Described as: %(text)s") % {"text": request.alt_text},
        *answers,
    ]
    return Event(request.at, _("It was submitted for approval."), people("creator", request.maker_id), told=told)


def _decided(decision: ReviewDecision, people: People, witnesses: Mapping[str, Witness]) -> Event:
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
        told=[*([decision.told] if decision.told else []), *further],
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


def _released(release: Release, people: People, witnesses: Mapping[str, Witness]) -> Event:
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


def _withdrawn(withdrawal: Withdrawal, people: People, witnesses: Mapping[str, Witness]) -> Event:
    return Event(
        withdrawal.at,
        _("It was withdrawn; whoever checks the file is told."),
        people("member", withdrawal.withdrawn_by_id),
        told=[withdrawal.public_reason],
        stamp="WITHDRAWN",
        witness=witnesses.get(f"withdrawal {withdrawal.pk}"),
        public=True,
    )
