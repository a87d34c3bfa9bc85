"""Who reads reviews: where somebody may read them, where they are a reviewer, and which stages name them.

Not who may decide about one picture, which `rules` says.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from studio.accounts.models import Role, RoleGrant, User
from studio.review.models import ReviewRequest, Stage
from studio.site import organisations_as

READERS = (Role.REVIEWER, Role.AUDITOR, Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody at the inbox: the organisations whose reviews they read, those in which they are a reviewer, and the
    stages that name them."""

    user: User
    organisations: tuple[UUID, ...]
    reviews_in: frozenset[UUID]
    stages: frozenset[int]


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
