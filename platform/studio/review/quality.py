"""How well the screens did: what they stopped, what people then said about it, and what they could not read.

- A person's ruling is the measure: let through means that the screen stopped it wrongly. What nobody looked at counts
  as stopped and as nothing else.
- The ruling on an appeal counts for the request that was blocked; the appeal itself is no further request.
- Only numbers and digests leave this module: never a prompt, never a name.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from studio import pipeline
from studio.accounts.models import Organisation
from studio.jobs.models import Screening
from studio.review.models import HoldRuling

STOPS = ("review", "block")
STRICTNESS = ("allow", "annotate", *STOPS)


@dataclass(frozen=True, slots=True)
class Judged:
    """One screening of the period and the ruling on it, if there is one."""

    screening: Screening
    ruling: HoldRuling | None

    @property
    def stopping(self) -> frozenset[str]:
        """The categories for which it was held or blocked."""
        findings = self.screening.decision["findings"]
        return frozenset(f["category"] for f in findings if f["mode"] == "enforce" and f["action"] in STOPS)

    @property
    def shadowed(self) -> frozenset[str]:
        """The categories in which a rule on trial would have been stricter than what was done."""
        done = STRICTNESS.index(self.screening.action)
        findings = self.screening.decision["findings"]
        return frozenset(
            f["category"] for f in findings if f["mode"] == "shadow" and STRICTNESS.index(f["action"]) > done
        )

    @property
    def waited(self) -> timedelta | None:
        """From the screen's answer, or the appeal's, to the ruling."""
        return self.ruling.at - max(self.screening.at, self.ruling.job.submitted) if self.ruling else None


@dataclass(slots=True)
class Line:
    """One category in one language: counts, and the waits of those that a person answered."""

    category: str
    language: str
    held: int = 0
    blocked: int = 0
    answered: int = 0
    overturned: int = 0
    shadowed: int = 0
    waits: list[timedelta] = field(default_factory=list)

    @property
    def wrong(self) -> dict[str, Any]:
        """The share of the answered that people let through: count, n, share, low and high (95 %, Wilson)."""
        return pipeline.rate(self.overturned, self.answered)

    @property
    def wait(self) -> timedelta | None:
        """The median wait for an answer."""
        return timedelta(seconds=median(wait.total_seconds() for wait in self.waits)) if self.waits else None


@dataclass(frozen=True, slots=True)
class Quality:
    """A period's report. `unread` is the share of prompts, by language, that no screen could read."""

    screened: int
    lines: list[Line]
    unread: dict[str, dict[str, Any]]


def judged(organisation: Organisation, *, since: datetime) -> Iterator[Judged]:
    """Every screening since then, oldest first, with the ruling on it, on its picture, or on its appeal."""
    rulings = HoldRuling.objects.filter(job__project__organisation=organisation).select_related("job")
    by_subject = {(r.job.appeal_of_id or r.job_id, r.picture_id): r for r in rulings}
    screenings = Screening.objects.filter(job__project__organisation=organisation, at__gte=since)
    for screening in screenings.exclude(job__appeal_of__isnull=False, picture=None).order_by("at").iterator():
        yield Judged(screening, by_subject.get((screening.job_id, screening.picture_id)))


def report(organisation: Organisation, *, since: datetime) -> Quality:
    """The filter-quality report of an organisation since a moment."""
    lines: dict[tuple[str, str], Line] = {}
    prompts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    screened = 0
    for one in judged(organisation, since=since):
        screened += 1
        decision = one.screening.decision
        language = "" if one.screening.picture_id or one.screening.reference else decision.get("language", "")
        if language:
            prompts[language][0] += decision["coverage"] == "none"
            prompts[language][1] += 1
        for category in one.stopping | one.shadowed:
            _count(lines.setdefault((category, language), Line(category, language)), one)
    unread = {language: pipeline.rate(none, n) for language, (none, n) in sorted(prompts.items())}
    return Quality(screened, [lines[key] for key in sorted(lines)], unread)


def _count(line: Line, one: Judged) -> None:
    line.shadowed += line.category in one.shadowed
    if line.category not in one.stopping:
        return
    line.held += one.screening.action == "review"
    line.blocked += one.screening.action == "block"
    if one.ruling is None:
        return
    line.answered += 1
    line.overturned += one.ruling.let_through
    line.waits.append(one.waited or timedelta())


def calibration(organisation: Organisation, *, since: datetime) -> Iterator[dict[str, Any]]:
    """What people said about each stopped screening, as rows to choose thresholds by: scores and a label, no words."""
    for one in judged(organisation, since=since):
        if one.ruling is None:
            continue
        decision = one.screening.decision
        yield {
            "decision": str(one.screening.pk),
            "stage": decision["stage"],
            "language": decision.get("language", ""),
            "policy": decision.get("policy_digest", ""),
            "action": one.screening.action,
            "scores": {f["source"]: f["score"] for f in decision["findings"] if f.get("score") is not None},
            "stopped_for": sorted(one.stopping),
            "label": "let through" if one.ruling.let_through else "refused",
            "at": one.ruling.at.isoformat(),
        }
