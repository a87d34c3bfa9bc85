"""Teaching a model, and where a model comes from: what the generation library knows of both, in plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from generation.errors import ModelFolderError
from studio.pipeline.generating import vocabulary_of

if TYPE_CHECKING:
    from generation.training.child import TrainingChild

UNSTATED = "not stated"
PAPERS = ("licence", "source", "consent", "caption")


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a folder's lineage says: the model it was taught from, and each thing that taught it.

    `materials` have name, version, sha256, licence, source, consent and caption; empty where a thing has none.
    """

    parent_title: str
    parent_digest: str
    materials: tuple[dict[str, str], ...]


def lineage_of(folder: Path) -> Lineage:
    """The lineage of a model folder; an empty one where the folder has none. Raises ModelFolderError."""
    from generation.folder import json_of

    stated = json_of(folder / "lineage.json") if (folder / "lineage.json").is_file() else {}
    parent = stated.get("parent") or {}
    try:
        packages = [_material(package["name"], package) for package in stated.get("packages", ())]
        pictures = [_material(picture["file"], picture) for picture in stated.get("pictures", ())]
        return Lineage(str(parent.get("model", "")), str(parent.get("digest", "")), (*packages, *pictures))
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelFolderError(f"lineage.json: is not written as a lineage ({error!r}); export it again") from error


def _material(name: str, stated: Mapping[str, Any]) -> dict[str, str]:
    rest = {field: str(stated.get(field, "")) for field in ("version", "sha256", *PAPERS)}
    return {"name": name, **rest, "licence": rest["licence"] or UNSTATED}


def card_text(folder: Path) -> str:
    """The words of a folder's model card, without its front matter; empty where it has no card."""
    try:
        text = (folder / "README.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    _, fence, rest = text.partition("\n---\n")
    return rest.lstrip() if fence and text.startswith("---\n") else text


def can_be_taught(folder: Path, family: str) -> bool:
    """Whether the model in `folder` can be taught here."""
    from generation.training.lesson import can_be_taught

    return can_be_taught(folder, family)


def spoken_languages(folder: Path) -> tuple[str, ...]:
    """The languages in which a model with a declared vocabulary can be told a new concept; empty for open models."""
    vocabulary = vocabulary_of(folder)
    return vocabulary.languages if vocabulary else ()


def refuse_lesson(
    folder: Path, family: str, *, concept: str, words: Sequence[str], captions: Mapping[str, str]
) -> None:
    """Raise LessonError for what could not be taught, before anything is. `captions` are by file."""
    from generation.training.lesson import refuse

    refuse(folder, family, concept, words, captions)


def manifest_of(pictures: Sequence[Mapping[str, str]]) -> bytes:
    """The data manifest of a lesson's pictures, JSON Lines: the same pictures give the same bytes."""
    lines = (json.dumps(dict(picture), sort_keys=True, ensure_ascii=False) for picture in pictures)
    return "".join(f"{line}\n" for line in lines).encode()


def trainer(*, manifest: Path, model: Path, out: Path, concept: str, words: Sequence[str], steps: int) -> TrainingChild:
    """A running fine-tune, in a child at low priority: a context manager whose `reports` say how far it is."""
    from generation.training.child import TrainingChild
    from generation.training.lesson import Lesson

    lesson = Lesson(manifest, model, out, concept=concept, words=tuple(words), steps=steps)
    return TrainingChild(lesson, threads=settings.TRAIN_THREADS)
