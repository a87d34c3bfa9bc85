"""The description of a picture, screened by a worker as a prompt is: the public hears it read out.

People decide about a description with the picture, so what the screens say warns them and holds up no decision. But a
description that was stopped is read by itself, never approved in a batch, and what no person may let through is never
released. What is public besides, the reason of a withdrawal, is a reviewer's own word, and waits for no screen.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from studio import pipeline
from studio.claims import unheard
from studio.jobs.models import Picture
from studio.review.models import DescriptionScreening, ReviewRequest
from studio.trail.actions import note

logger = logging.getLogger(__name__)
STOPPED = ("review", "block")
_RINGS = 100


def screen_description(pk: UUID, *, at: datetime) -> DescriptionScreening:
    """Say of a submitted description what the policy of its request says; the second call returns the first answer."""
    joined = ("picture__job__policy", "picture__job__project")
    request = ReviewRequest.objects.select_related(*joined).get(pk=pk)
    known = DescriptionScreening.objects.filter(request=request).first()
    if known is not None:
        return known
    screened = _judged(request, at=at)
    values = {"action": screened.action, "decision": screened.decision, "reasons": screened.reasons, "at": at}
    with transaction.atomic():
        kept, created = DescriptionScreening.objects.get_or_create(request=request, defaults=values)
        if created:
            organisation = request.picture.job.project.organisation_id
            subject, action = request.picture, screened.action
            note(actor=None, verb="review.describe", subject=subject, organisation=organisation, at=at, action=action)
    return kept


def _judged(request: ReviewRequest, *, at: datetime) -> pipeline.Screened:
    """The policy's word; where the screen itself fails, that a person must look."""
    job, decision_id = request.picture.job, uuid4()
    try:
        return pipeline.screen_prompt(
            request.alt_text,
            "",
            document=job.policy.document,
            decision_id=decision_id,
            at=at,
            language=job.language,
            folder=None,
        )
    except Exception as error:
        logger.exception("the description of %s could not be screened", request)
        return pipeline.unscreened("prompt", decision_id=decision_id, at=at, error=type(error).__name__)


def left_over(*, now: datetime) -> Iterable[UUID]:
    """Submissions whose description nobody has screened, though it was sent a while ago."""
    waiting = ReviewRequest.objects.filter(unheard("at", now), ended=None, screening=None).order_by("at")
    return waiting.values_list("pk", flat=True)[:_RINGS]


def about(picture: Picture) -> QuerySet[DescriptionScreening]:
    """What was said about its latest description, if anything yet."""
    return DescriptionScreening.objects.filter(request__picture=picture).order_by("-request__at")[:1]


def is_stopped(pictures: Collection[Picture]) -> bool:
    """Whether a screen stopped the description of one of them that waits for a decision."""
    waiting = DescriptionScreening.objects.filter(request__picture__in=pictures, request__ended=None)
    return waiting.filter(action__in=STOPPED).exists()


def is_final(request: ReviewRequest) -> bool:
    """Whether its description says what no person may let through."""
    said = DescriptionScreening.objects.filter(request=request).first()
    return said is not None and pipeline.beyond_appeal(said.decision)
