"""Floor, organisation, project: how a policy is tightened by the one below it, and how two differ.

A child tightens freely. Where it would loosen a category, the parent's limit stands, unless the
caller was granted the right for that category; `loosenings` lists what was refused, for the page on
which the child is written.

Invariants (checked by property tests):
- without a right, the result is at least as strict as the parent for every stage, category and score;
- nothing loosens `sexual_minors`, with whatever right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from moderation.actions import Mode, Stage
from moderation.categories import IMMUTABLE
from moderation.errors import PolicyError
from moderation.policy import CustomCategory, Limit, Policy, Threshold
from moderation.terms import Term, TermKind


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that reads differently in two policies; `before` or `after` is empty where it is absent."""

    field: str
    before: str
    after: str


def tighten(parent: Policy, child: Policy, *, may_loosen: frozenset[str]) -> Policy:
    """The policy in force where `parent` and `child` both hold; `may_loosen` names categories."""
    if forbidden := IMMUTABLE & may_loosen:
        raise PolicyError(f"may_loosen: nobody can be granted the right to loosen {', '.join(sorted(forbidden))}")
    return Policy(
        name=child.name,
        limits=tuple(_limits(parent, child, may_loosen)),
        languages=child.languages,
        uncovered_language=max(parent.uncovered_language, child.uncovered_language),
        on_failure=max(parent.on_failure, child.on_failure),
        terms=tuple(_terms(parent, child, may_loosen)),
        custom=_custom(parent, child),
    )


def loosenings(parent: Policy, child: Policy, *, may_loosen: frozenset[str]) -> tuple[str, ...]:
    """What `child` asks for and `tighten` refuses, as field paths in the order of the policy."""
    refused = [
        f"stages.{limit.stage}.{limit.category}"
        for limit in child.limits
        if limit.category not in may_loosen
        and (above := parent.threshold(limit.stage, limit.category)) is not None
        and stricter(above, limit.threshold) != limit.threshold
    ]
    refused += [f"terms.{term.word}" for term in child.terms if not _may_stand(term, may_loosen)]
    refused += ["uncovered_language"] * (child.uncovered_language < parent.uncovered_language)
    refused += ["on_failure"] * (child.on_failure < parent.on_failure)
    return tuple(refused)


def stricter(one: Threshold, other: Threshold) -> Threshold:
    """The lower of each bound, enforced if either is: at least as strict as both for every score.

    A shadow threshold enforces nothing, so against an enforced one it has no say.
    """
    if one.mode is not other.mode:
        return one if one.mode is Mode.ENFORCE else other
    block = _lower(one.block_at, other.block_at)
    review = _below(_lower(one.review_at, other.review_at), block)
    annotate = _below(_lower(one.annotate_at, other.annotate_at), _lower(review, block))
    return Threshold(review_at=review, block_at=block, mode=one.mode, annotate_at=annotate)


def differences(before: Policy, after: Policy) -> tuple[Difference, ...]:
    """What changed from `before` to `after`, one entry for each field, in the order of the policy's JSON."""
    old, new = dict(_flat(before.to_json(), "")), dict(_flat(after.to_json(), ""))
    fields = [field for field in old if field not in new or old[field] != new[field]]
    fields += [field for field in new if field not in old]
    return tuple(Difference(field, old.get(field, ""), new.get(field, "")) for field in fields)


def _limits(parent: Policy, child: Policy, may_loosen: frozenset[str]) -> Iterable[Limit]:
    for stage in Stage:
        for category in sorted({*parent.categories(stage), *child.categories(stage)}):
            above, below = parent.threshold(stage, category), child.threshold(stage, category)
            if above is not None and below is not None:
                yield Limit(stage, category, below if category in may_loosen else stricter(above, below))
            elif above is not None or below is not None:
                yield Limit(stage, category, above or below)  # type: ignore[arg-type]


def _terms(parent: Policy, child: Policy, may_loosen: frozenset[str]) -> Iterable[Term]:
    yield from parent.terms
    yield from (term for term in child.terms if _may_stand(term, may_loosen) and term not in parent.terms)


def _may_stand(term: Term, may_loosen: frozenset[str]) -> bool:
    return term.kind is TermKind.DENY or term.category in may_loosen


def _custom(parent: Policy, child: Policy) -> tuple[CustomCategory, ...]:
    """Both sets; where both define a category, the parent's examples stay and the child's are added."""
    merged = {entry.category: entry for entry in parent.custom}
    for entry in child.custom:
        above = merged.get(entry.category)
        examples = entry.examples if above is None else tuple(dict.fromkeys(above.examples + entry.examples))
        merged[entry.category] = CustomCategory(entry.category, entry.label, examples)
    return tuple(merged.values())


def _lower(one: float | None, other: float | None) -> float | None:
    given = [bound for bound in (one, other) if bound is not None]
    return min(given) if given else None


def _below(bound: float | None, ceiling: float | None) -> float | None:
    """`bound`, or None where the ceiling already covers every score it would catch."""
    return None if bound is not None and ceiling is not None and bound >= ceiling else bound


def _flat(value: object, path: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from _flat(inner, f"{path}.{inner.get('word') or inner.get('category')}")
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)
