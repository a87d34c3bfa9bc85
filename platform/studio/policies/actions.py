"""How a policy comes to be: one person writes a draft and proposes it, another sends it back or publishes it.

Publishing is a ledger entry, in the transaction that puts the version in force.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import transaction

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.jobs import bell
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.rules import may_approve, may_try, may_write
from studio.policies.scope import LABELS, Scope, joined, stronger_label
from studio.projects.models import PolicyVersion, Project
from studio.trail.actions import intend, note
from studio.trail.errors import StaleStateError

MOST_EXAMPLES = 200
MOST_DRAFTS = 20
STATE = PolicyDraft.State
UNREHEARSED = "Rehearse it first: nobody has seen yet what this draft, as it stands, does with its examples."


@dataclass(frozen=True, slots=True)
class Preview:
    """A draft as it would come into force now, beside what is in force.

    `digest` is of the draft as a whole: another one means that it, or what stands above or before it, has changed.
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
    compared = in_force.digest if in_force else ""
    digest = pipeline.digest_of(ruling.digest, draft.examples, draft.may_relax, label, compared)
    return Preview(ruling, above, in_force, label, digest)


def begin_draft(*, actor: User, scope: Scope, start: str, at: datetime) -> PolicyDraft:
    """A new draft from a preset's name, or from `in-force` or `above`. Raises PermissionDenied, ValidationError."""
    holds(actor, scope.organisation, Role.ADMINISTRATOR).enforce()
    waiting = PolicyDraft.objects.of(scope).filter(state__in=[STATE.OPEN, STATE.PROPOSED]).count()
    if waiting >= MOST_DRAFTS:
        raise ValidationError({"start": f"There are {waiting} drafts already; put one aside first."})
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
        raise ValidationError({"start": "Choose what to start from: a sector, or what is in force."})
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
        raise ValidationError({"label": "Choose one of the labels."})
    return value


def _checked_relaxing(value: list[str]) -> list[str]:
    if unknown := sorted(set(value) - set(pipeline.relaxable())):
        raise ValidationError({"may_relax": f"Projects cannot be let loose on: {', '.join(unknown)}."})
    return sorted(set(value))


def _checked_examples(value: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if len(value) > MOST_EXAMPLES:
        raise ValidationError({"examples": f"At most {MOST_EXAMPLES} examples are kept; take some out."})
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
    _move(draft, STATE.OPEN, STATE.PROPOSED, actor=actor, verb="policy.propose", at=at, returned="")


def return_draft(*, actor: User, draft: PolicyDraft, reason: str, at: datetime) -> None:
    """Send a proposed draft back to its author, with what to change; its author may take it back without a reason.

    Raises PermissionDenied, ValidationError, StaleStateError.
    """
    if actor.pk == draft.author_id:
        may_write(actor, draft).enforce()
    else:
        may_approve(actor, draft).enforce()
        if not reason.strip():
            raise ValidationError({"reason": "Say what should be changed."})
    _move(draft, STATE.PROPOSED, STATE.OPEN, actor=actor, verb="policy.return", at=at, returned=reason.strip())


def discard_draft(*, actor: User, draft: PolicyDraft, at: datetime) -> None:
    """Put a draft aside for good; it stays on record. Raises PermissionDenied, StaleStateError."""
    may_write(actor, draft).enforce()
    _move(draft, draft.state, STATE.DISCARDED, actor=actor, verb="policy.discard", at=at, shadow_since=None)


def run_in_shadow(*, actor: User, draft: PolicyDraft, on: bool, at: datetime) -> None:
    """Let a draft decide beside the policy in force, without effect, or stop that. One draft a place.

    Raises PermissionDenied, StaleStateError.
    """
    holds(actor, draft.organisation, Role.ADMINISTRATOR).enforce()
    verb = "policy.shadow" if on else "policy.shadow_end"
    with transaction.atomic():
        if on:
            PolicyDraft.objects.of(draft.scope).update(shadow_since=None)
        _move(draft, draft.state, draft.state, actor=actor, verb=verb, at=at, shadow_since=at if on else None)


def _move(draft: PolicyDraft, start: str, end: str, *, actor: User, verb: str, at: datetime, **changes: Any) -> None:
    """Compare and set, with the audit row. A draft that has ended moves no more. Raises StaleStateError."""
    with transaction.atomic():
        waiting = PolicyDraft.objects.filter(pk=draft.pk, state__in=[STATE.OPEN, STATE.PROPOSED])
        if waiting.filter(state=start).update(state=end, **changes) != 1:
            raise StaleStateError(draft.pk, start)
        note(actor=actor, verb=verb, subject=draft, organisation=draft.organisation_id, at=at)
    draft.refresh_from_db()


def rehearsed(draft: PolicyDraft, digest: str) -> Rehearsal | None:
    """The newest finished rehearsal of exactly this draft, if there is one."""
    return draft.rehearsals.filter(digest=digest).exclude(finished=None).first()


def failures(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """The examples that did not come out as they must."""
    return [row for row in rehearsal.report.get("examples", []) if not row["met"]]


def publish_draft(
    *, actor: User, draft: PolicyDraft, seen_digest: str, at: datetime, exception: str = ""
) -> PolicyVersion:
    """Put a proposed draft in force as the next version: its author wrote it, `actor` approves it.

    `seen_digest` is the `Preview.digest` that the approver looked at; anything changed since voids the approval.
    `exception` says why it is published although an example fails. An organisation's version brings its projects
    theirs. Requests submitted before keep the version they were submitted under.
    Raises PermissionDenied, ValidationError, StaleStateError.
    """
    may_approve(actor, draft).enforce()
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=draft.organisation_id)
        draft.refresh_from_db()
        shown = preview(draft)
        if seen_digest != shown.digest:
            raise ValidationError("The draft, or what it stands on, changed since you opened it; look at it again.")
        failed = _failed(draft, shown, exception)
        version = _version(draft.scope, actor, draft, shown, at, exception=exception.strip() if failed else "")
        _move(
            draft,
            STATE.PROPOSED,
            STATE.PUBLISHED,
            actor=actor,
            verb="policy.approve",
            at=at,
            version=version,
            shadow_since=None,
        )
        _record(version, actor=actor, at=at, failed=failed)
        if draft.project is None:
            _bring_to_projects(version, actor=actor, at=at)
        transaction.on_commit(bell.ring_settle)
    return version


def _failed(draft: PolicyDraft, shown: Preview, exception: str) -> int:
    """How many examples fail. Raises ValidationError where that, or not knowing it, forbids publishing."""
    rehearsal = rehearsed(draft, shown.digest)
    if rehearsal is None:
        raise ValidationError(UNREHEARSED)
    failed = len(failures(rehearsal))
    if failed and not exception.strip():
        examples = "1 example does" if failed == 1 else f"{failed} examples do"
        raise ValidationError(
            {"exception": f"{examples} not come out as they must; send it back, or say why it is published."}
        )
    return failed


def _version(
    scope: Scope, approver: User, draft: PolicyDraft, shown: Preview, at: datetime, *, exception: str
) -> PolicyVersion:
    return PolicyVersion.objects.create(
        id=uuid4(),
        organisation=scope.organisation,
        project=scope.project,
        number=shown.in_force.number + 1 if shown.in_force else 1,
        own=draft.own,
        document=shown.ruling.document,
        digest=shown.ruling.digest,
        label=shown.label,
        may_relax=draft.may_relax if scope.project is None else [],
        examples=draft.examples,
        rests_on=shown.above,
        exception=exception,
        author=draft.author,
        approver=approver,
        published=at,
    )


def _bring_to_projects(version: PolicyVersion, *, actor: User, at: datetime) -> None:
    """A new version of every project's policy that reads differently under the organisation's new one."""
    for project in version.organisation.projects.all():
        current = project.policies.first()
        own = current.own if current else version.own
        ruling = joined(own, version)
        label = stronger_label(current.label if current else project.label, version)
        if current and (current.digest, current.label) == (ruling.digest, label):
            continue
        brought = PolicyVersion.objects.create(
            id=uuid4(),
            organisation=version.organisation,
            project=project,
            number=current.number + 1 if current else 1,
            own=own,
            document=ruling.document,
            digest=ruling.digest,
            label=label,
            examples=current.examples if current else [],
            rests_on=version,
            author=version.author,
            approver=version.approver,
            published=at,
        )
        _record(brought, actor=actor, at=at, failed=0)


def _record(version: PolicyVersion, *, actor: User, at: datetime, failed: int) -> None:
    """The entry, the audit row, and the label that pictures get from now on."""
    organisation = version.organisation
    if version.project_id:
        Project.objects.filter(pk=version.project_id).update(label=version.label)
    intend(log=organisation.log, kind="policy", row=version.pk, at=at, body=_entry(version, failed))
    note(
        actor=actor,
        verb="policy.publish",
        subject=version,
        organisation=organisation.pk,
        at=at,
        number=version.number,
        exception=version.exception,
    )


def _entry(version: PolicyVersion, failed: int) -> dict[str, Any]:
    """What the ledger keeps of a version: digests, numbers and pseudonyms."""
    people = {"author": version.author, "approver": version.approver}
    return {
        "project": str(version.project_id) if version.project_id else None,
        "number": version.number,
        "digest": version.digest,
        "label": version.label,
        "rests_on": version.rests_on.digest if version.rests_on else None,
        "failed_examples": failed,
        **{role: str(membership_of(user, version.organisation).pseudonym) for role, user in people.items()},
    }


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
