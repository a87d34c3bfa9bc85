"""A policy: which categories are looked for at which stage, and what follows from a score.

Not where policies live: numbering, authorship and approval belong to the caller, who keeps each
version as an immutable snapshot under its `digest`.

Invariants:
- a policy without a single limit raises, because it would let everything pass without saying so;
- the digest is the SHA-256 of the canonical JSON, so equal policies have equal digests;
- `sexual_minors` takes no limit: it is always a block (see `moderation.rules`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moderation.actions import Action, Mode, Stage
from moderation.categories import NOT_FOR_THRESHOLDS, checked_category, is_custom
from moderation.errors import PolicyError
from moderation.terms import Term

FORMAT = "imprimatur.policy/1"


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a score in [0, 1] leads to: noted from `annotate_at`, held from `review_at`, refused from `block_at`.

    None means "never at this level": a head that fires on prevention texts has `block_at=None`.
    """

    review_at: float | None
    block_at: float | None
    mode: Mode = Mode.ENFORCE
    annotate_at: float | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that are out of range or out of order."""
        for field in ("annotate_at", "review_at", "block_at"):
            bound = getattr(self, field)
            if bound is not None and not (math.isfinite(bound) and 0.0 < bound <= 1.0):
                raise PolicyError(f"{field}: {bound!r} must lie above 0 and at most at 1")
        given = [bound for bound in (self.annotate_at, self.review_at, self.block_at) if bound is not None]
        if given != sorted(set(given)):
            raise PolicyError("review_at: the bounds must rise, annotate_at < review_at < block_at")

    def action(self, score: float) -> Action:
        """The action for `score` in [0, 1]."""
        for bound, action in (
            (self.block_at, Action.BLOCK),
            (self.review_at, Action.REVIEW),
            (self.annotate_at, Action.ANNOTATE),
        ):
            if bound is not None and score >= bound:
                return action
        return Action.ALLOW

    def to_json(self) -> dict[str, Any]:
        """The threshold as JSON values."""
        return {
            "annotate_at": self.annotate_at,
            "review_at": self.review_at,
            "block_at": self.block_at,
            "mode": self.mode.value,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], *, field: str) -> Threshold:
        """Read a threshold back; `field` is the path named in errors."""
        try:
            bounds = {name: _bound(value.get(name)) for name in ("annotate_at", "review_at", "block_at")}
            return cls(mode=Mode(value.get("mode", "enforce")), **bounds)
        except (PolicyError, ValueError, TypeError, AttributeError) as wrong:
            raise PolicyError(f"{field}.{wrong}") from wrong


@dataclass(frozen=True, slots=True)
class Limit:
    """The threshold of one category at one stage."""

    stage: Stage
    category: str
    threshold: Threshold

    def __post_init__(self) -> None:
        """Refuse limits on what is immutable or not a matter of scores."""
        checked_category(self.category, field=f"stages.{self.stage}")
        if self.category in NOT_FOR_THRESHOLDS:
            raise PolicyError(f"stages.{self.stage}.{self.category}: takes no threshold; its action is fixed")


@dataclass(frozen=True, slots=True)
class CustomCategory:
    """An organisation's own category, found by its terms or by likeness to example sentences.

    `examples` are compared with a prompt by the cosine of their sentence embeddings.
    """

    category: str
    label: str
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that are no custom category, and categories without a label."""
        if not is_custom(self.category):
            raise PolicyError(f"custom.{self.category}: must be custom:<slug>")
        if not self.label.strip() or any(not example.strip() for example in self.examples):
            raise PolicyError(f"custom.{self.category}: label and examples must not be empty")

    def to_json(self) -> dict[str, Any]:
        """The category as JSON values."""
        return {"category": self.category, "label": self.label, "examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a policy.

    `languages`: ISO 639-1 codes the organisation declares; language detection chooses among these and
    the language of the form. `uncovered_language`: the action for text that no classifier reads.
    `on_failure`: the action when a classifier fails; never below `review`.
    """

    name: str
    limits: tuple[Limit, ...]
    languages: tuple[str, ...] = ("en",)
    uncovered_language: Action = Action.REVIEW
    on_failure: Action = Action.REVIEW
    terms: tuple[Term, ...] = ()
    custom: tuple[CustomCategory, ...] = ()

    def __post_init__(self) -> None:
        """Bring the limits into one order and refuse what is empty, doubled or lets failures pass."""
        if not self.name.strip():
            raise PolicyError("name: must not be empty")
        if not self.limits:
            raise PolicyError("stages: a policy needs at least one category with a threshold")
        if not self.languages:
            raise PolicyError("languages: declare at least one language")
        if self.on_failure < Action.REVIEW:
            raise PolicyError("on_failure: must be review or block; a failed classifier never allows")
        object.__setattr__(self, "limits", tuple(sorted(self.limits, key=lambda limit: (limit.stage, limit.category))))
        keys = [(limit.stage, limit.category) for limit in self.limits]
        if len(set(keys)) != len(keys):
            raise PolicyError("stages: a category is given twice at one stage")

    def threshold(self, stage: Stage, category: str) -> Threshold | None:
        """The threshold of `category` at `stage`, or None where the policy does not look for it."""
        for limit in self.limits:
            if limit.stage == stage and limit.category == category:
                return limit.threshold
        return None

    def categories(self, stage: Stage) -> tuple[str, ...]:
        """The categories with a threshold at `stage`, in the order of their names."""
        return tuple(limit.category for limit in self.limits if limit.stage == stage)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8), lower-case hex."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def tightened_by(self, child: Policy, *, may_loosen: frozenset[str] = frozenset()) -> Policy:
        """The policy that holds where both do: see `moderation.inheritance.tighten`."""
        from moderation.inheritance import tighten

        return tighten(self, child, may_loosen=may_loosen)

    def to_json(self) -> dict[str, Any]:
        """The whole policy as JSON values; the inverse of `from_json`."""
        stages: dict[str, dict[str, Any]] = {stage.value: {} for stage in Stage}
        for limit in self.limits:
            stages[limit.stage][limit.category] = limit.threshold.to_json()
        return {
            "format": FORMAT,
            "name": self.name,
            "stages": stages,
            "languages": list(self.languages),
            "uncovered_language": self.uncovered_language.word,
            "on_failure": self.on_failure.word,
            "terms": [term.to_json() for term in self.terms],
            "custom": [category.to_json() for category in self.custom],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Policy:
        """Read a policy; raises `PolicyError` naming the field that is wrong, missing or unknown."""
        _only_known_fields(value)
        return cls(
            name=_text(value, "name"),
            limits=_limits(value.get("stages")),
            languages=tuple(str(code) for code in _sequence(value.get("languages", ["en"]), "languages")),
            uncovered_language=Action.from_word(value.get("uncovered_language", "review"), field="uncovered_language"),
            on_failure=Action.from_word(value.get("on_failure", "review"), field="on_failure"),
            terms=tuple(Term.from_json(term) for term in _sequence(value.get("terms", []), "terms")),
            custom=tuple(_custom(entry) for entry in _sequence(value.get("custom", []), "custom")),
        )


def _bound(value: object) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise PolicyError(f"bound: {value!r} is no number")


def _only_known_fields(value: object) -> None:
    if not isinstance(value, Mapping):
        raise PolicyError("policy: must be a JSON object")
    known = {"format", "name", "stages", "languages", "uncovered_language", "on_failure", "terms", "custom"}
    if unknown := sorted(set(value) - known):
        raise PolicyError(f"{unknown[0]}: is no field of a policy; known are {', '.join(sorted(known))}")
    if value.get("format", FORMAT) != FORMAT:
        raise PolicyError(f"format: {value['format']!r} is not {FORMAT}")


def _text(value: Mapping[str, Any], field: str) -> str:
    text = value.get(field)
    if not isinstance(text, str):
        raise PolicyError(f"{field}: is missing or no text")
    return text


def _sequence(value: object, field: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise PolicyError(f"{field}: must be a list")
    return value


def _limits(stages: object) -> tuple[Limit, ...]:
    if not isinstance(stages, Mapping):
        raise PolicyError("stages: is missing or no object of stage -> category -> threshold")
    limits = []
    for stage, categories in stages.items():
        if stage not in list(Stage):
            raise PolicyError(f"stages.{stage}: is no stage; use prompt or picture")
        if not isinstance(categories, Mapping):
            raise PolicyError(f"stages.{stage}: must be an object of category -> threshold")
        for category, threshold in categories.items():
            name = checked_category(category, field=f"stages.{stage}")
            limits.append(Limit(Stage(stage), name, Threshold.from_json(threshold, field=f"stages.{stage}.{category}")))
    return tuple(limits)


def _custom(entry: object) -> CustomCategory:
    if not isinstance(entry, Mapping):
        raise PolicyError("custom: each entry must be an object with category, label and examples")
    return CustomCategory(
        category=_text(entry, "category"),
        label=_text(entry, "label"),
        examples=tuple(str(example) for example in _sequence(entry.get("examples", []), "custom.examples")),
    )
