"""Makes the pictures of a claimed job.

The model runs in a child, pixels go sealed into the quarantine, rows say what they are.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from studio import blobs, pipeline, vault
from studio.accounts.models import SubjectKey
from studio.faults import fault
from studio.jobs import bell, words
from studio.jobs.models import Job, Picture
from studio.jobs.queue import close, give_back, heartbeat
from studio.jobs.states import JobState, StaleStateError, advance
from studio.trail.actions import note

logger = logging.getLogger(__name__)
PREVIEW_SECONDS = 30
WORDS_IN_RECIPE = ("prompt", "negative_prompt", "prompt_encoded", "encoded_prompt")


class CancelledError(Exception):
    """The maker asked to stop."""


def preview_key(job: Job) -> str:
    """Where the latest step's small picture waits for the page, for seconds."""
    return f"preview-{job.pk}"


def make(job: Job, press: pipeline.Press) -> str:
    """Run a job claimed by `queue.claim` to its end; returns the state it reached.

    Never raises for what a model does.
    """
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
        return _end(job, JobState.DONE)
    except CancelledError:
        return _end(job, JobState.CANCELLED)
    except pipeline.GenerationError as error:
        if error.permanent:
            return _end(job, JobState.FAILED, failure=str(error))
        give_back(job, reason=str(error), at=timezone.now())
        return JobState.QUEUED
    except StaleStateError as error:
        logger.warning("job %s: %s", job.pk, error)
        return JobState.LOST
    finally:
        cache.delete(preview_key(job))


def _events(job: Job, press: pipeline.Press) -> Any:
    typed = words.open_words(job)
    spec = pipeline.GenerationSpec.from_json(
        {**job.spec, "prompt": typed.prompt, "negative_prompt": typed.negative_prompt}
    )
    return press.generate(spec, folder=Path(job.model.folder), digest=job.model.digest)


def _show(job: Job, step: pipeline.Step) -> None:
    """Progress for the page, a fenced write that also reads the cancel flag.

    A preview only where nothing delicate was noted.
    """
    fault("during generation")
    done = step.picture * step.total + step.index
    if not Job.objects.filter(pk=job.pk, token=job.token, state=JobState.GENERATING).update(
        progress=done, progress_total=step.total * job.count
    ):
        raise StaleStateError(job.pk, JobState.GENERATING)
    if Job.objects.filter(pk=job.pk, cancel_requested=True).exists():
        raise CancelledError
    screening = job.screenings.filter(picture=None).first()
    if step.preview and screening and not pipeline.sensitive(screening.decision):
        cache.set(preview_key(job), step.preview, PREVIEW_SECONDS)


def keep(job: Job, asset: pipeline.GeneratedAsset, *, at: datetime) -> None:
    """Seal one picture's pixels into the quarantine, then say so in a row, under the job's token."""
    if Picture.objects.filter(job=job, index=asset.picture).exists():
        # An earlier attempt made it; the same seed gives the same pixels.
        return
    picture = Picture(
        id=uuid4(),
        job=job,
        index=asset.picture,
        seed=str(asset.seed),
        width=asset.width,
        height=asset.height,
        recipe=wordless(asset.recipe),
        recipe_digest=hashlib.sha256(json.dumps(dict(asset.recipe), sort_keys=True).encode()).hexdigest(),
        source_pixel_sha256=asset.pixel_sha256,
        created=at,
        changed=at,
    )
    key = SubjectKey.objects.get(membership=job.requester_id)
    sealed = vault.seal(asset.pixels, key=bytes(key.wrapped), purpose=f"pixels {picture.pk}")
    blobs.write_whole(blobs.quarantine_path(picture.pk), sealed)
    with transaction.atomic():
        if not Job.objects.filter(pk=job.pk, token=job.token, state=JobState.GENERATING).update(lease=job.lease):
            raise StaleStateError(job.pk, JobState.GENERATING)
        picture.save(force_insert=True)
        note(actor=None, verb="picture.generate", subject=picture, organisation=job.project.organisation_id, at=at)
        transaction.on_commit(lambda: bell.ring_finish(picture.pk))


def wordless(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe without what the person typed, which stays sealed with the job."""
    return {name: value for name, value in recipe.items() if name not in WORDS_IN_RECIPE}


def _end(job: Job, state: str, *, failure: str = "") -> str:
    at = timezone.now()
    with transaction.atomic():
        advance(Job, job.pk, JobState.GENERATING, state, fence=job.token, ended=at, failure=failure, lease=None)
        if state != JobState.DONE:
            close(job, outcome=state, at=at, reason="see the request" if failure else "")
            transaction.on_commit(bell.ring_settle)
        note(actor=None, verb=f"job.{state.lower()}", subject=job, organisation=job.project.organisation_id, at=at)
    return state
