"""Takes a picture from raw pixels to a signed, recorded file: check (control), seal and record (sign).

Each verb claims the picture in its state, works outside any transaction, and moves it on in a short one, so a crash
anywhere leaves a picture that the sweeper finds and the same verbs finish. Until RECORDED nobody sees it; until
SIGNED its pixels lie sealed in the quarantine.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction

from studio import blobs, pipeline, quarantine, tracing, vault
from studio.claims import heartbeat
from studio.faults import fault
from studio.jobs import erasing, process, reference, screening, small, words
from studio.jobs.models import Job, Picture
from studio.jobs.queue import JOINED, claim_picture
from studio.jobs.states import PictureState, advance
from studio.quarantine import Kind
from studio.references.registering import compared_with
from studio.trail.actions import intend, note, settle
from studio.trail.alarms import hush, sound
from studio.trail.errors import StaleStateError
from studio.trail.models import AlarmKind, LedgerIntent

logger = logging.getLogger(__name__)
# The way of a picture, and who goes it: only the sign worker opens a signing key, and it loads no classifier.
QUEUE = (PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED)
CONTROL = frozenset({PictureState.GENERATED, PictureState.SIGNED})
SIGN = frozenset({PictureState.CHECKED, PictureState.SIGNED})
LONGEST_PAUSE = timedelta(seconds=15)
HELD_IN_QUARANTINE = (
    PictureState.GENERATED,
    PictureState.QUARANTINED,
    PictureState.CHECKED,
    PictureState.SIGNED,
)
WAITING: Mapping[str, str] = {
    PictureState.GENERATED: "It waits to be checked; an administrator has to look.",
    PictureState.CHECKED: "It waits for its signature; an administrator has to look.",
    PictureState.SIGNED: "It waits for the ledger; an administrator has to look.",
}

ALARMS: Mapping[str, AlarmKind] = {
    PictureState.GENERATED: AlarmKind.CHECK,
    PictureState.CHECKED: AlarmKind.SIGN,
    PictureState.SIGNED: AlarmKind.RECORD,
}


def pixels_of(picture: Picture) -> bytes:
    """The unsigned RGB8 pixels from the quarantine. Raises ErasedError when their key is gone, OSError."""
    key = words.key_of(picture.job)
    try:
        sealed = quarantine.place(Kind.PIXELS, picture.pk).read()
        return vault.unseal(sealed, key=key, purpose=f"pixels {picture.pk}")
    except vault.SealBrokenError as error:
        raise words.ErasedError("The pixels of this picture are gone.") from error


def finish(pk: UUID, *, clock: Callable[[], datetime], states: Collection[str] = QUEUE) -> str:
    """Take a picture as far as it goes now; returns the state it reached.

    `states` are those that the caller's process may work on: `CONTROL` or `SIGN`.

    What stands in the way is logged whole, told to members in a sentence (`waiting`), and tried again after a pause
    that grows to `LONGEST_PAUSE`; only erased pixels end a picture.
    """
    for state in (state for state in QUEUE if state in states):
        picture = claim_picture(pk, state, now=clock())
        if picture is None:
            continue
        try:
            name, step = STEPS[state]
            with heartbeat(picture), tracing.step(name, picture.job_id, picture=pk, attempt=picture.attempt):
                step(picture, at=clock())
            hush(ALARMS[state], organisation=picture.job.project.organisation_id)
        except StaleStateError as error:
            logger.warning("picture %s: the claim was lost: %s", pk, error)
        except words.ErasedError:
            discard(picture, state, reason="its pixels were erased", at=clock())
        except Exception as error:
            logger.exception("picture %s waits", pk)
            waits = _wait(picture, f"{WAITING[state]} ({type(error).__name__})", at=clock())
            expected = isinstance(error, (pipeline.ProvenanceError, pipeline.ModerationError, OSError))
            # What nobody expected may quote anything; what we wrote ourselves quotes no words of a person.
            cause = str(error) if expected else f"{type(error).__name__}; the log of the worker has more"
            if waits:
                sound(ALARMS[state], organisation=picture.job.project.organisation_id, cause=cause, at=clock())
            if not expected:
                raise
    return Picture.objects.values_list("state", flat=True).get(pk=pk)


def _wait(picture: Picture, waiting: str, *, at: datetime) -> bool:
    """Give the claim up until a pause has passed; False where the step was done and only what follows it failed."""
    pause = min(timedelta(seconds=2) * 2 ** min(picture.attempt, 8), LONGEST_PAUSE)
    claimed = Picture.objects.filter(pk=picture.pk, token=picture.token, state=picture.state)
    return bool(claimed.update(waiting=waiting, lease=None, not_before=at + pause, changed=at))


def check(picture: Picture, *, at: datetime) -> None:
    """Screen the pixels: GENERATED to CHECKED, or to QUARANTINED where a person must look."""
    job = picture.job
    screened = pipeline.screen_picture(
        pixels_of(picture),
        picture.width,
        picture.height,
        document=job.policy.document,
        references=compared_with(job.project.organisation, at=at),
        decision_id=uuid4(),
        at=at,
    )
    fault("after output check")
    held = screened.action in {"review", "block"}
    end = PictureState.QUARANTINED if held else PictureState.CHECKED
    with transaction.atomic():
        advance(
            Picture,
            picture.pk,
            PictureState.GENERATED,
            end,
            fence=picture.token,
            lease=None,
            changed=at,
            waiting="",
            flagged=screened.action != "allow",
        )
        screening.row(job, screened, at=at, picture=picture).save(force_insert=True)
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
        decision_ids=[str(pk) for pk in job.screenings.order_by("at", "pk").values_list("pk", flat=True)],
        label=screening.label_of(job),
        language=job.project.label_language,
        training_mining=job.project.training_mining,
        prompt=words.open_words(job).prompt if job.project.publish_prompts else None,
        reference_commitment=_committed_reference(job),
    )


def seal(picture: Picture, *, at: datetime) -> None:
    """Sign, store, then commit to the entry: CHECKED to SIGNED."""
    job = picture.job
    log = job.project.organisation.log
    facts = circumstances(picture, at=at, entry=pipeline.entry_id(log, "picture", str(picture.pk)))
    start = reference.credentialed_file(job)
    signed = pipeline.seal(pixels_of(picture), picture.width, picture.height, facts, reference=start)
    fault("signed before store")
    sha256 = blobs.put(signed.data)
    strip = process.sign(picture, facts)
    fault("stored before intent")
    file = {"sha256": sha256, "pixel_sha256": signed.pixel_sha256, "media_type": signed.media_type}
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
            process_sha256=strip,
            **file,
        )
        intend(
            log=log,
            kind="picture",
            row=picture.pk,
            at=at,
            record=picture.record,
            asset=signed.entry,
            body=picture_body(picture) | process.recorded(strip),
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
    body: dict[str, object] = {
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
        "screenings": [str(pk) for pk in job.screenings.order_by("at", "pk").values_list("pk", flat=True)],
    }
    if job.reference_sha256:
        body["reference"] = _committed_reference(job)
    return body


def _committed_reference(job: Job) -> str | None:
    """A salted commitment to the picture a request started from; None without one, or without its salt any more."""
    if not job.reference_sha256:
        return None
    try:
        salt = bytes.fromhex(words.open_words(job).salt)
    except words.ErasedError:
        return None
    return pipeline.commitment(job.reference_sha256, salt)


def record(picture: Picture, *, at: datetime) -> None:
    """Append to the ledger, then show: SIGNED to RECORDED. An unreachable ledger leaves the picture unseen."""
    intent = LedgerIntent.objects.get(row=str(picture.pk), kind="picture")
    intent = settle(intent, at=at)
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
    small.make(picture)


def expire(*, now: datetime) -> int:
    """Discard what was held back for longer than it is kept without a ruling, pixels and all; returns how many."""
    expired = 0
    for picture in erasing.due_pictures(PictureState.QUARANTINED, now=now).select_related(*JOINED):
        try:
            discard(picture, PictureState.QUARANTINED, reason="nobody ruled in time", at=now, lapsed=True)
            expired += 1
        except StaleStateError:
            logger.info("picture %s was ruled on at the last moment", picture.pk)
        except Exception:
            logger.exception("picture %s could not be discarded", picture.pk)
    return expired


def discard(picture: Picture, state: str, *, reason: str, at: datetime, lapsed: bool = False) -> None:
    """End a picture that nobody will see: DISCARDED, with its entry, its pixels removed. Raises StaleStateError.

    One that `lapsed`, for which no person decided, stays where it is held meanwhile.
    """
    organisation = picture.job.project.organisation
    body = {"outcome": PictureState.DISCARDED, "reason": reason, **picture_body(picture)}
    with transaction.atomic():
        if lapsed:
            erasing.lock_unheld(picture.job.project_id, picture.pk)
        advance(Picture, picture.pk, state, PictureState.DISCARDED, lease=None, changed=at)
        intend(log=organisation.log, kind="closure", row=picture.pk, at=at, record=picture.record, body=body)
        note(actor=None, verb="picture.discard", subject=picture, organisation=organisation.pk, at=at, reason=reason)
    forget(picture)


def sweep_quarantine(*, now: datetime) -> int:
    """Remove sealed pixels and strips that no picture waits for.

    A crash fell between their file and their row, or before `forget`.
    """
    held = Picture.objects.filter(state__in=HELD_IN_QUARANTINE)
    kinds = (Kind.PIXELS, Kind.PROCESS)
    return sum(quarantine.sweep(kind, held, now=now) for kind in kinds)


def forget(picture: Picture) -> None:
    """Remove a picture's unsigned pixels and strip: it was recorded, or discarded."""
    quarantine.place(Kind.PIXELS, picture.pk).remove()
    process.forget(picture.pk)


STEPS: Mapping[str, tuple[str, Callable[..., None]]] = {
    PictureState.GENERATED: ("check", check),
    PictureState.CHECKED: ("seal", seal),
    PictureState.SIGNED: ("record", record),
}
