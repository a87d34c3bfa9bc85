"""What a model is to be taught, and everything that is refused of it before any training. Loads no torch.

A lesson is refused for its concept, its words and its captions here, and for its files in `material`; so a page can
say what is wrong while the person is still there, long before a trainer starts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.training.errors import LessonError
from generation.training.tokens import SPARE
from generation.vocabulary import Vocabulary

STARTER_FAMILY = "prx-pixel"
OPEN_FAMILIES = ("stable-diffusion", "stable-diffusion-xl")
"""Families that read captions as they are written."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be taught: from which manifest, to which model, and where the new model folder goes.

    `words` say what the concept is called, as "LANGUAGE:WORD"; only the starter needs them.
    """

    manifest: Path
    model: Path
    out: Path
    concept: str
    words: tuple[str, ...] = ()
    steps: int = 400
    seed: int = 1


def can_be_taught(model: Path, family: str) -> bool:
    """Tell whether a model of this family, in the folder `model`, can be fine-tuned here."""
    return family in OPEN_FAMILIES or (family == STARTER_FAMILY and (model / "vocabulary.json").is_file())


def spoken_languages(model: Path, family: str) -> tuple[str, ...]:
    """Return the languages in which a new concept may be named; empty for models that read any words."""
    return () if family in OPEN_FAMILIES else Vocabulary.from_folder(model).languages


def refuse(model: Path, family: str, concept: str, words: Sequence[str], captions: Mapping[str, str]) -> None:
    """Raise LessonError for what could not be taught. `captions` are by file.

    Raises ModelFolderError when the vocabulary of the model cannot be read.
    """
    if not can_be_taught(model, family):
        known = ", ".join(OPEN_FAMILIES)
        raise LessonError(
            "model", f"{family} cannot be fine-tuned here; take the starter model, or one of the families {known}"
        )
    if not _NAME.fullmatch(concept):
        raise LessonError("concept", "write it in small letters, digits and single hyphens, as in solar-cooker")
    if family in OPEN_FAMILIES:
        return
    vocabulary = Vocabulary.from_json(with_concept(model, concept, words))
    for file, caption in captions.items():
        if not any(phrase.token.startswith("concept:") for phrase in vocabulary.read(caption)[0]):
            raise LessonError(
                "caption", f"{caption!r}, of {file}, names nothing that the model knows, nor the new concept"
            )


def with_concept(model: Path, concept: str, spoken: Sequence[str]) -> dict[str, Any]:
    """Return the vocabulary of `model` with one more concept. Raises LessonError for a name or word that is taken."""
    words: dict[str, Any] = json.loads((model / "vocabulary.json").read_text(encoding="utf-8"))
    known = Vocabulary.from_json(words)
    if not spoken:
        raise LessonError("word", "is missing: say what the concept is called, as in 'en:solar cooker'")
    if concept in {c.id for c in known.concepts}:
        raise LessonError("concept", f"the model knows a concept named {concept} already; choose another name")
    if sum(c.field == "own" for c in known.concepts) >= SPARE:
        raise LessonError("model", f"it has learnt {SPARE} concepts and has room for no more; begin from another")
    entry: dict[str, list[str]] = {}
    for item in spoken:
        language, _, word = item.partition(":")
        if language not in known.languages or not word.strip():
            raise LessonError("word", f"{item!r}: write LANGUAGE:WORD with one of {', '.join(known.languages)}")
        if not known.unknown_words(word):
            raise LessonError(
                "word", f"{word.strip()!r} ({language}): the model gives it a meaning already; choose another"
            )
        entry.setdefault(language, []).append(word.strip())
    words["concepts"].append({"id": concept, "field": "own", "words": entry, "variants": {}})
    return words
