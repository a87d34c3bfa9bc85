"""What a policy governs: an organisation, or one of its projects; and how it stands under what is above it.

The floor of the platform stands above an organisation's policy, that policy above its projects'. Whoever is below
tightens freely; loosening takes a right, which the operator gives organisations (`FLOOR_MAY_RELAX`) and an
organisation's policy its projects (`may_relax`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.urls import reverse

from studio import pipeline
from studio.accounts.models import Organisation
from studio.projects.models import PolicyVersion, Project

LABELS = list(Project.Label.values)  # the least visible first


@dataclass(frozen=True, slots=True)
class Scope:
    """An organisation, or a project of it."""

    organisation: Organisation
    project: Project | None = None

    @property
    def name(self) -> str:
        """As people call it."""
        return self.project.name if self.project else self.organisation.name

    @property
    def address(self) -> str:
        """The page of its policy."""
        if self.project:
            return reverse("project-policy", args=[self.project.pk])
        return reverse("organisation-policy", args=[self.organisation.pk])

    def in_force(self) -> PolicyVersion | None:
        """The version that new requests come under."""
        return PolicyVersion.objects.of(self.organisation, self.project).first()

    def above(self) -> PolicyVersion | None:
        """The organisation's version that a project's policy stands under; None where only the floor is above."""
        return PolicyVersion.objects.of(self.organisation, None).first() if self.project else None

    def standing(self) -> list[tuple[str, int]]:
        """What is in force here and, for an organisation, in its projects: place and number, for comparison."""
        versions = PolicyVersion.objects.filter(organisation=self.organisation)
        if self.project:
            versions = versions.filter(project=self.project)
        newest = versions.order_by().values_list("project").annotate(newest=Max("number"))
        return sorted((str(project or ""), number) for project, number in newest)

    def projects(self) -> list[Project]:
        """The projects it governs."""
        return [self.project] if self.project else list(self.organisation.projects.order_by("name"))


def document_above(above: PolicyVersion | None) -> Mapping[str, Any]:
    """The policy that one standing under `above` is tightened by."""
    return above.document if above else pipeline.preset_policy("floor")


def may_loosen(above: PolicyVersion | None) -> Iterable[str]:
    """The categories that one standing under `above` may loosen."""
    return above.may_relax if above else settings.FLOOR_MAY_RELAX


def joined(own: Mapping[str, Any], above: PolicyVersion | None) -> pipeline.Joined:
    """`own` as it comes into force under `above`. Raises ModerationError."""
    return pipeline.joined(own, above=document_above(above), may_loosen=may_loosen(above))


def stronger_label(label: str, above: PolicyVersion | None) -> str:
    """The more visible of a label and the one required above."""
    return max(label, above.label, key=LABELS.index) if above else label
