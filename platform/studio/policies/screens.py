"""What screens an organisation's words and pictures, read only: declared by the classifiers, seen in its decisions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from studio import pipeline
from studio.accounts.models import Organisation
from studio.accounts.rules import roles_of
from studio.jobs.models import Screening
from studio.pages import MemberRequest
from studio.policies.overviews import organisation_scope
from studio.policies.rules import READERS

LOOKED_THROUGH = 400  # of the newest decisions, for when a classifier last answered or failed
# What findings call their source, beside a classifier's own name.
PARTS = {"rule": "rules", "nudity": "opennsfw nsfwjs"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the newest decisions show of a classifier: its last answer, its revision in it, and its last failure."""

    answered: datetime | None = None
    revision: str = ""
    failed: datetime | None = None
    fault: str = ""

    @property
    def failing(self) -> bool:
        """Whether the last thing heard of it was a failure."""
        return self.failed is not None and (self.answered is None or self.failed > self.answered)


@login_required
@require_safe
def classifiers(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Every classifier in force."""
    scope = organisation_scope(request, pk)
    listed, fault = _listed()
    seen = seen_in(_newest(scope.organisation))
    context = {
        "scope": scope,
        "rows": [{"listed": one, "seen": seen.get(one.id, Seen())} for one in listed],
        "fault": fault,
        "looked_through": LOOKED_THROUGH,
        # A fault's text may name a folder or a host of this installation.
        "may_read_faults": bool(roles_of(request.user, scope.organisation) & set(READERS)),
    }
    return render(request, "studio/classifiers.html", context)


def _listed() -> "tuple[tuple[pipeline.Listed, ...], str]":
    try:
        return pipeline.classifiers(), ""
    except pipeline.ModerationError as error:
        return pipeline.bundled_classifiers(), str(error)


def _newest(organisation: Organisation) -> Iterable[Screening]:
    mine = Screening.objects.filter(job__project__organisation=organisation).order_by("-at")
    return mine.only("decision", "at")[:LOOKED_THROUGH]


def seen_in(screenings: Iterable[Screening]) -> dict[str, Seen]:
    """What decisions, the newest first, show of each classifier."""
    answers: dict[str, tuple[datetime, str]] = {}
    faults: dict[str, tuple[datetime, str]] = {}
    for screening in screenings:
        for finding in screening.decision.get("findings", []):
            for name in _names(finding):
                if finding.get("coverage") == "error":
                    faults.setdefault(name, (screening.at, str(finding.get("detail", {}).get("fault", ""))))
                elif finding.get("coverage") == "screened":
                    answers.setdefault(name, (screening.at, str(finding.get("revision", ""))))
    return {
        name: Seen(*answers.get(name, (None, "")), *faults.get(name, (None, "")))
        for name in answers.keys() | faults.keys()
    }


def _names(finding: Mapping[str, Any]) -> list[str]:
    """The classifiers a finding comes from; what lettering says was found by the screens of words."""
    source = str(finding.get("source", "")).removeprefix("lettering:")
    head = source.partition(":")[0]
    return PARTS.get(head, source).split()
