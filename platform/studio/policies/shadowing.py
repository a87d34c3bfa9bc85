"""Shadow mode: a draft decides beside the policy in force, on real requests, and nothing comes of it but a record.

The sweeper does it a little after the real decision, so that no request waits for it and none can be hurt by it. An
edited draft begins anew: decisions of an earlier wording are kept under its digest and not counted any more.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from studio.jobs import words
from studio.jobs.models import Screening
from studio.policies.actions import preview
from studio.policies.consequences import consequences
from studio.policies.judging import judge_again
from studio.policies.models import PolicyDraft, ShadowDecision

logger = logging.getLogger(__name__)
SLICE = 20
UNREAD = "unread"


def shadow_all(*, now: datetime) -> int:
    """Decide in shadow what was screened since; returns how many decisions were made."""
    drafts = PolicyDraft.objects.exclude(shadow_since=None).select_related("organisation", "project")
    return sum(_shadow(draft, at=now) for draft in drafts)


def _shadow(draft: PolicyDraft, *, at: datetime) -> int:
    shown = preview(draft)
    ruling, documents = shown.ruling, consequences(draft, shown)
    seen = ShadowDecision.objects.filter(draft=draft, digest=ruling.digest).values("screening")
    new = _beside(draft).exclude(pk__in=seen).select_related("job__model").order_by("at")[:SLICE]
    made = 0
    for screening in new:
        try:
            screened = judge_again(screening, document=documents[screening.job.project_id].after, at=at)
            action, decision = screened.action, screened.decision
        except words.ErasedError:
            action, decision = UNREAD, {}
        except Exception:
            logger.exception("screening %s could not be shadowed", screening.pk)
            continue
        made += _keep(draft, ruling.digest, screening, action, decision, at)
    return made


def _beside(draft: PolicyDraft) -> "QuerySet[Screening]":
    """The real screenings since the shadow began, or since the draft was last changed."""
    since = max(draft.shadow_since or draft.changed, draft.changed)
    return Screening.objects.filter(job__project__in=draft.scope.projects(), at__gte=since)


def _keep(
    draft: PolicyDraft, digest: str, screening: Screening, action: str, decision: dict[str, Any], at: datetime
) -> int:
    try:
        with transaction.atomic():
            ShadowDecision.objects.create(
                draft=draft, digest=digest, screening=screening, action=action, decision=decision, at=at
            )
    except IntegrityError:
        return 0  # another worker was faster
    return 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What a draft's shadow has come to: how many decisions, how they compare, and the newest that differ."""

    decided: int
    unread: int
    rows: list[dict[str, Any]]
    differing: list[ShadowDecision]


def standing(draft: PolicyDraft) -> Standing:
    """The shadow of the draft as it stands now."""
    shadows = ShadowDecision.objects.filter(draft=draft, digest=preview(draft).ruling.digest)
    read = shadows.exclude(action=UNREAD)
    counts = Counter(read.values_list("screening__action", "action"))
    rows = [
        {"before": before, "after": after, "number": number, "same": before == after}
        for (before, after), number in counts.most_common()
    ]
    differing = read.exclude(action=F("screening__action")).select_related("screening__job").order_by("-at")[:20]
    return Standing(sum(counts.values()), shadows.filter(action=UNREAD).count(), rows, list(differing))
