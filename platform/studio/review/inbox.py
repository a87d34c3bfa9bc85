"""What waits for a reviewer: pictures in review as cards, one request's together, their own first, due first.

Reading only. A page of it costs the same number of queries however many cards it has, and is found in its order from
an index: the rows before it are not read, nor is anything that no card shows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.utils.translation import gettext as _

from studio.accounts.models import Role, RoleGrant, User
from studio.jobs.models import Job, Shaper
from studio.jobs.states import PictureState
from studio.review.flags import flags_of
from studio.review.models import Look, ReviewDecision, ReviewRequest, Stage
from studio.site import organisations_as

READERS = (Role.REVIEWER, Role.AUDITOR, Role.ADMINISTRATOR)
JOINED = (
    "maker",
    "stage__plan",
    "picture__job__campaign",
    "picture__job__project__organisation",
    "picture__job__model",
    "picture__job__policy",
    "picture__job__requester__user",
    "picture__job__appeal_of",
)
# So far into the line a review's place and its neighbours are told.
FARTHEST = 500
# What a card tells of a review and its picture, and a batch of its request.
TOLD = (
    "organisation", "stage", "purpose", "channel", "alt_text", "due", "at", "ended", "picture__job", "picture__index",
    "picture__state", "picture__sha256", "picture__width", "picture__height",
)  # fmt: skip
TOLD_OF_A_REQUEST = (
    "submitted", "appeal_of", "campaign__name", "project__name", "requester__user__username",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody at the inbox: the organisations whose reviews they read, those in which they are a reviewer, and the
    stages that name them."""

    user: User
    organisations: tuple[UUID, ...]
    reviews_in: frozenset[UUID]
    stages: frozenset[int]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see. `shown` is waiting, decided or all."""

    shown: str = "waiting"
    project: str = ""
    words: str = ""
    own: bool = False
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One picture in review as a reader sees it.

    `refusal` says why they may not decide, empty when they may; `own`, whether its stage names them.
    """

    request: ReviewRequest
    flags: tuple[str, ...]
    looked_at_by: str
    refusal: str
    overdue: bool
    own: bool

    @property
    def waits(self) -> bool:
        """Whether it waits for a decision at all."""
        return self.request.ended is None

    @property
    def joins(self) -> bool:
        """Whether it may be approved together with others of its request."""
        return self.waits and not (self.flags or self.refusal or self.looked_at_by)


@dataclass(frozen=True, slots=True)
class Batch:
    """Cards of one request that stand together."""

    job: Job
    cards: tuple[Card, ...]

    @property
    def joining(self) -> int:
        """How many of them may be approved together; none where one of them is flagged."""
        if any(card.waits and card.flags for card in self.cards):
            return 0
        return sum(card.joins for card in self.cards)


def reader(user: User) -> Reader:
    """Who reads, in two queries; the operator reads everywhere, and reviews where they hold the role."""
    reviewing = RoleGrant.objects.filter(membership__organisation=OuterRef("pk"), membership__user=user)
    chairs = organisations_as(user, READERS).annotate(reviews=Exists(reviewing.filter(role=Role.REVIEWER)))
    found = dict(chairs.values_list("pk", "reviews"))
    named = Stage.deciders.through._default_manager.filter(membership__user=user).values_list("stage", flat=True)
    return Reader(user, tuple(found), frozenset(one for one, reviews in found.items() if reviews), frozenset(named))


def readable(who: Reader) -> QuerySet[ReviewRequest]:
    """The reviews that somebody may read."""
    return ReviewRequest.objects.filter(organisation__in=who.organisations)


def ordered(reviews: QuerySet[ReviewRequest], who: Reader) -> QuerySet[ReviewRequest]:
    """Own first, due first; then pictures of one request side by side."""
    line = (F("due").asc(nulls_last=True), "turn")
    if not who.stages:
        return reviews.order_by(*line)
    return reviews.order_by(Case(When(stage__in=who.stages, then=0), default=1), *line)


def keys(wanted: Filters, who: Reader) -> QuerySet[ReviewRequest, Any]:
    """The keys of the reviews that the filters ask for: what waits in its order, other than that the newest first."""
    reviews = filtered(readable(who), wanted, who)
    found = ordered(reviews, who) if wanted.shown == "waiting" else reviews.order_by("-at", "-pk")
    return found.values_list("pk", flat=True)


def read(chosen: Iterable[UUID]) -> list[ReviewRequest]:
    """The reviews of some of these keys in their order, with what their cards tell and no more."""
    places = {key: place for place, key in enumerate(chosen)}
    jobs = Job.objects.select_related("campaign", "project", "requester__user").only(*TOLD_OF_A_REQUEST)
    stages = Stage.objects.annotate(names=Exists(Stage.deciders.through._default_manager.filter(stage=OuterRef("pk"))))
    found = ReviewRequest.objects.filter(pk__in=list(places)).select_related("picture").only(*TOLD)
    joined = found.prefetch_related(Prefetch("picture__job", jobs), Prefetch("stage", stages))
    return sorted(joined, key=lambda review: places[review.pk])


def filtered(reviews: QuerySet[ReviewRequest], wanted: Filters, who: Reader) -> QuerySet[ReviewRequest]:
    """Those of the reviews that the filters ask for."""
    if wanted.shown != "all":
        reviews = reviews.filter(ended__isnull=wanted.shown != "decided")
    if wanted.project:
        reviews = reviews.filter(picture__project__slug=wanted.project)
    if wanted.own:
        reviews = reviews.filter(stage__in=who.stages)
    if wanted.flagged:
        reviews = reviews.filter(flagged=True)
    if wanted.words:
        words = Q(purpose__icontains=wanted.words) | Q(alt_text__icontains=wanted.words)
        reviews = reviews.filter(words | Q(picture__campaign__name__icontains=wanted.words))
    return reviews


def batches(reviews: Iterable[ReviewRequest], who: Reader, *, at: datetime) -> list[Batch]:
    """The reviews, as `read` returns them, as cards; those of one request together."""
    cards = list(_cards(list(reviews), who, at=at))
    grouped = groupby(cards, key=lambda card: card.request.picture.job_id)
    return [Batch(one[0].request.picture.job, one) for one in (tuple(group) for _key, group in grouped)]


def _cards(reviews: list[ReviewRequest], who: Reader, *, at: datetime) -> Iterator[Card]:
    flags = flags_of([review.picture for review in reviews])
    looks = Look.objects.filter(request__in=reviews, until__gt=at).exclude(holder=who.user).select_related("holder")
    names = {look.request_id: look.holder.get_username() for look in looks}
    refusals = _refusals(reviews, who)
    for review in reviews:
        yield Card(
            review,
            flags=tuple(flags.get(review.picture_id, ())),
            looked_at_by=names.get(review.pk, ""),
            refusal=refusals.get(review.pk, ""),
            overdue=review.due is not None and review.due < today(at),
            own=review.stage_id in who.stages,
        )


def _refusals(reviews: list[ReviewRequest], who: Reader) -> dict[UUID, str]:
    """Why the reader may not decide, in three queries at most; the action judges again, one by one."""
    jobs = {review.picture.job_id: review.picture.job for review in reviews}
    shaped = set(Shaper.objects.filter(job__in=jobs, user=who.user).values_list("job", flat=True))
    counted = ReviewDecision.objects.filter(request__in=reviews, reviewer=who.user).values_list("request", flat=True)
    approved = set(counted)
    barred = _barred([key for key, job in jobs.items() if job.appeal_of_id], who.user)
    found = {}
    for review in reviews:
        if review.organisation_id not in who.reviews_in:
            found[review.pk] = _("You are no reviewer here.")
        elif review.picture.job_id in shaped:
            found[review.pk] = _("You shaped it.")
        elif review.pk in approved:
            found[review.pk] = _("You have approved it already.")
        elif review.stage.names and review.stage_id not in who.stages:  # type: ignore[attr-defined]  # `read` adds it
            found[review.pk] = _("For the people named for this stage.")
        elif review.picture.job_id in barred:
            found[review.pk] = _("You had a part in what it appeals against.")
    return found


def _barred(appeals: list[UUID], user: User) -> set[UUID]:
    """Those of the appeals that somebody may not answer: they wrote a policy of it, or refused it before."""
    if not appeals:
        return set()
    part = Q(policy__author=user) | Q(appeal_of__policy__author=user) | Q(appeal_of__rulings__reviewer=user)
    return set(Job.objects.filter(part, pk__in=appeals).values_list("pk", flat=True))


def today(at: datetime) -> date:
    """The day of a moment."""
    return at.date()


def neighbours(user: User, review: ReviewRequest) -> dict[str, object]:
    """The waiting reviews before and after this one in the inbox's order, its place (0 far off), and how many wait."""
    who = reader(user)
    waiting = ReviewRequest.objects.filter(
        organisation__in=who.reviews_in, ended=None, picture__state=PictureState.IN_REVIEW
    )
    line = list(ordered(waiting, who).values_list("pk", flat=True)[:FARTHEST])
    place = line.index(review.pk) if review.pk in line else -1
    return {
        "previous": line[place - 1] if place > 0 else None,
        "next": line[place + 1] if place + 1 < len(line) else None,
        "place": place + 1,
        "waiting": len(line) if len(line) < FARTHEST else waiting.count(),
    }
