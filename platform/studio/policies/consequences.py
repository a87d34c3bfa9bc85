"""What publishing a draft would put in force in each project that it governs, beside what is in force there now.

An organisation's draft never governs a request by itself: each project's own policy stands under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from studio import pipeline
from studio.policies.actions import Preview
from studio.policies.models import PolicyDraft
from studio.projects.models import Project


@dataclass(frozen=True, slots=True)
class Consequence:
    """The documents of one project: `before` is in force now, or None where nothing is."""

    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def consequences(draft: PolicyDraft, shown: Preview) -> dict[UUID, Consequence]:
    """For every project that the draft governs, by its key."""
    return {project.pk: _for_project(project, draft, shown) for project in draft.scope.projects()}


def _for_project(project: Project, draft: PolicyDraft, shown: Preview) -> Consequence:
    current = project.policies.first()
    before = current.document if current else None
    if draft.project_id:
        return Consequence(before, shown.ruling.document)
    own = current.own if current else draft.own
    ruling = pipeline.joined(own, above=shown.ruling.document, may_loosen=draft.may_relax)
    return Consequence(before, ruling.document)
