"""An appeal: a blocked request once more, with what its pictures are for, for a person to decide.

- It is a request of its own, screened again under the policy now in force; whatever the screens say, it is held for a
  reviewer, and what the reviewer rules has its effect at once. `review.rules` says who that may be.
- Nobody can appeal against a block that no person may lift, and nobody appeals twice.
"""

from datetime import datetime
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import Ruling, holds
from studio.catalogue.models import Model
from studio.jobs import words
from studio.jobs.actions import accept
from studio.jobs.models import Job
from studio.jobs.states import JobState


def may_appeal(user: User, job: Job) -> Ruling:
    """Whether `user` may ask a person to look at this request again, and if not, why."""
    if job.state != JobState.BLOCKED:
        return Ruling(allowed=False, reason=_("Only a blocked request can be appealed."))
    if job.requester.user_id != user.pk:
        return Ruling(allowed=False, reason=_("Only the person who made the request can appeal."))
    holding = holds(user, job.project.organisation, Role.CREATOR)
    if not holding.allowed:
        return holding
    if hindrance := _hindrance(job):
        return Ruling(allowed=False, reason=hindrance)
    return Ruling(allowed=True, reason="their own blocked request")


def _hindrance(job: Job) -> str:
    """What keeps a blocked request from being appealed; empty when nothing does."""
    if job.appeal_of_id is not None:
        return _("This was an appeal already, and its answer is final.")
    if Job.objects.filter(appeal_of=job).exists():
        return _("It was appealed already.")
    if any(pipeline.beyond_appeal(screening.decision) for screening in job.screenings.all()):
        return _("Nobody may let this request through, so there is nothing to appeal.")
    if job.reference_sha256:
        return _("The picture to start from is no longer kept: ask again with it, and say what it is for.")
    if job.model.state != Model.State.APPROVED:
        return _("%(title)s is no longer approved for use; ask again with another model.") % {"title": job.model.title}
    return ""


def appeal(*, actor: User, job: Job, purpose: str, at: datetime) -> Job:
    """Ask for the same pictures again, for a person to decide; a second call returns the first appeal.

    Raises PermissionDenied, ValidationError naming the field, ErasedError.
    """
    earlier = Job.objects.filter(appeal_of=job).first()
    if earlier is not None and job.requester.user_id == actor.pk:
        return earlier
    may_appeal(actor, job).enforce()
    purpose = purpose.strip()
    if not purpose:
        raise ValidationError({"purpose": _("Please say in a few words what the pictures are for.")})
    policy = job.project.policies.first()
    if policy is None:
        raise PermissionDenied(_("This project has no policy in force."))
    before = words.open_words(job)
    typed = words.fresh(before.prompt, before.negative_prompt, purpose=purpose)
    again = Job(
        id=uuid4(),
        appeal_of=job,
        project=job.project,
        campaign=job.campaign,
        model=job.model,
        policy=policy,
        requester=job.requester,
        spec=job.spec,
        language=job.language,
        count=job.count,
        progress_total=job.progress_total,
        prompt_commitment=typed.commitment,
        request_digest=words.request_digest(job.spec, typed),
        submitted=at,
    )
    again.words = words.seal_for(job.requester, typed, job=again)
    try:
        with transaction.atomic():
            return accept(again, typed, actor=actor, at=at)
    except IntegrityError:
        # Pressed twice: one of the two was faster, or it was something else.
        if (first := Job.objects.filter(appeal_of=job).first()) is None:
            raise
        return first
