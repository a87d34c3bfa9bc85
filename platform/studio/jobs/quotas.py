"""How many pictures may be asked for in a day and in a month: by one person, and by all of an organisation together.

- Counted is what was asked for since the day or the month began (UTC). What was blocked, cancelled, failed or lost
  counts no more, but for the pictures that were made before.
- The quota's row is the lock: two requests at the same moment do not share what is left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.utils.translation import gettext as _

from studio.accounts.models import Membership, Quota
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState

# Requests of which only the pictures count that were made.
UNSPENT = (JobState.BLOCKED, JobState.CANCELLED, JobState.FAILED, JobState.LOST)


class OverQuotaError(ValidationError):
    """More was asked for than a quota has left. `reason` says which; it is whole again at `renews`."""

    def __init__(self, reason: str, *, renews: datetime) -> None:
        super().__init__({"count": reason})
        self.reason, self.renews = reason, renews


@dataclass(frozen=True, slots=True)
class Allowance:
    """One quota as it stands: whose (a person's own, or everybody's), how many, how many are spent, until when."""

    own: bool
    monthly: bool
    most: int
    spent: int
    renews: datetime

    @property
    def left(self) -> int:
        """How many may still be asked for."""
        return max(self.most - self.spent, 0)

    @property
    def words(self) -> str:
        """Which quota it is, in words."""
        if self.own:
            return _("you may ask for in a month") if self.monthly else _("you may ask for in a day")
        return (
            _("your organisation may ask for in a month")
            if self.monthly
            else _("your organisation may ask for in a day")
        )


def lock(organisation: UUID) -> None:
    """Let nobody else count until the transaction ends; nothing to lock where there is no quota."""
    Quota.objects.select_for_update(no_key=True).filter(organisation=organisation).first()


def allowances(membership: Membership, *, at: datetime) -> list[Allowance]:
    """The quotas that hold for a member, the tightest first."""
    quota = Quota.objects.filter(organisation=membership.organisation_id).first()
    found = [] if quota is None else list(_standing(quota, membership, at))
    return sorted(found, key=lambda allowance: allowance.left)


def check(membership: Membership, count: int, *, at: datetime) -> None:
    """Raise OverQuotaError where fewer than `count` pictures are left of a quota."""
    for allowance in allowances(membership, at=at):
        if count > allowance.left:
            remedy = _(
                "Of the %(most)d pictures %(whose)s, %(left)d are left. Ask for fewer, or wait until %(renews)s (UTC); "
                "an administrator can raise it."
            )
            words = {"most": allowance.most, "whose": allowance.words, "left": allowance.left}
            raise OverQuotaError(
                remedy % {**words, "renews": f"{allowance.renews:%Y-%m-%d %H:%M}"}, renews=allowance.renews
            )


def _standing(quota: Quota, membership: Membership, at: datetime) -> Iterator[Allowance]:
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    next_month = (month + timedelta(days=32)).replace(day=1)
    for monthly, since, renews in ((False, day, day + timedelta(days=1)), (True, month, next_month)):
        for own, most in (
            (True, quota.person_month if monthly else quota.person_day),
            (False, quota.month if monthly else quota.day),
        ):
            if most is not None:
                yield Allowance(own, monthly, most, _spent(membership, own=own, since=since), renews)


def _spent(membership: Membership, *, own: bool, since: datetime) -> int:
    jobs = Job.objects.filter(submitted__gte=since)
    jobs = jobs.filter(requester=membership) if own else jobs.filter(requester__organisation=membership.organisation_id)
    promised = jobs.exclude(state__in=UNSPENT).aggregate(total=Sum("count"))["total"] or 0
    return promised + Picture.objects.filter(job__in=jobs.filter(state__in=UNSPENT)).count()
