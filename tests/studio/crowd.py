"""Many pictures at once, as rows alone, to measure and test long lists with. No file and no entry is behind them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from studio.accounts.models import Membership
from studio.catalogue.models import Model
from studio.jobs.models import FACETS, Job, Picture
from studio.jobs.states import JobState, PictureState
from studio.projects.models import Campaign, PolicyVersion

A_REQUEST = 4
AT_ONCE = 2000
# How often a state comes, in the order in which pictures get theirs.
STATES = (
    *[PictureState.RECORDED] * 11,
    *[PictureState.IN_REVIEW] * 2,
    PictureState.CHANGES_REQUESTED,
    PictureState.APPROVED,
    PictureState.REJECTED,
    *[PictureState.RELEASED] * 3,
    PictureState.GENERATED,
)


def crowd(
    number: int, *, campaigns: Sequence[Campaign], makers: Sequence[Membership], models: Sequence[Model], at: datetime
) -> None:
    """`number` pictures, four a request, requests a minute apart from `at` backwards; everybody takes turns."""
    policy = PolicyVersion.objects.exclude(project=None)[0]
    requests = -(-number // A_REQUEST)
    for start in range(0, requests, AT_ONCE):
        jobs = []
        for place in range(start, min(start + AT_ONCE, requests)):
            maker, model = makers[place % len(makers)], models[place % len(models)]
            campaign = campaigns[place % len(campaigns)]
            job = Job(campaign=campaign, requester=maker, model=model, policy=policy)
            jobs.append(_finished(job, at - timedelta(minutes=place)))
        Job.objects.bulk_create(jobs)
        places = range(start * A_REQUEST, min((start + AT_ONCE) * A_REQUEST, number))
        pictures = [_picture(jobs[place // A_REQUEST - start], place) for place in places]
        Picture.objects.bulk_create(pictures, batch_size=500)


def _finished(job: Job, at: datetime) -> Job:
    job.project, job.state, job.count = job.campaign.project, JobState.DONE, A_REQUEST
    job.spec = {"width": 256, "height": 256, "steps": 12, "guidance": 4.0, "seed": "7"}
    job.words, job.request_digest, job.prompt_commitment = b"sealed" * 40, "0" * 64, "0" * 64
    job.submitted = job.ended = at
    return job


def _picture(job: Job, place: int) -> Picture:
    digest = f"{place:064x}"
    weights = {str(number): digest for number in range(8)}
    return Picture(
        id=uuid4(),
        job=job,
        organisation_id=job.project.organisation_id,
        **{f"{name}_id": getattr(job, f"{name}_id") for name in FACETS},
        index=place % A_REQUEST,
        state=STATES[place % len(STATES)],
        seed=str(place),
        width=256,
        height=256,
        recipe={"spec": {"steps": 12}, "weights": weights},
        recipe_digest=digest,
        source_pixel_sha256=digest,
        media_type="image/png",
        sha256=digest,
        pixel_sha256=digest,
        sequence=place,
        leaf=digest,
        created=job.submitted,
        changed=job.submitted,
        flagged=place % 50 == 0,
    )
