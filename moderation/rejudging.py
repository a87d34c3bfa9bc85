"""A recorded picture decision under another policy, without the picture.

What the networks and classifiers scored does not depend on the policy, and the record keeps it; so what another
policy would have done follows from the record alone, long after the unsigned pixels are gone. Not for prompts:
allowed and denied terms change what is scored, so a prompt is screened anew from its words.

Invariants:
- for the policy a picture was screened under, the action is the recorded one, up to the four decimals that are kept;
- a category nobody scored at the time is `not_screened`, whatever the policy asks; a failed look stays failed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from moderation.actions import Action, Coverage, Mode, Stage
from moderation.categories import Category
from moderation.decision import Decision, Finding, decide
from moderation.errors import InputError
from moderation.pictures import nudity_action
from moderation.policy import Policy, Threshold


def rejudge(decision: Decision, policy: Policy) -> Decision:
    """`decision` as `policy` would have made it; raises `InputError` for a decision about a prompt."""
    if decision.stage is not Stage.PICTURE:
        raise InputError("decision: only pictures are judged again from their record; screen a prompt anew")
    findings = (*_again(decision, policy), *_unrecorded(decision, policy))
    return replace(decision, findings=findings, action=decide(findings), policy_digest=policy.digest)


def _again(decision: Decision, policy: Policy) -> Iterator[Finding]:
    for finding in decision.findings:
        threshold = policy.threshold(Stage.PICTURE, finding.category)
        if finding.coverage is Coverage.ERROR:
            yield replace(finding, action=policy.on_failure)
        elif finding.coverage is Coverage.NOT_SCREENED or finding.category == Category.DEGENERATE_OUTPUT:
            yield finding
        elif finding.source == "references" or threshold is not None:
            yield _judged(finding, threshold)


def _judged(finding: Finding, threshold: Threshold | None) -> Finding:
    if threshold is None:
        # A copy of a protected picture is held also where no threshold says what follows from it.
        return replace(finding, action=Action.REVIEW, mode=Mode.ENFORCE, threshold=None)
    if finding.source == "nudity":
        first, second = finding.detail.values()
        pairs = zip(first, second, strict=True)
        action = max(nudity_action(one, other, threshold) for one, other in pairs)
    else:
        action = threshold.action(finding.score or 0.0)
    return replace(finding, action=action, mode=threshold.mode, threshold=threshold)


def _unrecorded(decision: Decision, policy: Policy) -> Iterator[Finding]:
    seen = {finding.category for finding in decision.findings}
    for category in policy.categories(Stage.PICTURE):
        if category not in seen:
            yield Finding(category, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED)
