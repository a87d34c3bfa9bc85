"""Findings from each source about one prompt: language, classifiers, rules, terms, custom categories.

Each function looks at the same `Readings` and answers with findings; none of them decides. A source
that fails answers with findings of coverage `error` that hold, so a fault can never let a prompt pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moderation.actions import Action, Coverage, Reach, Stage
from moderation.categories import IMMUTABLE, Category
from moderation.classifiers import TextClassifier, checked_scores
from moderation.decision import Finding
from moderation.errors import ClassifierError
from moderation.policy import Policy
from moderation.readings import Readings, without
from moderation.rules import Hit, RuleBook, strongest
from moderation.terms import TermKind

_MINOR_BESIDE_SEXUAL = 0.95  # head score from which a text that names a minor counts as sexual


def about_language(readings: Readings, policy: Policy) -> Iterator[Finding]:
    """One finding when no classifier reads the language of the text."""
    if readings.language.reach is Reach.NONE:
        yield Finding(
            Category.UNCOVERED_LANGUAGE,
            None,
            policy.uncovered_language,
            source="language",
            coverage=Coverage.NOT_SCREENED,
            detail={"language": readings.language.code},
        )


def from_classifier(
    classifier: TextClassifier, book: RuleBook, readings: Readings, policy: Policy
) -> tuple[Finding, ...]:
    """One finding for each category the policy looks for and the classifier scores."""
    wanted = classifier.categories & set(policy.categories(Stage.PROMPT))
    if not wanted:
        return ()
    if not _is_read_by(classifier, readings):
        return tuple(_unread(category, classifier) for category in sorted(wanted))
    try:
        scores = _scores(classifier, readings)
    except Exception as fault:  # noqa: BLE001 - whatever a classifier does wrong, the prompt is held
        return tuple(failed(category, classifier.id, policy, fault) for category in sorted(wanted))
    softer = book.softened(scores, readings.for_rules, language=readings.language.code)
    return tuple(
        scored(
            category,
            softer[category],
            policy,
            source=classifier.id,
            revision=classifier.revision,
            detail={"unsoftened": round(scores[category], 4)} if softer[category] < scores[category] else None,
        )
        for category in sorted(wanted)
    )


def from_rules(book: RuleBook, readings: Readings, policy: Policy) -> Iterator[Finding]:
    """One finding for each rule that fires on any reading, less those that rest on allowed terms."""
    hits = strongest(_hits(book, readings, readings.for_rules))
    allowed = readings.allowed()
    for category, terms in allowed.items():
        left = strongest(_hits(book, readings, without(terms, readings.for_rules)))
        hits = {name: hit for name, hit in hits.items() if hit.rule.category != category or name in left}
    for hit in hits.values():
        if hit.rule.category in IMMUTABLE:
            yield _immutable(hit, book)
        elif policy.threshold(Stage.PROMPT, hit.rule.category) is not None:
            yield _ruled(hit, book, policy)


def from_terms(readings: Readings, policy: Policy) -> Iterator[Finding]:
    """One finding for each denied term that stands in the text; score 1."""
    for term, (start, end) in readings.denied():
        detail = {"term": term.word, "owner": term.owner, "reason": term.reason, "span": [start, end]}
        yield scored(term.category, 1.0, policy, source="term", revision="", detail=detail)


def hidden_words(book: RuleBook, readings: Readings, policy: Policy) -> Iterator[Finding]:
    """A finding of `evasion` when normalising uncovers something a rule looks for."""
    if readings.second.changed and policy.threshold(Stage.PROMPT, Category.EVASION) is not None:
        plain = {hit.rule.id for hit in _hits(book, readings, (readings.raw,))}
        uncovered = {hit.rule.id for hit in _hits(book, readings, (readings.second.text,))}
        if uncovered - plain:
            detail = {"steps": list(readings.second.steps)}
            yield scored(Category.EVASION, 0.6, policy, source="normaliser", revision=book.revision, detail=detail)


def minor_beside_sexual(book: RuleBook, readings: Readings, findings: Iterable[Finding]) -> Iterator[Finding]:
    """A finding of `sexual_minors` when a head is sure of sexual content and the text names a minor."""
    sure = any(
        f.category == Category.SEXUAL_EXPLICIT and f.source == "heads" and (f.score or 0.0) >= _MINOR_BESIDE_SEXUAL
        for f in findings
    )
    if sure and book.names(readings.for_rules, "minor", "sexual_harm_topic", language=readings.language.code):
        yield Finding(
            Category.SEXUAL_MINORS, 1.0, Action.BLOCK, source="rule:minor-beside-sexual-head", revision=book.revision
        )


def unlooked(findings: Iterable[Finding], book: RuleBook, readings: Readings, policy: Policy) -> Iterator[Finding]:
    """What is left: categories only rules look for and found nothing, and those that nothing looks for."""
    seen = {finding.category for finding in findings}
    denied = {term.category for term in readings.terms if term.kind is TermKind.DENY}
    for category in policy.categories(Stage.PROMPT):
        if category in seen:
            continue
        if category in book.categories or category in denied:
            yield scored(category, 0.0, policy, source="rules", revision=book.revision)
        else:
            yield Finding(category, None, Action.ALLOW, source="", coverage=Coverage.NOT_SCREENED)


def scored(
    category: str, score: float, policy: Policy, *, source: str, revision: str, detail: Mapping[str, Any] | None = None
) -> Finding:
    """A finding whose action follows from the policy; a denied term without a threshold is a block."""
    threshold = policy.threshold(Stage.PROMPT, category)
    labels = {entry.category: entry.label for entry in policy.custom}
    extra = {"label": labels[category]} if category in labels else {}
    if threshold is None:
        return Finding(
            category, score, Action.BLOCK, source=source, revision=revision, detail={**(detail or {}), **extra}
        )
    return Finding(
        category,
        score,
        threshold.action(score),
        source=source,
        revision=revision,
        mode=threshold.mode,
        threshold=threshold,
        detail={**(detail or {}), **extra},
    )


def failed(category: str, source: str, policy: Policy, fault: Exception) -> Finding:
    """What follows when `source` could not look: the policy's action for failures, with the reason kept."""
    reason = str(fault) if isinstance(fault, ClassifierError) else f"{type(fault).__name__}: {fault}"
    return Finding(
        category,
        None,
        policy.on_failure,
        source=source,
        coverage=Coverage.ERROR,
        detail={"fault": reason[:300]},
    )


def broken(policy: Policy, fault: Exception) -> Iterator[Finding]:
    """What follows when a part that every look needs broke: the text was not read, no category looked for."""
    for category in (Category.UNCOVERED_LANGUAGE, *policy.categories(Stage.PROMPT)):
        yield failed(category, "screen", policy, fault)


def _is_read_by(classifier: TextClassifier, readings: Readings) -> bool:
    code = "en" if readings.language.reach is Reach.VOCABULARY else readings.language.code
    return readings.language.reach is not Reach.NONE and code in classifier.languages


def _scores(classifier: TextClassifier, readings: Readings) -> dict[str, float]:
    scores = _asked(classifier, readings.for_classifiers)
    for category, terms in readings.allowed().items():
        if category in scores:
            left = without(terms, readings.for_classifiers)
            scores[category] = min(scores[category], _asked(classifier, left)[category] if left else 0.0)
    return scores


def _asked(classifier: TextClassifier, texts: tuple[str, ...]) -> dict[str, float]:
    return checked_scores(classifier.score(texts), source=classifier.id, categories=classifier.categories)


def _unread(category: str, classifier: TextClassifier) -> Finding:
    return Finding(
        category,
        None,
        Action.ALLOW,  # The finding about the language holds the prompt; this one says which look is missing.
        source=classifier.id,
        revision=classifier.revision,
        coverage=Coverage.NOT_SCREENED,
    )


def _hits(book: RuleBook, readings: Readings, texts: tuple[str, ...]) -> Iterator[Hit]:
    for text in texts:
        yield from book.hits(text, language=readings.language.code, negative=readings.negative)


def _ruled(hit: Hit, book: RuleBook, policy: Policy) -> Finding:
    return scored(
        hit.rule.category,
        hit.score,
        policy,
        source=f"rule:{hit.rule.id}",
        revision=book.revision,
        detail={"spans": _spans(hit)},
    )


def _immutable(hit: Hit, book: RuleBook) -> Finding:
    return Finding(
        hit.rule.category,
        1.0,
        Action.BLOCK,
        source=f"rule:{hit.rule.id}",
        revision=book.revision,
        detail={"spans": _spans(hit)},
    )


def _spans(hit: Hit) -> list[list[Any]]:
    return [[span.start, span.end, span.text] for span in hit.spans]
