"""Maker-checker: whoever shaped a picture never decides about it.

No project, role or superuser bit switches this off.
"""

from django.utils.translation import gettext as _

from studio.accounts.models import Role, User
from studio.accounts.rules import Ruling, holds
from studio.jobs.models import Job, Shaper
from studio.review.models import HoldRuling, ReviewRequest


def may_decide(user: User, job: Job) -> Ruling:
    """Whether `user` may decide about a request and its pictures: a reviewer there, and none of its makers."""
    ruling = holds(user, job.project.organisation, Role.REVIEWER)
    if not ruling.allowed:
        return ruling
    if Shaper.objects.filter(job=job, user=user).exists():
        return Ruling(allowed=False, reason=_("You shaped this request, so somebody else must decide about it."))
    if job.appeal_of is not None:
        return _may_answer(user, job, job.appeal_of)
    return ruling


def may_review(user: User, request: ReviewRequest) -> Ruling:
    """Whether `user` may decide about a picture in review at the stage that it has come to; nobody counts twice."""
    ruling = may_decide(user, request.picture.job)
    if not ruling.allowed:
        return ruling
    named = request.stage.deciders.values_list("user", flat=True)
    if named and user.pk not in named:
        return Ruling(
            allowed=False,
            reason=_("“%(name)s” is for the people named in the project's review.") % {"name": request.stage.name},
        )
    if request.decisions.filter(reviewer=user).exists():
        return Ruling(allowed=False, reason=_("You have approved it already; the other approvals are somebody else's."))
    return ruling


def may_invite(user: User, request: ReviewRequest) -> Ruling:
    """Whether `user` may ask somebody outside for a decision: a reviewer or administrator who is none of its makers.

    A stage that names its people is opened to others by one of them, or by an administrator.
    """
    job = request.picture.job
    organisation = job.project.organisation
    ruling = holds(user, organisation, Role.REVIEWER, Role.ADMINISTRATOR)
    if not ruling.allowed:
        return ruling
    if Shaper.objects.filter(job=job, user=user).exists():
        return Ruling(
            allowed=False, reason=_("You shaped this request, so somebody else must ask for decisions about it.")
        )
    named = request.stage.deciders.values_list("user", flat=True)
    if named and user.pk not in named and not holds(user, organisation, Role.ADMINISTRATOR).allowed:
        return Ruling(
            allowed=False,
            reason=_("“%(name)s” is for the people named in the project's review.") % {"name": request.stage.name},
        )
    return ruling


def _may_answer(user: User, appeal: Job, blocked: Job) -> Ruling:
    """An appeal is answered by somebody who wrote neither the policy nor the refusal that it is about."""
    if user.pk in {appeal.policy.author_id, blocked.policy.author_id}:
        return Ruling(
            allowed=False, reason=_("You wrote the policy that this appeal is about; somebody else must answer.")
        )
    if HoldRuling.objects.filter(job=blocked, reviewer=user).exists():
        return Ruling(
            allowed=False, reason=_("You refused the request that this appeal is about; somebody else must answer.")
        )
    return Ruling(allowed=True, reason="a reviewer with no part in what is appealed")


def may_render(user: User, job: Job, *, crops: bool) -> Ruling:
    """Whether `user` may have a rendition of a released picture made.

    Another size or format shows the approved picture, so whoever may release may ask for it. A crop shows another
    picture, so somebody has to stand for it who may decide about this one.
    """
    if crops:
        return may_decide(user, job)
    return holds(user, job.project.organisation, Role.CREATOR, Role.REVIEWER, Role.ADMINISTRATOR)
