"""Makes the pictures of a claimed job.

The model runs in a child, pixels go sealed into the quarantine, rows say what they are. Whatever goes wrong ends the
claim: with an entry where trying again cannot help, back in the line where it may.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import F, Max
from django.utils import timezone

from studio import pipeline, quarantine, stores, tracing, vault
from studio.catalogue.models import Model
from studio.claims import heartbeat, lease_from
from studio.faults import fault
from studio.jobs import bell, process, reference, words
from studio.jobs.models import FACETS, Job, Picture
from studio.jobs.queue import close, give_back
from studio.jobs.states import JobState, advance
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)
PREVIEW_SECONDS = 30
WITHDRAWN = "The model was withdrawn before this request's turn came; ask again with another."


class CancelledError(Exception):
    """The maker asked to stop."""


def make(job: Job, press: pipeline.Press) -> str:
    """Run a job claimed by `queue.claim` until the claim ends; returns the state the job is in then."""
    try:
        with tracing.step("generate", job.pk, attempt=job.attempt, count=job.count):
            _work(job, press)
    except StaleStateError as error:
        logger.warning("%s: the claim was lost: %s", job, error)
    finally:
        cache.delete(_preview_key(job))
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def warm(press: pipeline.Press) -> None:
    """Begin to load the model that was asked for last, or the newest approved one, before anybody waits for it.

    Nothing that stands in the way keeps a worker from starting.
    """
    approved = Model.objects.filter(state=Model.State.APPROVED).annotate(asked=Max("jobs__submitted"))
    try:
        model = approved.order_by(F("asked").desc(nulls_last=True), "-registered").first()
        if model is not None:
            press.warm(model.slug, folder=Path(model.folder), digest=model.digest)
    except (pipeline.GenerationError, DatabaseError):
        logger.exception("no model is loaded beforehand")


def _work(job: Job, press: pipeline.Press) -> None:
    """Make the pictures and end the claim. Raises StaleStateError when the claim is somebody else's by now."""
    if job.model.state != Model.State.APPROVED:
        _end(job, JobState.FAILED, failure=WITHDRAWN)
        return
    try:
        with heartbeat(job) as lost:
            for event in _events(job, press):
                if lost.is_set():
                    raise StaleStateError(job.pk, JobState.GENERATING)
                if isinstance(event, pipeline.Step):
                    _show(job, event)
                else:
                    keep(job, event, at=timezone.now())
        fault("after generation")
        _end(job, JobState.DONE)
    except CancelledError:
        _end(job, JobState.CANCELLED)
    except words.ErasedError as error:
        _end(job, JobState.FAILED, failure=str(error))
    except pipeline.GenerationError as error:
        logger.error("%s: %s", job, error)
        # A request that took too long once would take as long again.
        if error.permanent or isinstance(error, pipeline.DeadlineError):
            _end(job, JobState.FAILED, failure=_public(error))
        else:
            give_back(job, reason=_public(error), at=timezone.now())
    except OSError as error:
        # A full disk, or a storage that is away: nothing was kept half, and the request waits until there is one.
        logger.exception("%s: the quarantine could not be read or written", job)
        reason = f"a picture could not be read or stored ({type(error).__name__})"
        give_back(job, reason=reason, at=timezone.now(), counted=not stores.is_away(error))


def _public(error: pipeline.GenerationError) -> str:
    """What members may read of an error: a model folder's error names paths of this machine."""
    if isinstance(error, pipeline.ModelFolderError):
        return "The model's files cannot be read, or are not the approved ones; a custodian has to look."
    return str(error)


def _events(job: Job, press: pipeline.Press) -> Iterator[pipeline.Step | pipeline.GeneratedAsset]:
    typed = words.open_words(job)
    spec = pipeline.GenerationSpec.from_json(
        {**job.spec, "prompt": typed.prompt, "negative_prompt": typed.negative_prompt}
    )
    start = reference.opened(job) if job.reference_sha256 else None
    return press.generate(spec, folder=Path(job.model.folder), digest=job.model.digest, reference=start)


def _show(job: Job, step: pipeline.Step) -> None:
    """Progress for the page, a fenced write that also reads the cancel flag.

    A preview only where nothing delicate was noted.
    """
    fault("during generation")
    claimed = Job.objects.filter(pk=job.pk, token=job.token, state=JobState.GENERATING)
    done = step.picture * step.total + step.index
    if not claimed.update(progress=done, progress_total=step.total * job.count):
        raise StaleStateError(job.pk, JobState.GENERATING)
    if claimed.filter(cancel_requested=True).exists():
        raise CancelledError
    screenings = job.screenings.filter(picture=None)
    if step.preview and screenings and not any(pipeline.sensitive(one.decision) for one in screenings):
        sealed = vault.seal(step.preview, key=words.key_of(job), purpose=_preview_key(job))
        cache.set(_preview_key(job), sealed, PREVIEW_SECONDS)


def _preview_key(job: Job) -> str:
    return f"preview-{job.pk}"


def has_preview(job: Job) -> bool:
    """Whether there is one to be asked for at this moment."""
    return cache.has_key(_preview_key(job))


def preview(job: Job) -> bytes | None:
    """The latest step's small PNG, or None; it waits in the cache for seconds, sealed like the words."""
    sealed = cache.get(_preview_key(job))
    if sealed is None:
        return None
    try:
        return vault.unseal(sealed, key=words.key_of(job), purpose=_preview_key(job))
    except (words.ErasedError, vault.SealBrokenError):
        return None


def keep(job: Job, asset: pipeline.GeneratedAsset, *, at: datetime) -> None:
    """Seal one picture's pixels into the quarantine, then say so in a row, under the job's token."""
    if Picture.objects.filter(job=job, index=asset.picture).exists():
        # An earlier attempt made it; the same seed gives the same pixels.
        return
    recipe = wordless(asset.recipe, commitment=job.prompt_commitment)
    picture = Picture(
        id=uuid4(),
        job=job,
        organisation=job.project.organisation,
        **{f"{name}_id": getattr(job, f"{name}_id") for name in FACETS},
        index=asset.picture,
        seed=str(asset.seed),
        width=asset.width,
        height=asset.height,
        recipe=recipe,
        recipe_digest=hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
        source_pixel_sha256=asset.pixel_sha256,
        created=at,
        changed=at,
    )
    sealed = vault.seal(asset.pixels, key=words.key_of(job), purpose=f"pixels {picture.pk}")
    quarantine.place(quarantine.Kind.PIXELS, picture.pk).write(sealed)
    process.keep(picture, asset.process)
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, token=job.token, state=JobState.GENERATING).update(lease=lease_from(at)):
            raise StaleStateError(job.pk, JobState.GENERATING)
        picture.save(force_insert=True)
        note(actor=None, verb="picture.generate", subject=picture, organisation=job.project.organisation_id, at=at)
        transaction.on_commit(lambda: bell.ring_finish(picture.pk))


def wordless(recipe: Mapping[str, Any], *, commitment: str) -> dict[str, Any]:
    """The recipe with the commitment in the place of everything that quotes what the person typed, or hashes it bare.

    With the job's words, which stay sealed, it is the whole recipe again.
    """
    kept = {name: value for name, value in recipe.items() if name not in {"notices", "encoded_prompt"}}
    kept["spec"] = {name: value for name, value in recipe["spec"].items() if name not in words.TYPED}
    kept["request"] = {name: value for name, value in recipe["request"].items() if name != "digest"}
    return kept | {"words": commitment}


def _end(job: Job, state: str, *, failure: str = "") -> None:
    at = timezone.now()
    with transaction.atomic():
        advance(Job, job.pk, JobState.GENERATING, state, fence=job.token, ended=at, failure=failure, lease=None)
        if state == JobState.DONE:
            transaction.on_commit(partial(reference.forget, job.pk), robust=True)
        else:
            close(job, outcome=state, at=at)
        note(actor=None, verb=f"job.{state.lower()}", subject=job, organisation=job.project.organisation_id, at=at)
