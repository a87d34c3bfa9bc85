"""What a screen found and what follows: the record that is kept of every screening.

Not an exception and not a verdict on a person: a block is a value like any other.

Invariants:
- the action is the strictest among the enforced findings (`decide`);
- a category that nothing looked at is present as `not_screened`, never left out;
- the record is JSON all through; digests are SHA-256 in lower-case hex of the UTF-8 text or RGB8 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moderation.actions import Action, Coverage, Mode, Reach, Stage, strictest
from moderation.errors import InputError, PolicyError
from moderation.policy import Threshold
from moderation.wording import meaning, remedy

FORMAT = "imprimatur.decision/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One look at one category by one source.

    `score` lies in [0, 1], or is None where nothing was scored. `source` is the id of the rule or
    classifier and `revision` the SHA-256 of what it was made of. `detail` holds JSON values such as
    the span of a term in the folded text or the nearest exemplar.
    """

    category: str
    score: float | None
    action: Action
    source: str
    revision: str = ""
    coverage: Coverage = Coverage.SCREENED
    mode: Mode = Mode.ENFORCE
    threshold: Threshold | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON values."""
        return {
            "category": self.category,
            "score": None if self.score is None else round(self.score, 6),
            "action": self.action.word,
            "source": self.source,
            "revision": self.revision,
            "coverage": self.coverage.value,
            "mode": self.mode.value,
            "threshold": None if self.threshold is None else self.threshold.to_json(),
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Finding:
        """Read a finding back."""
        threshold = value["threshold"]
        return cls(
            category=value["category"],
            score=value["score"],
            action=Action.from_word(value["action"], field="findings.action"),
            source=value["source"],
            revision=value["revision"],
            coverage=Coverage(value["coverage"]),
            mode=Mode(value["mode"]),
            threshold=None if threshold is None else Threshold.from_json(threshold, field="findings.threshold"),
            detail=dict(value["detail"]),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """One screening of one prompt or one picture.

    `coverage` says how much of the input could be read at all. `latency_ms` is a measurement, so two
    decisions that differ in nothing else are equal.
    """

    id: str
    stage: Stage
    action: Action
    findings: tuple[Finding, ...]
    language: str
    coverage: Reach
    raw_sha256: str
    normalised_sha256: str | None
    normalised: bool
    policy_digest: str
    at: str
    latency_ms: float = field(compare=False)

    def reasons(self) -> tuple[str, ...]:
        """Plain sentences for the maker, the strictest first; no scores. Empty when nothing was noted."""
        noted = sorted(self._noted(), key=lambda finding: -finding.action)
        return tuple(dict.fromkeys(_reason(finding) for finding in noted))

    def changes(self) -> tuple[str, ...]:
        """What the maker can change so that less is noted."""
        return tuple(dict.fromkeys(text for finding in self._noted() if (text := remedy(finding.category))))

    def remedies(self) -> tuple[str, ...]:
        """What the maker can change, and how to appeal when the thing was held or refused."""
        advice = [*self.changes()]
        if self.action >= Action.REVIEW:
            advice.append(f"If this is a mistake, appeal and say what the picture is for. Reference: {self.id}.")
        return tuple(advice)

    def categories(self, at_least: Action) -> tuple[str, ...]:
        """The categories whose enforced action is `at_least` this strict."""
        enforced = (finding for finding in self.findings if finding.mode is Mode.ENFORCE)
        return tuple(dict.fromkeys(finding.category for finding in enforced if finding.action >= at_least))

    def not_screened(self) -> tuple[str, ...]:
        """The categories that nothing looked at."""
        return tuple(f.category for f in self.findings if f.coverage is Coverage.NOT_SCREENED)

    def _noted(self) -> list[Finding]:
        return [f for f in self.findings if f.mode is Mode.ENFORCE and f.action > Action.ALLOW]

    def to_json(self) -> dict[str, Any]:
        """The whole record as JSON values; the inverse of `from_json`."""
        return {
            "format": FORMAT,
            "id": self.id,
            "stage": self.stage.value,
            "action": self.action.word,
            "findings": [finding.to_json() for finding in self.findings],
            "language": self.language,
            "coverage": self.coverage.value,
            "raw_sha256": self.raw_sha256,
            "normalised_sha256": self.normalised_sha256,
            "normalised": self.normalised,
            "policy_digest": self.policy_digest,
            "at": self.at,
            "latency_ms": round(self.latency_ms, 3),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Decision:
        """Read a record back; raises `InputError` when it is not one."""
        try:
            return cls(
                id=value["id"],
                stage=Stage(value["stage"]),
                action=Action.from_word(value["action"], field="action"),
                findings=tuple(Finding.from_json(finding) for finding in value["findings"]),
                language=value["language"],
                coverage=Reach(value["coverage"]),
                raw_sha256=value["raw_sha256"],
                normalised_sha256=value["normalised_sha256"],
                normalised=value["normalised"],
                policy_digest=value["policy_digest"],
                at=value["at"],
                latency_ms=value["latency_ms"],
            )
        except (KeyError, TypeError, ValueError, PolicyError) as wrong:
            raise InputError(f"decision: {wrong!r} is missing or wrong; give the JSON that to_json wrote") from wrong


def decide(findings: tuple[Finding, ...]) -> Action:
    """The strictest action among the enforced findings."""
    return strictest(finding.action for finding in findings if finding.mode is Mode.ENFORCE)


def stamp(at: datetime) -> str:
    """`at` as ISO 8601 with its zone; raises `InputError` for a time without one."""
    if at.tzinfo is None:
        raise InputError("at: give the time with its zone")
    return at.isoformat()


def _reason(finding: Finding) -> str:
    if finding.coverage is Coverage.ERROR:
        return "A part of the check did not work, so a person has to look."
    sentence = meaning(finding.category, str(finding.detail.get("label", "")))
    term = finding.detail.get("term")
    return (
        f"{sentence} Your organisation's rule on '{term}' applies: {finding.detail.get('reason')}."
        if term
        else sentence
    )
