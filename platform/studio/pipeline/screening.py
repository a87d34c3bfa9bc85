"""Words and pixels to the moderation library, decisions back as plain JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings

from generation.engine import Reference as Picture
from studio.pipeline.generating import vocabulary_of

if TYPE_CHECKING:
    from moderation.adapters.configured import Configured
    from moderation.features import PooledFeatures
    from moderation.inventory import Listed
    from moderation.pictures import PictureScreen
    from moderation.policy import Policy
    from moderation.prompts import PromptScreen
    from moderation.references import Registry

_PLAIN = 0.9  # the score from which a finding is no matter of doubt
_LOADING = RLock()  # a cache alone would load twice for two who ask at once


def preset_policy(name: str) -> dict[str, Any]:
    """A sector's policy as JSON: `floor`, `health`, `humanitarian`, `education`, `agriculture`, `child-protection`."""
    from moderation.presets import PRESETS

    return PRESETS[name].to_json()


def policy(document: Mapping[str, Any]) -> Policy:
    """The policy itself. Raises moderation.errors.PolicyError naming the field."""
    from moderation.policy import Policy

    return Policy.from_json(document)


@dataclass(frozen=True, slots=True)
class Screened:
    """A decision in plain values: the action's name, the whole record, what the maker is told and could change."""

    action: str
    decision: dict[str, Any]
    reasons: list[str]
    changes: list[str] = field(default_factory=list)


def sensitive(decision: Mapping[str, Any]) -> bool:
    """Whether a kept decision noted anything sexual or violent, or was none at all: live previews are then off."""
    return "error" in decision or any(
        str(finding["category"]).startswith(("sexual", "violence")) and finding["action"] != "allow"
        for finding in decision["findings"]
    )


def invents_an_event(decision: Mapping[str, Any]) -> bool:
    """Whether a kept decision stopped words that plainly ask for an invented event as if real; doubt does not count."""
    from moderation.categories import Category

    return any(
        finding["category"] == Category.SYNTHETIC_EVIDENCE
        and finding["mode"] == "enforce"
        and finding["action"] in ("review", "block")
        and (finding["score"] or 0.0) >= _PLAIN
        for finding in decision.get("findings", ())
    )


def rate(count: int, n: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval: count, n, share (None for n = 0), low, high."""
    from moderation.evaluation import Rate

    return Rate(count, n).to_json()


def beyond_appeal(decision: Mapping[str, Any]) -> bool:
    """Whether a kept decision blocks for a category that no person may let through."""
    from moderation.categories import IMMUTABLE

    blocked = (finding for finding in decision["findings"] if finding["action"] == "block")
    return any(finding["category"] in IMMUTABLE for finding in blocked)


@cache
def _added() -> Configured:
    """The classifiers this installation adds to the bundled ones, read once a process."""
    from moderation.adapters.configured import Configured, read_classifiers

    path = settings.CLASSIFIERS_FILE
    return read_classifiers(Path(path), environment=os.environ) if path else Configured()


def bundled_classifiers() -> tuple[Listed, ...]:
    """What screens here without anything added."""
    from moderation.inventory import bundled

    return bundled()


def classifiers() -> tuple[Listed, ...]:
    """Everything that screens here, as declared; loads none of it. Raises ModerationError where the file is wrong."""
    from moderation.inventory import added

    path = settings.CLASSIFIERS_FILE
    return (*bundled_classifiers(), *(added(Path(path)) if path else ()))


def warm_screens() -> None:
    """Load both screens, so that the first person who asks does not wait; whoever comes meanwhile waits along."""
    _picture_screen()


def _prompt_screen() -> PromptScreen:
    with _LOADING:
        return _loaded_prompt_screen()


def _picture_screen() -> PictureScreen:
    with _LOADING:
        return _loaded_picture_screen()


@cache
def _loaded_prompt_screen() -> PromptScreen:
    from moderation.prompts import PromptScreen

    return PromptScreen.load(classifiers=_added().text)


@cache
def _loaded_picture_screen() -> PictureScreen:
    from moderation.pictures import PictureScreen

    return PictureScreen.load(classifiers=_added().picture, prompts=_prompt_screen())


@dataclass(frozen=True, slots=True)
class References:
    """What an organisation's pictures are compared with. `names` tell one selection from another; `load` fetches it."""

    names: tuple[str, ...] = ()
    load: Callable[[], Sequence[Mapping[str, Any]]] = field(default=tuple, compare=False)


@lru_cache(maxsize=8)
def _registry(references: References) -> Registry | None:
    """The registry over an organisation's references and those of this installation's file; kept while both stay."""
    from moderation.reference_store import FileStore
    from moderation.references import Reference, Registry

    kept = FileStore(Path(settings.REFERENCES_FILE)).all() if settings.REFERENCES_FILE else ()
    own = tuple(Reference.from_json(value) for value in references.load()) if references.names else ()
    return Registry((*kept, *own), reader=pooled_features()) if kept or own else None


@cache
def pooled_features() -> PooledFeatures:
    """The network that compares pictures, loaded once a process."""
    from moderation.features import PooledFeatures

    return PooledFeatures.load()


def register_reference(picture: Picture, *, reference_id: str, label: str, category: str, owner: str) -> dict[str, Any]:
    """Hashes and features by which copies of a picture are recognised. Raises ModerationError for one too plain."""
    from moderation.references import register

    return register(
        picture.pixels,
        picture.width,
        picture.height,
        reference_id=reference_id,
        label=label,
        category=category,
        owner=owner,
        reader=pooled_features(),
    ).to_json()


def screen_prompt(
    prompt: str,
    negative_prompt: str,
    *,
    document: Mapping[str, Any],
    decision_id: UUID,
    at: datetime,
    language: str,
    folder: Path | None,
) -> Screened:
    """What the policy says about the words.

    `folder` is the model's, where one is chosen: a closed vocabulary lends its English rendering.
    """
    vocabulary = vocabulary_of(folder) if folder else None
    decision = _prompt_screen().screen(
        prompt,
        policy=policy(document),
        decision_id=str(decision_id),
        at=at,
        negative_prompt=negative_prompt,
        language=language,
        english=vocabulary.english(prompt) if vocabulary else None,
    )
    return Screened(decision.action.word, decision.to_json(), list(decision.reasons()), list(decision.changes()))


def screen_picture(
    pixels: bytes,
    width: int,
    height: int,
    *,
    document: Mapping[str, Any],
    references: References,
    decision_id: UUID,
    at: datetime,
) -> Screened:
    """What the policy says about RGB8 pixels, which are compared with `references` too."""
    decision = _picture_screen().screen(
        pixels,
        width,
        height,
        policy=policy(document),
        references=_registry(references),
        decision_id=str(decision_id),
        at=at,
    )
    return Screened(decision.action.word, decision.to_json(), list(decision.reasons()), list(decision.changes()))


def unscreened(stage: str, *, decision_id: UUID, at: datetime, error: str) -> Screened:
    """The decision where a screen failed: a person must look. `error` is the kind of failure, never its text."""
    decision = {
        "id": str(decision_id),
        "stage": stage,
        "action": "review",
        "at": at.isoformat(),
        "findings": [],
        "error": error,
    }
    return Screened("review", decision, ["It could not be screened, so a person has to look at it."])
