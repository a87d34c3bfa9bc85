"""Which pictures are to be looked at by themselves, and why: blurred at first, and never approved with others.

A flag is a reviewer's, or follows from what the screens and earlier rulings said. `ReviewRequest.flagged` repeats it
for lists to filter by; what a page shows and a batch is judged by is worked out anew.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import User
from studio.jobs.models import Picture, Screening
from studio.review.deciding import lock, required
from studio.review.models import Flag, HoldRuling, ReviewRequest
from studio.review.rules import may_decide
from studio.trail.actions import note

LONGEST_REASON = 300


def flags_of(pictures: Collection[Picture]) -> dict[UUID, list[str]]:
    """Why each of the pictures is flagged, in words for reviewers; nothing for those that are not. Three queries."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for flag in Flag.objects.filter(picture__in=pictures, lifted=None).select_related("by"):
        found[flag.picture_id].append(
            _("%(who)s flagged it: %(why)s") % {"who": flag.by.get_username(), "why": flag.reason}
        )
    by_job: dict[UUID, list[Picture]] = defaultdict(list)
    for picture in pictures:
        by_job[picture.job_id].append(picture)
    for ruling in HoldRuling.objects.filter(job__in=by_job, let_through=True).select_related("reviewer"):
        for picture in by_job[ruling.job_id]:
            if ruling.picture_id in {None, picture.pk}:
                found[picture.pk].append(
                    _("A screen held it, and %(who)s let it through.") % {"who": ruling.reviewer.get_username()}
                )
    for screening in Screening.objects.filter(job__in=by_job).only("job", "picture", "reference", "decision"):
        if pipeline.sensitive(screening.decision):
            for picture in by_job[screening.job_id]:
                if screening.picture_id in {None, picture.pk}:
                    found[picture.pk].append(_("A screen noted something sexual or violent, or failed."))
    return {pk: list(dict.fromkeys(reasons)) for pk, reasons in found.items()}


def is_flagged(picture: Picture) -> bool:
    """Whether there is a reason to look at it by itself."""
    return bool(flags_of([picture]))


def flag(*, actor: User, picture: Picture, reason: str, at: datetime) -> Flag:
    """Warn the other reviewers; an open flag is left as it is. Raises PermissionDenied, ValidationError."""
    may_decide(actor, picture.job).enforce()
    reason = required(reason=reason)["reason"]
    if len(reason) > LONGEST_REASON:
        raise ValidationError(
            {
                "reason": _("It has %(n)s characters; shorten it to %(most)s.")
                % {"n": len(reason), "most": LONGEST_REASON}
            }
        )
    with transaction.atomic():
        lock(picture.job)
        made, created = Flag.objects.get_or_create(
            picture=picture, lifted=None, defaults={"by": actor, "reason": reason, "at": at}
        )
        if created:
            _repeat(picture, verb="review.flag", actor=actor, at=at)
    return made


def lift(*, actor: User, picture: Picture, at: datetime) -> None:
    """Take the reviewers' flag off; twice is once. What the screens said stays. Raises PermissionDenied."""
    may_decide(actor, picture.job).enforce()
    with transaction.atomic():
        lock(picture.job)
        if Flag.objects.filter(picture=picture, lifted=None).update(lifted=at, lifted_by=actor):
            _repeat(picture, verb="review.unflag", actor=actor, at=at)


def _repeat(picture: Picture, *, verb: str, actor: User, at: datetime) -> None:
    """The mark on the requests that wait, and the audit row."""
    ReviewRequest.objects.filter(picture=picture, ended=None).update(flagged=is_flagged(picture))
    note(actor=actor, verb=verb, subject=picture, organisation=picture.job.project.organisation_id, at=at)
