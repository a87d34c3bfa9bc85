"""Makes a report in the control worker, in slices, so that a long one keeps no request waiting.

- Each slice holds a lease; what a crash interrupts is taken up again.
- Words are opened to be read for whom they name, which is noted in the trail with their number; what is kept of them
  is a role and a group.
- A grid's report waits until its requests have ended, and is over what came of them.
"""

import logging
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q

from studio import blobs, pipeline
from studio.claims import cut_leases, unheard
from studio.jobs import words
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, VISIBLE, PictureState
from studio.portrayals.models import Portrayal, Sitting
from studio.trail.actions import note

logger = logging.getLogger(__name__)
SLICE = 12
MOST_PICTURES = 1200
LEASE = timedelta(minutes=2)
NOTHING = "No picture here has a prompt that names people, so there is nothing to report on."
FAILED = "It could not be measured ({kind}). Ask again; if that fails too, ask an administrator to look."
# Pictures on their way to being shown; one that a person has to look at is not waited for.
UNDERWAY = (PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED)


def measure(pk: UUID, *, at: datetime) -> bool:
    """Do the next slice; returns whether there is more to do at once."""
    portrayal = _claimed(pk, at=at)
    if portrayal is None:
        return False
    if portrayal.grid and not portrayal.chosen and _drawing(portrayal):
        return _let_go(portrayal)
    try:
        if not portrayal.chosen:
            return _choose(portrayal, at=at)
        return _look(portrayal) or _finish(portrayal, at=at)
    except (pipeline.ModerationError, blobs.BlobError, OSError) as error:
        logger.exception("%s could not be measured", portrayal)
        return _keep(portrayal, finished=at, fault=FAILED.format(kind=type(error).__name__))


def _claimed(pk: UUID, *, at: datetime) -> Portrayal | None:
    token = uuid4()
    free = Portrayal.objects.filter(Q(lease=None) | Q(lease__lt=at), pk=pk, finished=None)
    if free.update(token=token, lease=at + LEASE) != 1:
        return None
    return Portrayal.objects.select_related("project__organisation", "campaign", "asked_by").get(pk=pk, token=token)


def _keep(portrayal: Portrayal, **changes: object) -> bool:
    """Write the slice down, unless somebody else took over meanwhile; returns whether there is more to do."""
    mine = Portrayal.objects.filter(pk=portrayal.pk, token=portrayal.token, finished=None)
    return mine.update(lease=None, **changes) == 1 and "finished" not in changes


def _let_go(portrayal: Portrayal) -> bool:
    _keep(portrayal)
    return False


def _drawing(portrayal: Portrayal) -> bool:
    """Whether a request of the grid, or a picture of one, is still being made."""
    jobs = Job.objects.filter(drawn__portrayal=portrayal)
    return (
        jobs.exclude(state__in=JOB_ENDS).exists() or Picture.objects.filter(job__in=jobs, state__in=UNDERWAY).exists()
    )


def pictures_of(portrayal: Portrayal) -> list[Picture]:
    """The pictures a report is over: the newest that may be shown."""
    wanted = Picture.objects.filter(state__in=VISIBLE, project=portrayal.project)
    if portrayal.grid:
        wanted = wanted.filter(job__drawn__portrayal=portrayal)
    elif portrayal.campaign_id:
        wanted = wanted.filter(campaign=portrayal.campaign_id)
    joined = wanted.select_related("job__model", "job__requester").order_by("-created", "index")
    return list(joined[:MOST_PICTURES])


def _choose(portrayal: Portrayal, *, at: datetime) -> bool:
    """Read the prompts and write down whom each picture's names."""
    pictures = pictures_of(portrayal)
    drawn = {one.job_id: (one.role, one.marker) for one in portrayal.drawn.all()}
    named: dict[UUID, tuple[str, str] | None] = {}
    erased: set[UUID] = set()
    for job in {picture.job_id: picture.job for picture in pictures}.values():
        try:
            named[job.pk] = drawn.get(job.pk) or _named(job)
        except words.ErasedError:
            erased.add(job.pk)
    sittings = [
        Sitting(portrayal=portrayal, picture=picture, role=names[0], marker=names[1], language=picture.job.language)
        for picture in pictures
        if (names := named.get(picture.job_id))
    ]
    gone = sum(picture.job_id in erased for picture in pictures)
    counts = {"unnamed": len(pictures) - len(sittings) - gone, "erased": gone}
    with transaction.atomic():
        Sitting.objects.bulk_create(sittings, ignore_conflicts=True)
        _note_reading(portrayal, opened=len(named.keys() - drawn.keys()), at=at)
        if not sittings:
            return _keep(portrayal, chosen=True, finished=at, fault=NOTHING, **counts)
        return _keep(portrayal, chosen=True, **counts)


def _named(job: Job) -> tuple[str, str] | None:
    """The role and the group that a request names. Raises ErasedError."""
    typed = words.open_words(job)
    screening = job.screenings.filter(picture=None, reference=False).first()
    spoken = screening.decision.get("language") if screening else ""
    return pipeline.named_in(typed.prompt, language=spoken or job.language, folder=Path(job.model.folder))


def _note_reading(portrayal: Portrayal, *, opened: int, at: datetime) -> None:
    if opened:
        organisation = portrayal.project.organisation_id
        note(
            actor=portrayal.asked_by,
            verb="portrayal.read",
            subject=portrayal,
            organisation=organisation,
            at=at,
            opened=opened,
        )


def _look(portrayal: Portrayal) -> bool:
    """Measure the next pictures; False when there are none left."""
    waiting = portrayal.sittings.filter(measured=False).select_related("picture")[:SLICE]
    for sitting in waiting:
        traits = pipeline.traits_of(blobs.get(sitting.picture.sha256))
        Sitting.objects.filter(pk=sitting.pk).update(measured=True, features=traits.features, faces=traits.faces)
    return _keep(portrayal) if waiting else False


def _finish(portrayal: Portrayal, *, at: datetime) -> bool:
    rows = portrayal.sittings.select_related("picture__job")
    shown = [(shown_by(row), pipeline.Traits(row.features, row.faces)) for row in rows]
    report = pipeline.portrayal(shown, scope=_scope(portrayal))
    with transaction.atomic():
        kept = _keep(portrayal, finished=at, report=report)
        portrayal.sittings.update(features="")
    return kept


def shown_by(sitting: Sitting) -> pipeline.Shown:
    """A picture of a report, as the report knows it; its row's `picture` with its request is loaded."""
    picture = sitting.picture
    return pipeline.Shown(str(picture.pk), sitting.role, sitting.marker, sitting.language, str(picture.job_id))


def _scope(portrayal: Portrayal) -> dict[str, str]:
    """What the report is over, in words."""
    models = portrayal.sittings.order_by().values_list("picture__job__model__title", flat=True).distinct()
    scope = {
        "project": portrayal.project.name,
        "campaign": portrayal.campaign.name if portrayal.campaign else "all of them",
        "models": ", ".join(sorted(models)),
        "pictures of": "a grid of prompts drawn for this report" if portrayal.grid else "requests made here",
        "pictures whose prompts name nobody": str(portrayal.unnamed),
        "pictures whose prompts were erased": str(portrayal.erased),
    }
    if portrayal.grid:
        scope["model's digest"] = portrayal.grid["digest"]
    return scope


def left_over(*, now: datetime) -> list[UUID]:
    """Reports that wait for their requests, or that a lost message or a worker's end left unfinished."""
    waiting = Portrayal.objects.filter(unheard("asked", now, seconds=10), finished=None)
    cut_leases(waiting, longest=now + LEASE)
    return list(waiting.filter(Q(lease=None) | Q(lease__lt=now)).values_list("pk", flat=True)[:20])
