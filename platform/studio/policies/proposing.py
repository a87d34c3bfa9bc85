"""A policy proposed from a granted appeal: one word allowed for a while.

The reviewer who grants an appeal writes the draft; somebody else, an administrator or another reviewer, looks at its
rehearsal and puts it in force, as with any draft. So a single reviewer releases one request, and never a rule.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import holds
from studio.jobs.models import Job
from studio.policies.actions import STATE, preview
from studio.policies.models import PolicyDraft
from studio.policies.scope import Scope, may_loosen
from studio.trail.actions import note

NOT_HERE = _("No word can be allowed here for this; choose another category.")


def allowable(job: Job) -> dict[str, Scope]:
    """The categories that stopped the request an appeal is about, and whose policy may allow single words in each.

    That is the project's where it has the right, else the organisation's; a category in which neither has is left out.
    """
    blocked = job.appeal_of
    if blocked is None:
        return {}
    organisation = job.project.organisation
    places = [Scope(organisation, job.project), Scope(organisation)]
    free = [(place, frozenset(may_loosen(place.above()))) for place in places if place.in_force()]
    found = {name: next((place for place, names in free if name in names), None) for name in sorted(_stopping(blocked))}
    return {name: place for name, place in found.items() if place is not None}


def _stopping(blocked: Job) -> set[str]:
    """The categories for which the words of a request were stopped."""
    return {
        finding["category"]
        for screening in blocked.screenings.filter(picture=None, reference=False)
        for finding in screening.decision.get("findings", [])
        if finding["mode"] == "enforce" and finding["action"] in ("review", "block")
    }


def propose_term(*, actor: User, appeal: Job, term: Mapping[str, Any], at: datetime) -> PolicyDraft:
    """A proposed draft: the policy that may allow it as it is, and the word, which has to have an end.

    Raises PermissionDenied, ValidationError naming the field.
    """
    holds(actor, appeal.project.organisation, Role.REVIEWER).enforce()
    checked = _checked(term)
    scope = allowable(appeal).get(checked["category"])
    current = scope.in_force() if scope else None
    if scope is None or current is None:
        raise ValidationError({"category": NOT_HERE})
    draft = PolicyDraft(
        organisation=scope.organisation,
        project=scope.project,
        author=actor,
        appeal=appeal,
        state=STATE.PROPOSED,
        own={**current.own, "terms": [*current.own["terms"], checked]},
        label=current.label,
        may_relax=current.may_relax,
        examples=current.examples,
        started=at,
        changed=at,
    )
    with transaction.atomic():
        draft.save(force_insert=True)
        digest = preview(draft).ruling.digest
        organisation = scope.organisation.pk
        note(actor=actor, verb="policy.suggest", subject=draft, organisation=organisation, at=at, digest=digest)
    return draft


def _checked(term: Mapping[str, Any]) -> dict[str, Any]:
    if not term.get("expires"):
        raise ValidationError({"expires": gettext("Say until when the word is allowed.")})
    try:
        return pipeline.checked_term({**term, "kind": "allow", "scope": "everywhere"})
    except pipeline.ModerationError as error:
        raise ValidationError({"word": str(error).partition(": ")[2] or str(error)}) from error
