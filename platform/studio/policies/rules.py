"""Who writes, reads, approves a policy: functions from a person and a draft to a ruling with its reason.

No project, role or superuser bit switches the second pair of eyes off.
"""

from django.utils.translation import gettext as _

from studio.accounts.models import Role, User
from studio.accounts.rules import Ruling, holds
from studio.policies.models import PolicyDraft

READERS = (Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR)


def may_write(user: User, draft: PolicyDraft) -> Ruling:
    """Whether `user` may change the draft: its author, as long as they are an administrator there.

    A draft that a reviewer proposed from an appeal stays that reviewer's.
    """
    roles = [Role.ADMINISTRATOR, Role.REVIEWER] if draft.appeal_id else [Role.ADMINISTRATOR]
    ruling = holds(user, draft.organisation, *roles)
    if ruling.allowed and user.pk != draft.author_id:
        return Ruling(allowed=False, reason=_("Only its author changes a draft, so that somebody else can approve it."))
    return ruling


def may_try(user: User, draft: PolicyDraft) -> Ruling:
    """Whether `user` may try and rehearse the draft: whoever may write or approve one."""
    return holds(user, draft.organisation, Role.ADMINISTRATOR, Role.REVIEWER)


def may_approve(user: User, draft: PolicyDraft) -> Ruling:
    """Whether `user` may approve the draft or send it back: a reviewer or administrator there, never its author."""
    ruling = holds(user, draft.organisation, Role.REVIEWER, Role.ADMINISTRATOR)
    if ruling.allowed and user.pk == draft.author_id:
        return Ruling(allowed=False, reason=_("A policy is approved by somebody other than its author."))
    return ruling
