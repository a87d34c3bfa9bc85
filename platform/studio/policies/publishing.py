"""Puts a policy in force: a draft that one person wrote and another approves becomes the next immutable version.

Every version is a ledger entry, in the transaction that puts it in force.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Organisation, User
from studio.accounts.rules import membership_of
from studio.jobs import bell
from studio.policies.actions import STATE, Preview, move, preview
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.rules import may_approve
from studio.policies.scope import Scope, joined, stronger_label
from studio.projects.models import PolicyVersion, Project
from studio.trail.actions import intend, note

UNREHEARSED = _("Rehearse it first: nobody has seen yet what this draft, as it stands, does with its examples.")


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
            raise ValidationError(
                gettext("The draft, or what it stands on, changed since you opened it; look at it again.")
            )
        failed = _failed(draft, shown, exception)
        version = _version(draft.scope, actor, draft, shown, at, exception=exception.strip() if failed else "")
        move(
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
        remedy = ngettext(
            "%(n)s example does not come out as it must; send it back, or say why it is published.",
            "%(n)s examples do not come out as they must; send it back, or say why it is published.",
            failed,
        ) % {"n": failed}
        raise ValidationError({"exception": remedy})
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
