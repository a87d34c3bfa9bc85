"""A request that ended short, asked for once more as it was: same words, same settings, same seed.

It is a request of its own, screened under the policy now in force. Each is tried again once; what fails again can be
tried again in its turn.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.jobs import words
from studio.jobs.actions import submit
from studio.jobs.descent import Descent
from studio.jobs.models import Job
from studio.jobs.states import JobState

ENDED_SHORT = (JobState.FAILED, JobState.LOST, JobState.CANCELLED)
NOT_OF_A_REQUEST = ("model", "reference_sha256", "strength")


def may_ask_again(user: User, job: Job) -> bool:
    """Whether the page offers it; `ask_again` judges whole."""
    ended = job.state in ENDED_SHORT and job.requester.user_id == user.pk
    return ended and not job.reference_sha256 and not Job.objects.filter(again_of=job).exists()


def ask_again(*, actor: User, job: Job, at: datetime) -> Job:
    """Ask for the same pictures once more; a second call returns the first new request.

    Raises PermissionDenied, ValidationError.
    """
    if job.requester.user_id != actor.pk:
        raise PermissionDenied(_("Only the person who made the request can try it again."))
    earlier = Job.objects.filter(again_of=job).first()
    if earlier is not None:
        return earlier
    if job.state not in ENDED_SHORT:
        raise ValidationError(_("Only a request that failed, was lost or was cancelled can be tried again."))
    if job.reference_sha256:
        raise ValidationError(
            _("The picture it started from is no longer kept; ask anew on the page “Create”, and choose it there.")
        )
    try:
        typed = words.open_words(job)
    except words.ErasedError as error:
        raise ValidationError(_("Its words were erased; ask anew on the page “Create”.")) from error
    settings = {name: value for name, value in job.spec.items() if name not in NOT_OF_A_REQUEST}
    written = {"prompt": typed.prompt, "negative_prompt": typed.negative_prompt, "seed": int(job.spec["seed"])}
    return submit(
        actor=actor,
        campaign=job.campaign,
        model=job.model,
        request=settings | written,
        language=job.language,
        at=at,
        idempotency_key=f"again:{job.pk}",
        descent=Descent(again_of=job, origin=job.origin, relation=job.relation),
    )
