"""Who looks at a picture in review now, so that two reviewers do not do the same work.

- A look is a lease: the page renews it, it ends by itself when the page is closed, and after `LONGEST` anybody may take
  it over, however long a page is left open. So it never keeps a picture from being decided about.
- A person looks at one picture at a time; opening another one gives the first up.
- `decide` refuses while somebody else looks; it does not need a look of its own.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.review.models import Look, ReviewRequest

LEASE = timedelta(seconds=60)
LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks, as one person sees it: `mine`, or somebody else by name until a moment; nobody when both are empty."""

    mine: bool
    name: str = ""
    until: datetime | None = None

    @property
    def theirs(self) -> bool:
        """Whether somebody else looks at it now."""
        return bool(self.name) and not self.mine


def begin(user: User, request: ReviewRequest, *, at: datetime) -> Looking:
    """Start to look, or go on; whoever looks already keeps it."""
    fresh = {"holder": user, "since": at, "until": at + LEASE}
    goes_on = Q(holder=user, since__gt=at - LONGEST)
    try:
        with transaction.atomic():
            Look.objects.filter(holder=user).exclude(request=request).delete()
            taken = Look.objects.filter(request=request).filter(Q(holder=user) | _over(at))
            since = Case(When(goes_on, then=F("since")), default=Value(at))
            if not taken.update(holder=user, until=at + LEASE, since=since):
                Look.objects.get_or_create(request=request, defaults=fresh)
    except IntegrityError:
        # The same person opened another picture at this very moment, or somebody else this one.
        pass
    return seen(user, request, at=at)


def renew(user: User, request: ReviewRequest, *, at: datetime) -> Looking:
    """Keep a look of one's own for another while; one that was lost or went on too long stays lost."""
    mine = Look.objects.filter(request=request, holder=user, since__gt=at - LONGEST)
    mine.update(until=at + LEASE)
    return seen(user, request, at=at)


def seen(user: User, request: ReviewRequest, *, at: datetime) -> Looking:
    """Who looks at it now."""
    look = Look.objects.filter(request=request).exclude(_over(at)).select_related("holder").first()
    if look is None:
        return Looking(mine=False)
    return Looking(mine=look.holder_id == user.pk, name=look.holder.get_username(), until=look.until)


def refuse_while_looked_at(user: User, request: ReviewRequest, *, at: datetime) -> None:
    """Raise ValidationError while somebody else looks at the picture."""
    now = seen(user, request, at=at)
    if now.theirs:
        raise ValidationError(
            {
                "look": _(
                    "%(name)s is looking at it now. What you wrote is still here; send it when they have finished."
                )
                % {"name": now.name}
            }
        )


def _over(at: datetime) -> Q:
    return Q(until__lte=at) | Q(since__lte=at - LONGEST)
