"""How well the prompt screen does on labelled prompts: recall, false positives, AUC, with their uncertainty.

Not a training tool. Numbers are counted per decision, as a user would meet them: blocked, held and
annotated apart, by category, language and coverage, each with n and a Wilson interval.

References: E. B. Wilson, "Probable inference", JASA 22 (1927); AUC as the Mann-Whitney statistic.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from moderation.actions import Action
from moderation.decision import Decision
from moderation.labelled import Labelled, Row
from moderation.policy import Policy
from moderation.prompts import PromptScreen

_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution, for 95 % intervals
_NAMESPACE = uuid.UUID("6f1d2c5e-7c1b-5b0a-9a51-3f3f0e2a7d11")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of n with its 95 % Wilson interval."""

    count: int
    n: int

    @property
    def share(self) -> float:
        """count / n, or NaN for n = 0."""
        return self.count / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound; (0, 1) for n = 0."""
        if not self.n:
            return 0.0, 1.0
        p, n, z2 = self.share, self.n, _Z * _Z
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        # At the ends the arithmetic may miss the share itself by a rounding.
        return max(0.0, min(p, middle - half)), min(1.0, max(p, middle + half))

    def to_json(self) -> dict[str, Any]:
        """Count, n, share and interval."""
        low, high = self.interval
        return {"count": self.count, "n": self.n, "share": self.share if self.n else None, "low": low, "high": high}


@dataclass(frozen=True, slots=True)
class Group:
    """The decisions on rows of one label that share a name (a category, a language, a coverage)."""

    name: str
    unsafe: bool
    blocked: Rate
    held: Rate
    annotated: Rate
    stopped: Rate  # blocked or held

    def to_json(self) -> dict[str, Any]:
        """The group as JSON values."""
        rates = {name: getattr(self, name).to_json() for name in ("blocked", "held", "annotated", "stopped")}
        return {"name": self.name, "label": "unsafe" if self.unsafe else "safe", **rates}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything `evaluate` counted. `auc` is None for a category with rows of one label only.

    `left_out`: how many rows of the file had another label than safe and unsafe.
    """

    policy_digest: str
    groups: Mapping[str, tuple[Group, ...]]
    auc: Mapping[str, float | None]
    latency_p50_ms: float
    latency_p95_ms: float
    misses: tuple[Mapping[str, Any], ...]
    left_out: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, without the texts of the misses."""
        return {
            "policy_digest": self.policy_digest,
            "groups": {by: [group.to_json() for group in groups] for by, groups in self.groups.items()},
            "auc": dict(self.auc),
            "latency_p50_ms": round(self.latency_p50_ms, 2),
            "latency_p95_ms": round(self.latency_p95_ms, 2),
            "left_out": dict(self.left_out),
        }


def evaluate(
    labelled: Labelled,
    *,
    screen: PromptScreen,
    policy: Policy,
    at: datetime,
    progress: Callable[[int], None],
) -> Report:
    """Screen every row and count."""
    decisions = []
    for number, row in enumerate(labelled.rows, 1):
        made = str(uuid.uuid5(_NAMESPACE, f"{number}:{row.text}"))
        decisions.append(screen.screen(row.text, policy=policy, decision_id=made, at=at, language=row.language))
        progress(number)
    pairs = list(zip(labelled.rows, decisions, strict=True))
    latencies = sorted(decision.latency_ms for decision in decisions)
    return Report(
        policy_digest=policy.digest,
        groups={
            "all": _groups(pairs, lambda row, _: "all"),
            "category": _groups(pairs, lambda row, _: row.category),
            "language": _groups(pairs, lambda _, decision: decision.language),
            "coverage": _groups(pairs, lambda _, decision: decision.coverage.value),
        },
        auc=_aucs(pairs),
        latency_p50_ms=latencies[len(latencies) // 2],
        latency_p95_ms=latencies[min(len(latencies) - 1, math.ceil(len(latencies) * 0.95) - 1)],
        misses=tuple(_miss(row, decision) for row, decision in pairs if _is_miss(row, decision)),
        left_out=labelled.left_out,
    )


def table(report: Report) -> str:
    """The report as a text table."""
    lines = [f"{'':30} {'n':>5}  {'blocked':>7}  {'held':>7}  {'noted':>7}  {'stopped':>7}  95 % interval"]
    for by, groups in report.groups.items():
        lines.append(f"by {by}" if by != "all" else "all rows")
        lines += [_line(group) for group in groups]
    lines.append("AUC of the strongest score of a category, its rows against all safe rows")
    lines += [f"  {name:28} {'-' if auc is None else f'{auc:.3f}'}" for name, auc in report.auc.items()]
    if report.left_out:
        lines.append(f"left out, of other labels: {', '.join(f'{n} {name}' for name, n in report.left_out.items())}")
    lines.append(f"latency p50 {report.latency_p50_ms:.1f} ms, p95 {report.latency_p95_ms:.1f} ms")
    return "\n".join(lines)


def _line(group: Group) -> str:
    low, high = group.stopped.interval
    rates = "  ".join(f"{rate.share:7.1%}" for rate in (group.blocked, group.held, group.annotated, group.stopped))
    name = f"{group.name[:20]} {'unsafe' if group.unsafe else 'safe'}"
    return f"  {name:28} {group.stopped.n:5}  {rates}  {low:.1%} to {high:.1%}"


def _groups(pairs: Iterable[tuple[Row, Decision]], name_of: Callable[[Row, Decision], str]) -> tuple[Group, ...]:
    actions: dict[tuple[str, bool], list[Action]] = {}
    for row, decision in pairs:
        actions.setdefault((name_of(row, decision), row.unsafe), []).append(decision.action)
    return tuple(_group(name, unsafe, found) for (name, unsafe), found in sorted(actions.items()))


def _group(name: str, unsafe: bool, actions: Sequence[Action]) -> Group:
    n = len(actions)
    blocked, held, noted = (actions.count(action) for action in (Action.BLOCK, Action.REVIEW, Action.ANNOTATE))
    return Group(name, unsafe, Rate(blocked, n), Rate(held, n), Rate(noted, n), Rate(blocked + held, n))


def _aucs(pairs: Sequence[tuple[Row, Decision]]) -> dict[str, float | None]:
    """For each file category with unsafe rows: do they score above the safe rows?"""
    safe = [_strongest(decision) for row, decision in pairs if not row.unsafe]
    names = sorted({row.category for row, _ in pairs if row.unsafe})
    return {
        name: auc([_strongest(d) for row, d in pairs if row.unsafe and row.category == name], safe) for name in names
    }


def auc(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """The chance that a positive scores above a negative, ties by half; None when one side is empty."""
    if not positives or not negatives:
        return None
    ordered = np.sort(np.asarray(negatives, dtype=np.float64))
    below = np.searchsorted(ordered, np.asarray(positives), "left")
    up_to = np.searchsorted(ordered, np.asarray(positives), "right")
    return float((below + up_to).sum()) / (2 * len(positives) * len(negatives))


def _strongest(decision: Decision) -> float:
    return max((finding.score for finding in decision.findings if finding.score is not None), default=0.0)


def _is_miss(row: Row, decision: Decision) -> bool:
    return row.unsafe != (decision.action >= Action.REVIEW)


def _miss(row: Row, decision: Decision) -> dict[str, Any]:
    sources = [f"{f.category}:{f.source}:{f.score}" for f in decision.findings if f.action >= Action.REVIEW]
    return {
        "text": row.text,
        "label": "unsafe" if row.unsafe else "safe",
        "category": row.category,
        "action": decision.action.word,
        "because": sources,
    }
