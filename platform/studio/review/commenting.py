"""What reviewers say about a picture in review besides their decision, perhaps about a place in it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.review.deciding import required
from studio.review.models import PER_MILLE, Comment, ReviewRequest
from studio.review.rules import may_decide
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

LONGEST = 2000


def comment(
    *, actor: User, request: ReviewRequest, text: str, at: datetime, x: int | None = None, y: int | None = None
) -> Comment:
    """Say something about a picture in review; `x` and `y` are per mille of its width and height, from top left.

    Raises PermissionDenied, ValidationError, StaleStateError when its review has ended.
    """
    may_decide(actor, request.picture.job).enforce()
    text = required(text=text)["text"]
    if len(text) > LONGEST:
        raise ValidationError(
            {"text": _("It has %(n)s characters; shorten it to %(longest)s.") % {"n": len(text), "longest": LONGEST}}
        )
    if (x is None) != (y is None) or not all(0 <= place <= PER_MILLE for place in (x, y) if place is not None):
        raise ValidationError(
            {"x": _("A place is two numbers from 0 to %(per_mille)s: across and down.") % {"per_mille": PER_MILLE}}
        )
    with transaction.atomic():
        if not ReviewRequest.objects.select_for_update().filter(pk=request.pk, ended=None).exists():
            raise StaleStateError(request.picture_id, request.picture.state)
        made = Comment.objects.create(request=request, author=actor, text=text, x=x, y=y, at=at)
        organisation = request.picture.job.project.organisation_id
        note(actor=actor, verb="review.comment", subject=request.picture, organisation=organisation, at=at)
    return made


def comments_on(picture: Picture) -> models.QuerySet[Comment]:
    """Everything said about a picture, oldest first; what is open still first."""
    said = Comment.objects.filter(request__picture=picture).select_related("author", "answered")
    return said.order_by(models.F("answered").asc(nulls_first=True), "at", "pk")


def answer_all(picture: Picture, *, by: ReviewRequest) -> None:
    """The maker has submitted the picture again: what was said before is answered by that."""
    Comment.objects.filter(request__picture=picture, answered=None).exclude(request=by).update(answered=by)
