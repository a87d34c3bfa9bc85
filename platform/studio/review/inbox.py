"""What waits for a reviewer: pictures in review as cards, one request's together, their own first, due first.

Reading only. A page of it costs the same number of queries however many cards it has, and is found in its order from
an index: the rows before it are not read, nor is anything that no card shows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.jobs.models import Job, Shaper
from studio.jobs.states import PictureState
from studio.review.flags import flags_of
from studio.review.inbox_filters import WAITING, Filters, due_on, filtered
from studio.review.models import Look, ReviewDecision, ReviewRequest, Stage
from studio.review.readers import Reader, readable

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


def ordered(reviews: QuerySet[ReviewRequest], who: Reader) -> QuerySet[ReviewRequest]:
    """Own first, due first; then pictures of one request side by side."""
    line = (F("due").asc(nulls_last=True), "turn")
    if not who.stages:
        return reviews.order_by(*line)
    return reviews.order_by(Case(When(stage__in=who.stages, then=0), default=1), *line)


def keys(wanted: Filters, who: Reader, *, at: datetime) -> QuerySet[ReviewRequest, Any]:
    """The keys of the reviews that the filters ask for: what waits in its order, other than that the newest first."""
    reviews = filtered(readable(who), wanted, who, day=at.date())
    found = ordered(reviews, who) if wanted.shown == WAITING else reviews.order_by("-at", "-pk")
    return found.values_list("pk", flat=True)


def due_counts(wanted: Filters, who: Reader, *, at: datetime) -> dict[str, int]:
    """How many of those that the other filters ask for wait for each key of `DUE`, and for all days together."""
    reviews = filtered(readable(who), replace(wanted, due="", shown=WAITING), who, day=at.date())
    counts = {name: Count("pk", filter=when) for name, when in due_on(at.date()).items()}
    found: dict[str, int] = reviews.aggregate(**counts, all=Count("pk"))
    return found


def read(chosen: Iterable[UUID]) -> list[ReviewRequest]:
    """The reviews of some of these keys in their order, with what their cards tell and no more."""
    places = {key: place for place, key in enumerate(chosen)}
    jobs = Job.objects.select_related("campaign", "project", "requester__user").only(*TOLD_OF_A_REQUEST)
    stages = Stage.objects.annotate(names=Exists(Stage.deciders.through._default_manager.filter(stage=OuterRef("pk"))))
    found = ReviewRequest.objects.filter(pk__in=list(places)).select_related("picture").only(*TOLD)
    joined = found.prefetch_related(Prefetch("picture__job", jobs), Prefetch("stage", stages))
    return sorted(joined, key=lambda review: places[review.pk])


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
            overdue=review.due is not None and review.due < at.date(),
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


def neighbours(who: Reader, review: ReviewRequest, wanted: Filters, *, at: datetime) -> dict[str, object]:
    """The waiting reviews before and after this one in the order of the inbox, as far as the filters ask for them; its
    place (0 when it is none of them, or far off), and how many they are."""
    waiting = ReviewRequest.objects.filter(organisation__in=who.reviews_in, picture__state=PictureState.IN_REVIEW)
    waiting = filtered(waiting, replace(wanted, shown=WAITING), who, day=at.date())
    line = list(ordered(waiting, who).values_list("pk", flat=True)[:FARTHEST])
    place = line.index(review.pk) if review.pk in line else -1
    return {
        "previous": line[place - 1] if place > 0 else None,
        "next": line[place + 1] if place + 1 < len(line) else None,
        "place": place + 1,
        "waiting": len(line) if len(line) < FARTHEST else waiting.count(),
    }
