"""Renditions: asking for a released picture in another shape, then signing, recording and showing it.

The way is that of a release: the row is the queue, the signed bytes are stored before the ledger hears of them, an
intent bridges the two databases, and nobody sees the file before the signed log holds it. Every step may be repeated.
"""

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import blobs, pipeline
from studio.accounts.models import User
from studio.faults import fault
from studio.jobs import bell, words
from studio.jobs.checkpoints import publish_checkpoint
from studio.jobs.finishing import circumstances
from studio.jobs.models import Picture
from studio.jobs.queue import JOINED
from studio.jobs.states import PictureState
from studio.review.models import Release, Rendition
from studio.review.rules import may_render
from studio.trail.actions import intend, note, settle
from studio.trail.errors import StaleStateError
from studio.trail.models import LedgerIntent

logger = logging.getLogger(__name__)


def ask_for_rendition(*, actor: User, picture: Picture, shape: str, at: datetime) -> Rendition:
    """Ask for a released picture in another shape; the signing worker makes it. A second call returns the first one.

    Raises PermissionDenied, ValidationError, StaleStateError when the picture is released no longer.
    """
    offer = next((item for item in offers_for(picture) if item.name == shape), None)
    if offer is None:
        raise ValidationError({"shape": _("This picture has no such shape; choose one from the list.")})
    may_render(actor, picture.job, crops=offer.crops).enforce()
    with transaction.atomic():
        if not Picture.objects.select_for_update().filter(pk=picture.pk, state=PictureState.RELEASED).exists():
            raise StaleStateError(picture.pk, PictureState.RELEASED)
        release = Release.objects.get(picture=picture)
        rendition, created = Rendition.objects.get_or_create(
            release=release,
            shape=offer.name,
            defaults={
                "title": offer.title,
                "asked_by": actor,
                "asked": at,
                "width": offer.width,
                "height": offer.height,
                "media_type": offer.media_type,
            },
        )
        if created:
            organisation = picture.job.project.organisation_id
            note(actor=actor, verb="rendition.ask", subject=picture, organisation=organisation, at=at, shape=shape)
            transaction.on_commit(lambda: bell.ring_rendition(rendition.pk))
    return rendition


def offers_for(picture: Picture) -> list[pipeline.Offer]:
    """The shapes that this picture can have."""
    return pipeline.offers(picture.width, picture.height, picture.media_type)


def finish_rendition(pk: UUID, *, at: datetime) -> bool:
    """Take a rendition as far as it goes now: make, sign, store, append, show. Returns whether it is shown.

    What stands in the way is logged whole and told to members in a sentence; the sweeper tries again. A picture that
    was withdrawn in the meantime gets no further.
    """
    joined = (f"release__picture__{name}" for name in JOINED)
    rendition = Rendition.objects.select_related("release__decision", "release__picture", *joined).get(pk=pk)
    if rendition.at is not None:
        return True
    if rendition.release.picture.state != PictureState.RELEASED:
        return False
    try:
        if not rendition.sha256:
            _sign(rendition, at=at)
        return _show(rendition, at=at)
    except (blobs.BlobError, pipeline.ProvenanceError, words.ErasedError, OSError) as error:
        logger.exception("rendition %s waits", pk)
        waiting = f"It waits; an administrator has to look. ({type(error).__name__})"
        Rendition.objects.filter(pk=pk).update(waiting=waiting)
        return False


def _sign(rendition: Rendition, *, at: datetime) -> None:
    """Make, sign and store the file, then commit to its entry; two workers that race keep the first one's file."""
    release, picture = rendition.release, rendition.release.picture
    log = picture.job.project.organisation.log
    entry = pipeline.entry_id(log, "rendition", str(rendition.pk))
    decision = LedgerIntent.objects.get(row=str(release.decision_id), kind="decision")
    facts = replace(
        circumstances(picture, at=at, entry=entry),
        approver_role=release.decision.role,
        decision_sequence=decision.sequence,
    )
    signed = pipeline.make_rendition(blobs.get(release.sha256), rendition.shape, facts)
    report = pipeline.report(signed.data)
    width, height = pipeline.pixel_size(signed.data)
    fault("rendition signed before store")
    sha256 = blobs.put(signed.data)
    fault("rendition stored before intent")
    file = {"sha256": sha256, "media_type": signed.media_type}
    with transaction.atomic():
        won = Rendition.objects.filter(pk=rendition.pk, sha256="").update(
            **file, width=width, height=height, manifest=signed.manifest_id, report=report
        )
        if won:
            intend(
                log=log,
                kind="rendition",
                row=rendition.pk,
                at=at,
                record=picture.record,
                asset=signed.entry,
                body={"parent": release.sha256, "shape": rendition.shape, "title": rendition.title},
            )
    rendition.refresh_from_db()


def _show(rendition: Rendition, *, at: datetime) -> bool:
    settle(LedgerIntent.objects.get(row=str(rendition.pk), kind="rendition"), at=at)
    picture = rendition.release.picture
    # A checker believes only what a signed checkpoint covers, so the file is handed out no earlier.
    publish_checkpoint(picture.job.project.organisation, at=at)
    fault("rendition appended before shown")
    with transaction.atomic():
        if Rendition.objects.filter(pk=rendition.pk, at=None).update(at=at, waiting=""):
            note(
                actor=None,
                verb="rendition.record",
                subject=picture,
                organisation=picture.job.project.organisation_id,
                at=at,
                shape=rendition.shape,
                sha256=rendition.sha256,
            )
    return True
