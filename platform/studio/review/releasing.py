"""Signs and records what was approved: the second manifest, with the first file as its parent and the same pixels."""

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from studio import blobs, pipeline
from studio.faults import fault
from studio.jobs import words
from studio.jobs.checkpoints import publish_checkpoint
from studio.jobs.finishing import circumstances
from studio.jobs.models import Picture
from studio.jobs.queue import JOINED
from studio.jobs.states import PictureState, advance
from studio.review.models import Release
from studio.review.withdrawing import standing_against, stop
from studio.trail.actions import intend, note, settle
from studio.trail.alarms import hush, sound
from studio.trail.errors import StaleStateError
from studio.trail.models import AlarmKind, LedgerIntent

logger = logging.getLogger(__name__)


def finish_release(pk: UUID, *, at: datetime) -> bool:
    """Take a release as far as it goes now: sign, store, append, publish. Returns whether the picture is released.

    What stands in the way is logged whole and told to members in a sentence; the sweeper tries again.
    """
    release = Release.objects.select_related("decision", *(f"picture__{name}" for name in JOINED)).get(pk=pk)
    if release.at is not None:
        return True
    organisation = release.picture.job.project.organisation_id
    try:
        if not release.sha256 and standing_against(release.picture):
            stop(release, at=at)
            return False
        decision = settle(LedgerIntent.objects.get(row=str(release.decision_id), kind="decision"), at=at)
        if not release.sha256:
            _sign(release, decision_sequence=decision.sequence, at=at)
        done = _publish(release, at=at)
        hush(AlarmKind.RELEASE, organisation=organisation)
        return done
    except (blobs.BlobError, pipeline.ProvenanceError, words.ErasedError, OSError) as error:
        logger.exception("release %s waits", pk)
        waiting = f"Its release waits; an administrator has to look. ({type(error).__name__})"
        Picture.objects.filter(pk=release.picture_id).update(waiting=waiting)
        sound(AlarmKind.RELEASE, organisation=organisation, cause=str(error), at=at)
        return False
    except StaleStateError:
        return Release.objects.filter(pk=pk, at__isnull=False).exists()


def _sign(release: Release, *, decision_sequence: int | None, at: datetime) -> None:
    """Sign and store the second file, then commit to its entry; two workers that race keep the first one's file."""
    picture = release.picture
    log = picture.job.project.organisation.log
    entry = pipeline.entry_id(log, "release", str(release.pk))
    facts = replace(
        circumstances(picture, at=at, entry=entry),
        approver_role=release.decision.role,
        decision_sequence=decision_sequence,
    )
    signed = pipeline.release(blobs.get(picture.sha256), facts)
    if signed.pixel_sha256 != release.decision.pixel_sha256:
        raise blobs.BlobError("The release would change the approved pixels.")
    report = pipeline.report(signed.data)
    fault("release signed before store")
    sha256 = blobs.put(signed.data)
    fault("release stored before intent")
    with transaction.atomic():
        won = Release.objects.filter(pk=release.pk, sha256="").update(
            sha256=sha256,
            media_type=signed.media_type,
            manifest=signed.manifest_id,
            report=report,
            key_id=pipeline.signing_key(signed.data),
        )
        if won:
            intend(
                log=log,
                kind="release",
                row=release.pk,
                at=at,
                record=picture.record,
                asset=signed.entry,
                body={
                    "parent": picture.sha256,
                    "decision": str(release.decision_id),
                    "decision_sequence": decision_sequence,
                },
            )
    release.refresh_from_db()


def name_key(release: Release) -> None:
    """Keep which key signed a released file, where that was not done when it was signed."""
    Release.objects.filter(pk=release.pk).update(key_id=pipeline.signing_key(blobs.get(release.sha256)))


def report_on(release: Release) -> None:
    """Tell from its bytes what a released file carries, where that was not done when it was signed."""
    Release.objects.filter(pk=release.pk).update(report=pipeline.report(blobs.get(release.sha256)))


def _publish(release: Release, *, at: datetime) -> bool:
    settle(LedgerIntent.objects.get(row=str(release.pk), kind="release"), at=at)
    # A checker believes only what a signed checkpoint covers, so the picture is public no earlier.
    publish_checkpoint(release.picture.job.project.organisation, at=at)
    fault("release appended before published")
    with transaction.atomic():
        advance(Picture, release.picture_id, PictureState.APPROVED, PictureState.RELEASED, changed=at, waiting="")
        Release.objects.filter(pk=release.pk).update(at=at)
        organisation = release.picture.job.project.organisation_id
        note(
            actor=None,
            verb="release.publish",
            subject=release.picture,
            organisation=organisation,
            at=at,
            sha256=release.sha256,
        )
    return True
