"""Rules: which concepts of the lexicon, named together, mean what. Deterministic and readable.

Not a classifier: a rule knows no context beyond the concepts it lists. It is what remains sure when
a trained head is wrong, and the only screen for `sexual_minors`, for which no example is ever written.

Invariants:
- a rule of `sexual_minors` scores 1 and its finding is a block under every policy;
- rules and lexicon are data; their joint SHA-256 is the revision that findings carry.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.categories import IMMUTABLE, checked_category
from moderation.concepts import Lexicon, Sightings, Span
from moderation.errors import ClassifierError, PolicyError
from moderation.normalise import fold

RULES_FILE = Path(__file__).parent / "lexicon" / "rules.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of rules.toml. `score` in [0, 1]; `softer_score` holds where a concept of `softer` is named too."""

    id: str
    category: str
    all: tuple[str, ...]
    score: float
    any: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_covered: str = ""
    softer: tuple[str, ...] = ()
    softer_score: float = 0.0

    def hit(self, seen: Sightings) -> Hit | None:
        """What the rule finds among the concepts `seen`, or None."""
        if any(concept in seen for concept in self.unless):
            return None
        spans = self._evidence(seen)
        if spans is None:
            return None
        is_soft = any(concept in seen for concept in self.softer)
        return Hit(self, self.softer_score if is_soft else self.score, spans)

    def _evidence(self, seen: Sightings) -> tuple[Span, ...] | None:
        """The spans the rule rests on: of each concept in `all`, and of at least one in `any`."""
        covers = seen.get(self.unless_covered, ())
        groups = [tuple(s for s in seen.get(c, ()) if not any(s.overlaps(o) for o in covers)) for c in self.all]
        if self.any:
            choice = [s for c in self.any for s in seen.get(c, ()) if not any(s.overlaps(o) for o in covers)]
            groups.append(tuple(choice))
        return tuple(span for group in groups for span in group) if all(groups) else None


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that fired, with the spans of the folded text it rests on."""

    rule: Rule
    score: float
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Softening:
    """Where the concept `by` is named, a head's score for `category` under `under` counts for at most `most`."""

    category: str
    by: str
    most: float
    under: float = 1.01


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The lexicon, all rules over it, and where heads are softened."""

    lexicon: Lexicon
    rules: tuple[Rule, ...]
    softenings: tuple[Softening, ...]
    revision: str

    @classmethod
    def load(cls, path: Path = RULES_FILE, lexicon: Lexicon | None = None) -> RuleBook:
        """Read the rules; raises `ClassifierError` when the file is missing, empty or malformed."""
        lexicon = lexicon or Lexicon.load()
        try:
            content = path.read_bytes()
            entries = tomllib.loads(content.decode())
            rules = tuple(_rule(entry) for entry in entries["rule"])
            softenings = tuple(Softening(**entry) for entry in entries["soften"])
        except (OSError, ValueError, KeyError, TypeError, PolicyError) as wrong:
            raise ClassifierError(f"rules: cannot read {path.name}: {wrong!r}; restore the file") from wrong
        if not any(rule.category in IMMUTABLE for rule in rules):
            raise ClassifierError(f"rules: {path.name} has no rule for sexual_minors; restore the file")
        return cls(lexicon, rules, softenings, hashlib.sha256(content + lexicon.revision.encode()).hexdigest())

    def hits(self, text: str, *, language: str, negative: str = "") -> tuple[Hit, ...]:
        """Every rule that fires on `text` and the `negative` prompt beside it."""
        seen = dict(self.lexicon.sightings(fold(text), language=language))
        unwanted = self.lexicon.sightings(fold(negative), language=language) if negative else {}
        seen.update({f"not:{concept}": spans for concept, spans in unwanted.items()})
        found = (rule.hit(seen) for rule in self.rules)
        return tuple(hit for hit in found if hit is not None)

    def softened(self, scores: Mapping[str, float], texts: Iterable[str], *, language: str) -> dict[str, float]:
        """The scores of heads, each brought down as far as what `texts` name allows."""
        named = {concept for text in texts for concept in self.lexicon.sightings(fold(text), language=language)}
        softer = dict(scores)
        for soft in self.softenings:
            if soft.by in named and scores.get(soft.category, 0.0) < soft.under:
                softer[soft.category] = min(softer.get(soft.category, 0.0), soft.most)
        return softer

    def names(self, texts: Iterable[str], concept: str, but_not: str, *, language: str) -> bool:
        """Whether some text names `concept` and no `but_not`."""
        seen = [self.lexicon.sightings(fold(text), language=language) for text in texts]
        return any(concept in sightings for sightings in seen) and not any(but_not in s for s in seen)

    @property
    def categories(self) -> frozenset[str]:
        """The categories some rule looks for."""
        return frozenset(rule.category for rule in self.rules)


def strongest(hits: Iterable[Hit]) -> dict[str, Hit]:
    """For each rule, by id, its hit with the highest score."""
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.rule.id not in best or hit.score > best[hit.rule.id].score:
            best[hit.rule.id] = hit
    return best


def _rule(entry: Mapping[str, Any]) -> Rule:
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    rule = Rule(**values)
    checked_category(rule.category, field=f"rules.{rule.id}")
    if not rule.all or not 0.0 < rule.score <= 1.0:
        raise ValueError(f"rule {rule.id} needs concepts and a score above 0 and at most 1")
    return rule
