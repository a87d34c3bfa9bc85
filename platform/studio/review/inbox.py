"""What waits for a reviewer: pictures in review as cards, one request's together, their own first, due first.

Reading only. A page of it costs the same number of queries however many cards it has.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from studio.accounts.models import Role, User
from studio.jobs.models import Job, Shaper
from studio.jobs.states import PictureState
from studio.review.flags import flags_of
from studio.review.models import Look, ReviewDecision, ReviewRequest, Stage
from studio.review.rules import may_review
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
    """One picture in review as a reader sees it. `refusal` says why they may not decide, empty when they may."""

    request: ReviewRequest
    flags: tuple[str, ...]
    looked_at_by: str
    refusal: str
    overdue: bool

    @property
    def own(self) -> bool:
        """Whether the reader is named for this stage."""
        return bool(getattr(self.request, "own", False))

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


def readable(user: User) -> QuerySet[ReviewRequest]:
    """The reviews that `user` may read, with whether they are named for the stage that waits."""
    found = ReviewRequest.objects.filter(organisation__in=organisations_as(user, READERS).values("pk"))
    return found.annotate(own=_named_for_stage(user)).select_related(*JOINED)


def _named_for_stage(user: User) -> Exists:
    """Whether the stage that a review has come to names this person."""
    return Exists(Stage.deciders.through._default_manager.filter(stage=OuterRef("stage"), membership__user=user))


def ordered(reviews: QuerySet[ReviewRequest]) -> QuerySet[ReviewRequest]:
    """Own first, due first; then pictures of one request side by side."""
    due = F("due").asc(nulls_last=True)
    return reviews.order_by("-own", due, "picture__job__submitted", "picture__job", "picture__index", "at")


def keys(wanted: Filters, user: User) -> QuerySet[ReviewRequest, Any]:
    """The keys of the reviews that the filters ask for: what waits in its order, other than that the newest first."""
    reviews = filtered(readable(user), wanted, user)
    found = ordered(reviews) if wanted.shown == "waiting" else reviews.order_by("-at", "-pk")
    return found.values_list("pk", flat=True)


def read(chosen: Iterable[UUID], user: User) -> list[ReviewRequest]:
    """The reviews of these keys in their order, with all that a card tells: rows so wide are read for a page alone."""
    places = {key: place for place, key in enumerate(chosen)}
    return sorted(readable(user).filter(pk__in=list(places)), key=lambda review: places[review.pk])


def filtered(reviews: QuerySet[ReviewRequest], wanted: Filters, user: User) -> QuerySet[ReviewRequest]:
    """Those of the reviews that the filters ask for."""
    if wanted.shown != "all":
        reviews = reviews.filter(ended__isnull=wanted.shown != "decided")
    if wanted.project:
        reviews = reviews.filter(picture__project__slug=wanted.project)
    if wanted.own:
        reviews = reviews.filter(_named_for_stage(user))
    if wanted.flagged:
        reviews = reviews.filter(flagged=True)
    if wanted.words:
        words = Q(purpose__icontains=wanted.words) | Q(alt_text__icontains=wanted.words)
        reviews = reviews.filter(words | Q(picture__campaign__name__icontains=wanted.words))
    return reviews


def batches(reviews: Iterable[ReviewRequest], user: User, *, at: datetime) -> list[Batch]:
    """The reviews as cards, those of one request together."""
    cards = list(_cards(list(reviews), user, at=at))
    grouped = groupby(cards, key=lambda card: card.request.picture.job_id)
    return [Batch(one[0].request.picture.job, one) for one in (tuple(group) for _key, group in grouped)]


def _cards(reviews: list[ReviewRequest], user: User, *, at: datetime) -> Iterator[Card]:
    pictures = [review.picture for review in reviews]
    flags = flags_of(pictures)
    looks = Look.objects.filter(request__in=reviews, until__gt=at).exclude(holder=user).select_related("holder")
    names = {look.request_id: look.holder.get_username() for look in looks}
    refusals = _refusals(reviews, user)
    for review in reviews:
        yield Card(
            review,
            flags=tuple(flags.get(review.picture_id, ())),
            looked_at_by=names.get(review.pk, ""),
            refusal=refusals.get(review.pk, ""),
            overdue=review.due is not None and review.due < today(at),
        )


def _refusals(reviews: list[ReviewRequest], user: User) -> dict[object, str]:
    """Why the reader may not decide, in three queries; the action judges again, one by one."""
    reviewer_in = set(
        organisations_as(user, [Role.REVIEWER])
        .filter(memberships__user=user, memberships__grants__role=Role.REVIEWER)
        .values_list("pk", flat=True)
    )
    jobs = {review.picture.job_id for review in reviews}
    shaped = set(Shaper.objects.filter(job__in=jobs, user=user).values_list("job", flat=True))
    counted = set(ReviewDecision.objects.filter(request__in=reviews, reviewer=user).values_list("request", flat=True))
    named = set(
        Stage.deciders.through._default_manager.filter(stage__in={review.stage_id for review in reviews}).values_list(
            "stage", flat=True
        )
    )
    found: dict[object, str] = {}
    for review in reviews:
        job = review.picture.job
        if job.project.organisation_id not in reviewer_in:
            found[review.pk] = _("You are no reviewer here.")
        elif job.pk in shaped:
            found[review.pk] = _("You shaped it.")
        elif review.pk in counted:
            found[review.pk] = _("You have approved it already.")
        elif review.stage_id in named and not review.own:  # type: ignore[attr-defined]  # annotated by `readable`
            found[review.pk] = _("For the people named for this stage.")
        elif job.appeal_of_id and not (ruling := may_review(user, review)).allowed:
            found[review.pk] = ruling.reason
    return found


def today(at: datetime) -> date:
    """The day of a moment."""
    return at.date()


def neighbours(user: User, review: ReviewRequest) -> dict[str, object]:
    """The waiting reviews before and after this one in the inbox's order, its place, and how many wait."""
    mine = organisations_as(user, [Role.REVIEWER]).filter(
        memberships__user=user, memberships__grants__role=Role.REVIEWER
    )
    waiting = readable(user).filter(
        ended=None,
        picture__state=PictureState.IN_REVIEW,
        organisation__in=mine.values("pk"),
    )
    line = list(ordered(waiting).values_list("pk", flat=True)[:500])
    place = line.index(review.pk) if review.pk in line else -1
    return {
        "previous": line[place - 1] if place > 0 else None,
        "next": line[place + 1] if place + 1 < len(line) else None,
        "place": place + 1,
        "waiting": len(line),
    }
