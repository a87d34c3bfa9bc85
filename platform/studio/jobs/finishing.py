"""Takes a picture from raw pixels to a signed, recorded file: check, seal, record.

Each verb claims the picture in its state, works outside any transaction, and moves it on in a short one, so a crash
anywhere leaves a picture that the sweeper finds and the same verbs finish. Until RECORDED nobody sees it; until
SIGNED its pixels lie sealed in the quarantine.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction

from studio import blobs, pipeline, vault
from studio.accounts.models import SubjectKey
from studio.faults import fault
from studio.jobs import words
from studio.jobs.models import Picture, Screening
from studio.jobs.queue import claim_picture
from studio.jobs.states import PictureState, StaleStateError, advance
from studio.trail.actions import intend, note, settle
from studio.trail.models import LedgerIntent

logger = logging.getLogger(__name__)


def pixels_of(picture: Picture) -> bytes:
    """The unsigned RGB8 pixels from the quarantine."""
    key = SubjectKey.objects.get(membership=picture.job.requester_id)
    sealed = blobs.quarantine_path(picture.pk).read_bytes()
    return vault.unseal(sealed, key=bytes(key.wrapped), purpose=f"pixels {picture.pk}")


def finish(pk: UUID, *, at: datetime) -> str:
    """Take a picture as far as it goes now; returns the state it reached."""
    for state, verb in ((PictureState.GENERATED, check), (PictureState.CHECKED, seal), (PictureState.SIGNED, record)):
        picture = claim_picture(pk, state, now=at)
        if picture is not None:
            verb(picture, at=at)
    return Picture.objects.values_list("state", flat=True).get(pk=pk)


def check(picture: Picture, *, at: datetime) -> None:
    """Screen the pixels: GENERATED to CHECKED, or to QUARANTINED where a person must look."""
    job = picture.job
    screened = pipeline.screen_picture(
        pixels_of(picture), picture.width, picture.height, document=job.policy.document, decision_id=uuid4(), at=at
    )
    fault("after output check")
    held = screened.action in {"review", "block"}
    end = PictureState.QUARANTINED if held else PictureState.CHECKED
    with transaction.atomic():
        advance(Picture, picture.pk, PictureState.GENERATED, end, fence=picture.token, lease=None, changed=at)
        Screening.objects.create(
            id=screened.decision["id"],
            job=job,
            picture=picture,
            action=screened.action,
            decision=screened.decision,
            reasons=screened.reasons,
            at=at,
        )
        note(
            actor=None,
            verb="picture.check",
            subject=picture,
            organisation=job.project.organisation_id,
            at=at,
            action=screened.action,
        )


def circumstances(picture: Picture, *, at: datetime, entry: UUID) -> pipeline.Circumstances:
    """What the manifest says about this picture."""
    job = picture.job
    organisation = job.project.organisation
    return pipeline.Circumstances(
        slug=organisation.slug,
        producer=organisation.name,
        log=organisation.log,
        record=picture.record,
        title=f"{job.campaign.name} {picture.index + 1}",
        when=at,
        entry=entry,
        model={
            "title": job.model.title,
            "revision": job.model.revision,
            "digest": job.model.digest,
            "licence": job.model.licence,
            "data_manifest_sha256": job.model.data_manifest_sha256,
        },
        recipe=picture.recipe,
        seed=picture.seed,
        request_digest=job.request_digest,
        prompt_commitment=job.prompt_commitment,
        policy_digest=job.policy.digest,
        decision_ids=[str(pk) for pk in job.screenings.order_by("at").values_list("pk", flat=True)],
        label=job.project.label,
        training_mining=job.project.training_mining,
        prompt=words.open_words(job).prompt if job.project.publish_prompts else None,
    )


def seal(picture: Picture, *, at: datetime) -> None:
    """Sign, store, then commit to the entry: CHECKED to SIGNED.

    What stands in the way is kept in `waiting` and tried again.
    """
    job = picture.job
    log = job.project.organisation.log
    facts = circumstances(picture, at=at, entry=pipeline.entry_id(log, "picture", str(picture.pk)))
    try:
        signed = pipeline.seal(pixels_of(picture), picture.width, picture.height, facts)
    except pipeline.ProvenanceError as error:
        logger.error("picture %s waits for its signature: %s", picture.pk, error)
        Picture.objects.filter(pk=picture.pk, token=picture.token).update(waiting=str(error), lease=None, changed=at)
        return
    fault("signed before store")
    sha256 = blobs.put(signed.data)
    fault("stored before intent")
    asset = {"sha256": sha256, "pixel_sha256": signed.pixel_sha256, "media_type": signed.media_type}
    with transaction.atomic():
        advance(
            Picture,
            picture.pk,
            PictureState.CHECKED,
            PictureState.SIGNED,
            fence=picture.token,
            lease=None,
            changed=at,
            waiting="",
            manifest=signed.manifest_id,
            **asset,
        )
        intend(
            log=log,
            kind="picture",
            row=picture.pk,
            at=at,
            record=picture.record,
            asset=asset,
            body=picture_body(picture),
        )
        note(
            actor=None,
            verb="picture.seal",
            subject=picture,
            organisation=job.project.organisation_id,
            at=at,
            sha256=sha256,
        )


def picture_body(picture: Picture) -> dict[str, object]:
    """The ledger's record of a picture: digests, decisions and commitments, never words or names."""
    job = picture.job
    return {
        "request": job.request_digest,
        "commitment": job.prompt_commitment,
        "job": str(job.pk),
        "project": str(job.project_id),
        "campaign": str(job.campaign_id),
        "model": job.model.digest,
        "policy": job.policy.digest,
        "recipe": picture.recipe_digest,
        "source_pixels": picture.source_pixel_sha256,
        "maker": str(job.requester.pseudonym),
        "screenings": [str(pk) for pk in job.screenings.order_by("at").values_list("pk", flat=True)],
    }


def record(picture: Picture, *, at: datetime) -> None:
    """Append to the ledger, then show: SIGNED to RECORDED. An unreachable ledger leaves the picture unseen."""
    intent = LedgerIntent.objects.get(row=str(picture.pk), kind="picture")
    try:
        intent = settle(intent, at=at)
    except (pipeline.LedgerUnavailableError, pipeline.LedgerConflictError) as error:
        logger.error("picture %s waits for the ledger: %s", picture.pk, error)
        Picture.objects.filter(pk=picture.pk, token=picture.token).update(waiting=str(error), lease=None, changed=at)
        return
    fault("appended before recorded")
    with transaction.atomic():
        advance(
            Picture,
            picture.pk,
            PictureState.SIGNED,
            PictureState.RECORDED,
            fence=picture.token,
            lease=None,
            changed=at,
            waiting="",
            sequence=intent.sequence,
            leaf=intent.leaf,
        )
        note(
            actor=None,
            verb="picture.record",
            subject=picture,
            organisation=picture.job.project.organisation_id,
            at=at,
            sequence=intent.sequence,
        )
    fault("recorded before notify")
    forget(picture)


def expire(*, now: datetime) -> int:
    """Discard what was held back longer than `QUARANTINE_DAYS` without a ruling, pixels and all; returns how many."""
    stale = Picture.objects.filter(
        state=PictureState.QUARANTINED, changed__lt=now - timedelta(days=settings.QUARANTINE_DAYS)
    ).select_related("job__project__organisation")
    discarded = 0
    for picture in stale:
        organisation = picture.job.project.organisation
        try:
            with transaction.atomic():
                advance(Picture, picture.pk, PictureState.QUARANTINED, PictureState.DISCARDED, changed=now)
                body = {"outcome": PictureState.DISCARDED, "reason": "nobody ruled in time", **picture_body(picture)}
                intend(log=organisation.log, kind="closure", row=picture.pk, at=now, record=picture.record, body=body)
                note(actor=None, verb="picture.expire", subject=picture, organisation=organisation.pk, at=now)
        except StaleStateError:
            continue
        forget(picture)
        discarded += 1
    return discarded


def forget(picture: Picture) -> None:
    """Remove a picture's unsigned pixels: it was recorded, or discarded."""
    blobs.quarantine_path(picture.pk).unlink(missing_ok=True)
