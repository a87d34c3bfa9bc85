"""Maker-checker: whoever shaped a picture never decides about it.

No project, role or superuser bit switches this off.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from studio.accounts.models import Role, User
from studio.accounts.rules import Ruling, holds, one_of, roles_of
from studio.jobs.models import Job, Shaper
from studio.review.models import HoldRuling, ReviewRequest


@dataclass(frozen=True, slots=True)
class Part:
    """What somebody is to a picture in review, asked of the database once: the roles they hold there, whether they
    shaped it, the people whom its stage names, and whether they approved it already."""

    user: User
    request: ReviewRequest
    roles: frozenset[str]
    shaped: bool
    named: frozenset[int]
    counted: bool


def part_in(request: ReviewRequest, user: User) -> Part:
    """What `user` is to it now."""
    job = request.picture.job
    return Part(
        user,
        request,
        roles=roles_of(user, job.project.organisation),
        shaped=_shaped(user, job),
        named=frozenset(request.stage.deciders.values_list("user", flat=True)),
        counted=any(one.reviewer_id == user.pk for one in request.decisions.all()),
    )


def may_decide(user: User, job: Job) -> Ruling:
    """Whether `user` may decide about a request and its pictures: a reviewer there, and none of its makers."""
    ruling = holds(user, job.project.organisation, Role.REVIEWER)
    return _decides(user, job, shaped=_shaped(user, job)) if ruling.allowed else ruling


def _shaped(user: User, job: Job) -> bool:
    return Shaper.objects.filter(job=job, user=user).exists()


def _decides(user: User, job: Job, *, shaped: bool) -> Ruling:
    """Of a reviewer."""
    if shaped:
        return Ruling(allowed=False, reason=_("You shaped this request, so somebody else must decide about it."))
    if job.appeal_of is not None:
        return _may_answer(user, job, job.appeal_of)
    return Ruling(allowed=True, reason="a reviewer, and none of its makers")


def may_review(user: User, request: ReviewRequest) -> Ruling:
    """Whether `user` may decide about a picture in review at the stage that it has come to; nobody counts twice."""
    return reviews(part_in(request, user))


def reviews(part: Part) -> Ruling:
    """The same of a part that is known."""
    job = part.request.picture.job
    ruling = one_of(part.roles, job.project.organisation, Role.REVIEWER)
    if ruling.allowed:
        ruling = _decides(part.user, job, shaped=part.shaped)
    if not ruling.allowed:
        return ruling
    if part.named and part.user.pk not in part.named:
        return _named_alone(part.request)
    if part.counted:
        return Ruling(allowed=False, reason=_("You have approved it already; the other approvals are somebody else's."))
    return ruling


def may_invite(user: User, request: ReviewRequest) -> Ruling:
    """Whether `user` may ask somebody outside for a decision: a reviewer or administrator who is none of its makers.

    A stage that names its people is opened to others by one of them, or by an administrator.
    """
    return invites(part_in(request, user))


def invites(part: Part) -> Ruling:
    """The same of a part that is known."""
    organisation = part.request.picture.job.project.organisation
    ruling = one_of(part.roles, organisation, Role.REVIEWER, Role.ADMINISTRATOR)
    if not ruling.allowed:
        return ruling
    if part.shaped:
        return Ruling(
            allowed=False, reason=_("You shaped this request, so somebody else must ask for decisions about it.")
        )
    if part.named and part.user.pk not in part.named and Role.ADMINISTRATOR not in part.roles:
        return _named_alone(part.request)
    return ruling


def _named_alone(request: ReviewRequest) -> Ruling:
    return Ruling(
        allowed=False,
        reason=_("“%(name)s” is for the people named in the project's review.") % {"name": request.stage.name},
    )


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
