"""Puts policies in force for tests, the way an author and an approver do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from studio.accounts.models import User
from studio.policies import rehearsing
from studio.policies.actions import ask_rehearsal, begin_draft, change_draft, preview, propose_draft
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.publishing import publish_draft
from studio.policies.scope import Scope
from studio.projects.models import PolicyVersion


def begin(scope: Scope, at: datetime, *, start: str = "humanitarian", **changes: Any) -> PolicyDraft:
    """A draft of the sample's administrator, changed as told."""
    author = User.objects.get(username="administrator")
    draft = begin_draft(actor=author, scope=scope, start=start, at=at)
    return change_draft(actor=author, draft=draft, at=at, **changes) if changes else draft


def rehearse(draft: PolicyDraft, at: datetime, *, wanted: Sequence[Any] = ()) -> Rehearsal:
    """A whole rehearsal in this process."""
    rehearsal = ask_rehearsal(actor=draft.author, draft=draft, wanted=list(wanted), at=at)
    while rehearsing.rehearse(rehearsal.pk, at=at):
        pass
    rehearsal.refresh_from_db()
    return rehearsal


def approve(draft: PolicyDraft, at: datetime, *, exception: str = "") -> PolicyVersion:
    """Proposed by its author, published by the sample's reviewer."""
    reviewer = User.objects.get(username="reviewer")
    propose_draft(actor=draft.author, draft=draft, at=at)
    return publish_draft(actor=reviewer, draft=draft, seen_digest=preview(draft).digest, at=at, exception=exception)


def enact(scope: Scope, document: Mapping[str, Any], at: datetime) -> PolicyVersion:
    """`document` in force for `scope`."""
    draft = begin(scope, at, own=document)
    rehearse(draft, at)
    return approve(draft, at)
