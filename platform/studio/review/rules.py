"""Maker-checker: whoever shaped a picture never decides about it.

No project, role or superuser bit switches this off.
"""

from studio.accounts.models import Role, User
from studio.accounts.rules import Ruling, holds
from studio.jobs.models import Job, Shaper


def may_decide(user: User, job: Job) -> Ruling:
    """Whether `user` may decide about a request and its pictures: a reviewer there, and none of its makers."""
    ruling = holds(user, job.project.organisation, Role.REVIEWER)
    if not ruling.allowed:
        return ruling
    if Shaper.objects.filter(job=job, user=user).exists():
        return Ruling(allowed=False, reason="You shaped this request, so somebody else must decide about it.")
    return ruling
