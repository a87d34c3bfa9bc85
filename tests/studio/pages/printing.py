"""Pictures without a model: two stripes of colour go through the real screens, signatures and ledger."""

import hashlib
from datetime import datetime
from uuid import uuid4

import numpy as np

from generation.process import Row, strip_of
from studio import pipeline
from studio.jobs import finishing, making, queue, screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState

SIDE = 256
MOMENT = np.zeros((16, 16, 3), np.uint8)
STRIP = strip_of(dict.fromkeys(Row, (MOMENT,)), steps=[1], noise=[1.0], total=2)


def striped(index: int, *, look: bytes = b"") -> pipeline.GeneratedAsset:
    """A picture of two colours, RGB8, as an engine would hand it over: two stripes or, with `look`, tiles of its own.

    A ledger that several tests share must be able to tell their pictures apart by their looks.
    """
    dark, light = (40 + 30 * index, 90, 160), (230, 220, 200)
    tiles = np.unpackbits(np.frombuffer(hashlib.sha256(look).digest()[:8], np.uint8)).reshape(8, 8)
    if not look:
        tiles = np.repeat([0, 1], 32).reshape(8, 8)
    plane = np.where(np.kron(tiles, np.ones((SIDE // 8, SIDE // 8), np.uint8))[..., None], light, dark)
    pixels = plane.astype(np.uint8).tobytes()
    return pipeline.GeneratedAsset(
        picture=index,
        media_type="image/x-rgb8",
        pixels=pixels,
        width=SIDE,
        height=SIDE,
        seed=7 + index,
        pixel_sha256=hashlib.sha256(pixels).hexdigest(),
        recipe={
            "spec": {"steps": 2, "guidance": 4.0, "width": SIDE, "height": SIDE, "seed": str(7 + index)},
            "request": {"seed": str(7 + index)},
            "scheduler": {"class": "FlowMatchEulerDiscreteScheduler"},
        },
        process=STRIP,
    )


def claim(job: Job, at: datetime) -> Job:
    """Screen the request and take it to be made."""
    assert screening.screen(job.pk, at=at) == JobState.QUEUED
    claimed = queue.claim(now=at)
    assert claimed is not None
    assert claimed.pk == job.pk
    return claimed


def print_pictures(job: Job, at: datetime) -> list[Picture]:
    """All pictures of a request, signed and recorded, whatever the picture screen makes of two stripes."""
    claimed = claim(job, at)
    for index in range(job.count):
        making.keep(claimed, striped(index, look=job.pk.bytes), at=at)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended=at, lease=None, progress=claimed.progress_total)
    for picture in Picture.objects.filter(job=job):
        if finishing.finish(picture.pk, clock=lambda: at) == PictureState.QUARANTINED:
            Picture.objects.filter(pk=picture.pk).update(state=PictureState.CHECKED, lease=None)
            finishing.finish(picture.pk, clock=lambda: at)
    return pictures_of(job)


def pictures_of(job: Job) -> list[Picture]:
    """All pictures of a request, in their order."""
    return list(Picture.objects.filter(job=job).select_related("job__project__organisation").order_by("index"))


def hold_back(job: Job, at: datetime) -> Picture:
    """One picture that the screen held back: its pixels lie sealed in the quarantine."""
    claimed = claim(job, at)
    making.keep(claimed, striped(0), at=at)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended=at, lease=None)
    picture = Picture.objects.get(job=job)
    Picture.objects.filter(pk=picture.pk).update(state=PictureState.QUARANTINED, token=uuid4(), lease=None)
    picture.refresh_from_db()
    return picture
