"""An organisation after some years: pictures, requests, reviews and the register, as rows. No file is behind them.

Most pictures are of six campaigns that go on; a few hundred are of one that ended long ago, by somebody and by a model
that make nothing any more, so that what is rare and old is looked for too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID, uuid4, uuid5

from studio.accounts.models import Membership, Organisation, Role, User
from studio.audit.models import Recorded
from studio.catalogue.models import Model
from studio.jobs.models import Job, Picture, Shaper, Star
from studio.jobs.states import VISIBLE, PictureState
from studio.operations.sample import Sample
from studio.projects.actions import open_campaign, open_project
from studio.projects.models import Campaign, Project
from studio.review.models import ReviewDecision, ReviewRequest, turn_of
from studio.review.plans import plan_in_force
from tests.studio.crowd import crowd

Row = TypeVar("Row")
LONG_AGO = timedelta(days=400)
OLD, STARRED, AT_ONCE = 400, 200, 2000
# When pictures in review are needed, in days from now; of some nobody said.
NEEDED = (None, -1, 0, 3)
P = PictureState
REVIEWED = (P.IN_REVIEW, P.CHANGES_REQUESTED, P.APPROVED, P.REJECTED, P.RELEASED, P.WITHDRAWN)
# The entries of a picture, by where it stands; a picture that is being made has none.
ENTRIES = {state: ["picture"] for state in VISIBLE} | {
    **{state: ["picture", "decision"] for state in (P.CHANGES_REQUESTED, P.APPROVED, P.REJECTED)},
    P.RELEASED: ["picture", "decision", "release"],
    P.WITHDRAWN: ["picture", "decision", "release", "withdrawal"],
}
DECIDED = {P.CHANGES_REQUESTED: "CHANGES_REQUESTED", P.REJECTED: "REJECTED"}


@dataclass(frozen=True, slots=True)
class Scene:
    """Who and what there is; `old` is a campaign, a maker and a model of long ago."""

    organisation: Organisation
    people: dict[str, User]
    projects: Sequence[Project]
    campaigns: Sequence[Campaign]
    makers: Sequence[Membership]
    model: Model
    old: tuple[Campaign, Membership, Model]
    at: datetime


def fill(sample: Sample, pictures: int, *, at: datetime) -> Scene:
    """So many pictures, and everything that lists tell of them."""
    creator, administrator = sample.people[Role.CREATOR], sample.people[Role.ADMINISTRATOR]
    projects = [sample.project]
    for name in ("second", "third"):
        by = {"actor": administrator, "organisation": sample.organisation}
        projects.append(open_project(**by, slug=name, name=name, at=at))
    places = [(project, slug) for project in projects for slug in ("one", "two")] + [(sample.project, "ended")]
    *campaigns, ended = [_campaign(creator, project, slug, at=at) for project, slug in places]
    members = {one.user_id: one for one in Membership.objects.filter(organisation=sample.organisation)}
    roles = (Role.CREATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.CUSTODIAN)
    *makers, left = [members[sample.people[role].pk] for role in roles]
    elder = _elder(sample.model)
    # Of few pictures a quarter is old, so that there is something of everything.
    past = min(OLD, pictures // 4)
    crowd(past, campaigns=[ended], makers=[left], models=[elder], at=at - LONG_AGO)
    oldest = Picture.objects.order_by("created").values_list("pk", flat=True)
    Picture.objects.filter(pk__in=list(oldest.filter(state=P.RELEASED)[:5])).update(state=P.WITHDRAWN)
    crowd(pictures - past, campaigns=campaigns, makers=makers, models=[sample.model], at=at)
    for page in _pages(Job.objects.values_list("pk", "requester__user").iterator(AT_ONCE)):
        Shaper.objects.bulk_create(Shaper(job_id=job, user_id=user, how="request") for job, user in page)
    starred = Picture.objects.filter(state=P.RECORDED)[:STARRED]
    Star.objects.bulk_create(Star(user=creator, picture=picture, at=at) for picture in starred)
    _submit(sample.project, creator, sample.people[Role.REVIEWER], at=at)
    _record(sample.organisation)
    return Scene(
        sample.organisation, sample.people, projects, campaigns, makers, sample.model, (ended, left, elder), at
    )


def _campaign(creator: User, project: Project, slug: str, *, at: datetime) -> Campaign:
    words = {"name": slug, "purpose": "Posters.", "languages": ["en"], "channels": ["poster"]}
    return open_campaign(actor=creator, project=project, slug=slug, at=at, **words)


def _elder(model: Model) -> Model:
    """A model of before, which made what is old."""
    elder = Model.objects.get(pk=model.pk)
    elder.pk, elder.slug, elder.title, elder.digest = uuid4(), "elder", "Elder", "e" * 64
    elder.save(force_insert=True)
    return elder


def _submit(project: Project, maker: User, reviewer: User, *, at: datetime) -> None:
    """What makers said of the pictures that were in review, or are, and what was decided about them."""
    stage = plan_in_force(project, at=at).stages.get(place=1)
    told = ("created", "state", "organisation", "index", "sha256", "job__submitted")
    submitted = Picture.objects.filter(state__in=REVIEWED).select_related("job").only(*told)
    words = {"purpose": "Posters.", "channel": "poster", "alt_text": "A field.", "maker": maker, "stage": stage}
    days = [None if needed is None else (at + timedelta(days=needed)).date() for needed in NEEDED]
    for page in _pages(submitted.iterator(AT_ONCE)):
        reviews = ReviewRequest.objects.bulk_create(
            ReviewRequest(
                organisation_id=picture.organisation_id, picture=picture, turn=turn_of(picture), at=picture.created,
                **words,
                ended=None if picture.state == P.IN_REVIEW else picture.created,
                due=days[place % len(days)],
            )
            for place, picture in enumerate(page)
        )  # fmt: skip
        ReviewDecision.objects.bulk_create(_decided(one, reviewer) for one in reviews if one.ended)


def _decided(review: ReviewRequest, reviewer: User) -> ReviewDecision:
    digest = review.picture.sha256
    return ReviewDecision(
        picture=review.picture, request=review, stage=review.stage, reviewer=reviewer, at=review.at, reason="As it is.",
        outcome=DECIDED.get(PictureState(review.picture.state), "APPROVED"),
        sha256=digest, pixel_sha256=digest, policy_digest=digest, recipe_digest=digest,
    )  # fmt: skip


def _record(organisation: Organisation) -> None:
    """The register's rows of all pictures, the oldest first."""
    joined = ("requester", "model", "job__policy")
    pictures = Picture.objects.filter(state__in=VISIBLE).order_by("created", "pk").select_related(*joined)
    told = pictures.defer("recipe", "job__words", "job__spec").iterator(AT_ONCE)
    rows = (row for picture in told for row in _entries(organisation, picture))
    for page in _pages(_numbered(rows)):
        Recorded.objects.bulk_create(page)


def _entries(organisation: Organisation, picture: Picture) -> Iterator[Recorded]:
    state = PictureState(picture.state)
    for kind in ENTRIES[state]:
        entry = uuid5(UUID(int=7), f"{kind} {picture.pk}")
        yield Recorded(
            organisation=organisation, entry=str(entry), kind=kind, at=f"{picture.created:%Y-%m-%dT%H:%M:%S.%fZ}",
            record=picture.record, asset=(entry.hex * 2), leaf=(entry.hex * 2), picture=picture.pk,
            project=str(picture.project_id), campaign=str(picture.campaign_id), model=picture.model.digest,
            policy=picture.job.policy.digest, maker=str(picture.requester.pseudonym),
            outcome=DECIDED.get(state, "APPROVED") if kind == "decision" else "",
        )  # fmt: skip


def _numbered(rows: Iterator[Recorded]) -> Iterator[Recorded]:
    for sequence, row in enumerate(rows):
        row.sequence = sequence
        yield row


def _pages(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while page := list(islice(rows, AT_ONCE)):
        yield page
