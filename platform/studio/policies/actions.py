"""How a policy is written: one person begins a draft, changes it, has it rehearsed, proposes it; another sends it back.

Approving it, which puts it in force, is `publishing`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import holds
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.rules import may_approve, may_try, may_write
from studio.policies.scope import LABELS, Scope, joined, stronger_label
from studio.projects.models import PolicyVersion, Project
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

MOST_EXAMPLES = 200
MOST_DRAFTS = 20
STATE = PolicyDraft.State


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as it would come into force now, beside what is in force.

    `digest` is of the draft as a whole: another one means that it, what stands above it, or what it would replace in
    any project, has changed.
    """

    ruling: pipeline.Joined
    above: PolicyVersion | None
    in_force: PolicyVersion | None
    label: str
    digest: str


def preview(draft: PolicyDraft) -> Preview:
    """What publishing the draft now would put in force."""
    above, in_force = draft.scope.above(), draft.scope.in_force()
    ruling = joined(draft.own, above)
    label = stronger_label(draft.label, above)
    digest = pipeline.digest_of(ruling.digest, draft.examples, draft.may_relax, label, draft.scope.standing())
    return Preview(ruling, above, in_force, label, digest)


def begin_draft(*, actor: User, scope: Scope, start: str, at: datetime) -> PolicyDraft:
    """A new draft from a preset's name, or from `in-force` or `above`. Raises PermissionDenied, ValidationError."""
    holds(actor, scope.organisation, Role.ADMINISTRATOR).enforce()
    waiting = PolicyDraft.objects.of(scope).filter(state__in=[STATE.OPEN, STATE.PROPOSED]).count()
    if waiting >= MOST_DRAFTS:
        raise ValidationError(
            {"start": _("There are %(waiting)s drafts already; put one aside first.") % {"waiting": waiting}}
        )
    draft = PolicyDraft(
        organisation=scope.organisation,
        project=scope.project,
        author=actor,
        started=at,
        changed=at,
        **_first(scope, start),
    )
    with transaction.atomic():
        draft.save(force_insert=True)
        note(actor=actor, verb="policy.draft", subject=draft, organisation=scope.organisation.pk, at=at, start=start)
    return draft


def _first(scope: Scope, start: str) -> dict[str, Any]:
    """What a draft begins with."""
    versions = {"in-force": scope.in_force(), "above": scope.above()}
    version = versions.get(start)
    current = scope.in_force()
    examples = current.examples if current else []
    if version is not None:
        fields = ("own", "label") if start == "above" else ("own", "label", "may_relax")
        return {name: getattr(version, name) for name in fields} | {"examples": examples}
    if start not in pipeline.SECTORS:
        raise ValidationError({"start": _("Choose what to start from: a sector, or what is in force.")})
    label = scope.project.label if scope.project else str(Project.Label.TEXT)
    return {"own": pipeline.preset_policy(start), "label": label, "examples": examples}


def change_draft(*, actor: User, draft: PolicyDraft, at: datetime, **changes: Any) -> PolicyDraft:
    """Change `own`, `label`, `may_relax` or `examples` of an open draft.

    Raises PermissionDenied, ValidationError naming the field, StaleStateError when it is no longer open.
    """
    may_write(actor, draft).enforce()
    checked = {name: CHECKS[name](value) for name, value in changes.items()}
    with transaction.atomic():
        if PolicyDraft.objects.filter(pk=draft.pk, state=STATE.OPEN).update(changed=at, **checked) != 1:
            raise StaleStateError(draft.pk, draft.state)
        draft.refresh_from_db()
        note(
            actor=actor,
            verb="policy.change",
            subject=draft,
            organisation=draft.organisation_id,
            at=at,
            fields=sorted(checked),
            digest=preview(draft).ruling.digest,
        )
    return draft


def _checked_own(value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return pipeline.policy(value).to_json()
    except pipeline.ModerationError as error:
        raise ValidationError({"own": str(error)}) from error


def _checked_label(value: str) -> str:
    if value not in LABELS:
        raise ValidationError({"label": _("Choose one of the labels.")})
    return value


def _checked_relaxing(value: list[str]) -> list[str]:
    if unknown := sorted(set(value) - set(pipeline.relaxable())):
        raise ValidationError(
            {"may_relax": _("Projects cannot be let loose on: %(list)s.") % {"list": ", ".join(unknown)}}
        )
    return sorted(set(value))


def _checked_examples(value: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if len(value) > MOST_EXAMPLES:
        raise ValidationError(
            {"examples": _("At most %(most)s examples are kept; take some out.") % {"most": MOST_EXAMPLES}}
        )
    try:
        return [pipeline.checked_example(example) for example in value]
    except pipeline.ModerationError as error:
        raise ValidationError({"examples": str(error)}) from error


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "own": _checked_own,
    "label": _checked_label,
    "may_relax": _checked_relaxing,
    "examples": _checked_examples,
}


def propose_draft(*, actor: User, draft: PolicyDraft, at: datetime) -> None:
    """Hand an open draft to whoever may approve it. Raises PermissionDenied, StaleStateError."""
    may_write(actor, draft).enforce()
    move(draft, STATE.OPEN, STATE.PROPOSED, actor=actor, verb="policy.propose", at=at, returned="")


def return_draft(*, actor: User, draft: PolicyDraft, reason: str, at: datetime) -> None:
    """Send a proposed draft back to its author, with what to change; its author may take it back without a reason.

    Raises PermissionDenied, ValidationError, StaleStateError.
    """
    if actor.pk == draft.author_id:
        may_write(actor, draft).enforce()
    else:
        may_approve(actor, draft).enforce()
        if not reason.strip():
            raise ValidationError({"reason": _("Say what should be changed.")})
    move(draft, STATE.PROPOSED, STATE.OPEN, actor=actor, verb="policy.return", at=at, returned=reason.strip())


def discard_draft(*, actor: User, draft: PolicyDraft, at: datetime) -> None:
    """Put a draft aside for good; it stays on record. Raises PermissionDenied, StaleStateError."""
    may_write(actor, draft).enforce()
    move(draft, draft.state, STATE.DISCARDED, actor=actor, verb="policy.discard", at=at, shadow_since=None)


def run_in_shadow(*, actor: User, draft: PolicyDraft, on: bool, at: datetime) -> None:
    """Let a draft decide beside the policy in force, without effect, or stop that. One draft a place.

    Raises PermissionDenied, StaleStateError.
    """
    holds(actor, draft.organisation, Role.ADMINISTRATOR).enforce()
    verb = "policy.shadow" if on else "policy.shadow_end"
    with transaction.atomic():
        if on:
            PolicyDraft.objects.of(draft.scope).update(shadow_since=None)
        move(draft, draft.state, draft.state, actor=actor, verb=verb, at=at, shadow_since=at if on else None)


def move(draft: PolicyDraft, start: str, end: str, *, actor: User, verb: str, at: datetime, **changes: Any) -> None:
    """Compare and set, with the audit row. A draft that has ended moves no more. Raises StaleStateError."""
    with transaction.atomic():
        waiting = PolicyDraft.objects.filter(pk=draft.pk, state__in=[STATE.OPEN, STATE.PROPOSED])
        if waiting.filter(state=start).update(state=end, **changes) != 1:
            raise StaleStateError(draft.pk, start)
        note(actor=actor, verb=verb, subject=draft, organisation=draft.organisation_id, at=at)
    draft.refresh_from_db()


def ask_rehearsal(*, actor: User, draft: PolicyDraft, wanted: list[UUID], at: datetime) -> Rehearsal:
    """Have a draft run over its examples and over the requests `wanted`. Raises PermissionDenied, StaleStateError."""
    may_try(actor, draft).enforce()
    if draft.state not in (STATE.OPEN, STATE.PROPOSED):
        raise StaleStateError(draft.pk, STATE.OPEN)
    rehearsal = Rehearsal(draft=draft, digest=preview(draft).digest, asked_by=actor, asked=at)
    rehearsal.wanted = [str(pk) for pk in wanted]
    with transaction.atomic():
        rehearsal.save(force_insert=True)
        note(
            actor=actor,
            verb="policy.rehearse",
            subject=draft,
            organisation=draft.organisation_id,
            at=at,
            requests=len(wanted),
        )
    return rehearsal
