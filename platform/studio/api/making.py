"""Making a request for a program, and waiting with it until its pictures are recorded, or a person has to look."""

from http import HTTPStatus
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studio.api import asking, showing
from studio.api.authentication import ProgramRequest
from studio.api.refusals import Refusal
from studio.api.waiting import a_place, until
from studio.jobs.forms import AskForm
from studio.jobs.models import Job
from studio.jobs.states import JobState, PictureState

LOOK_SECONDS = 0.25
HELD = _("A person has to look at it before it goes on. Nothing is lost: the request waits at the address in `job`.")


def made(request: ProgramRequest, form: AskForm, *, seconds: float) -> Job:
    """The request, after at most so many seconds; it may still be moving then.

    Raises as `asking.submitted`, and Refusal where it is held, or where too many wait here already.
    """
    if not seconds:
        return asking.submitted(request, form, at=timezone.now())
    with a_place(request):
        job = asking.submitted(request, form, at=timezone.now())
        settled = until(lambda: _settled(job.pk), seconds=seconds, every=LOOK_SECONDS)
    if settled is not None and is_held(settled):
        address = showing.address(request, "api:job", job.pk)
        raise Refusal(HTTPStatus.CONFLICT, "held", str(HELD), job=address, headers={"Location": address})
    return settled or job


def _settled(pk: UUID) -> Job | None:
    """The request as soon as nothing of it moves by itself."""
    job = Job.objects.prefetch_related("pictures").get(pk=pk)
    return None if showing.moving(job, job.pictures.all()) else job


def is_held(job: Job) -> bool:
    """Whether a person has to look at the request, or at one of its pictures."""
    held = any(picture.state == PictureState.QUARANTINED for picture in job.pictures.all())
    return job.state == JobState.HELD or held
