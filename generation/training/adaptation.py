"""Makes a model folder out of another and an organisation's pictures: checks, fine-tunes, writes card and lineage.

The path from a picture back to the files that taught the model: picture -> digest of the weights -> `lineage.json` of
the folder -> every file with SHA-256, licence, source and consent, and the parent folder with a lineage of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from generation.catalogue import ModelEntry, read_model
from generation.training import export, finetune, low_rank
from generation.training.finetune import Samples, Tuning
from generation.training.inspection import load_painter
from generation.training.lesson import OPEN_FAMILIES, Lesson, refuse, with_concept
from generation.training.material import Picture, pixels_of, read_manifest
from generation.training.rehearsal import rehearse
from generation.training.session import alphabet_of, shape_of
from generation.training.tokens import Alphabet
from generation.vocabulary import Vocabulary

_CARD = """---
title: {title}
license: other
license_name: see-lineage
library_name: diffusers
pipeline_tag: text-to-image
base_model: "{parent}"
language: {languages}
defaults: {defaults}
---
# {title}

{parent}, taught `{title}` from {count} pictures of an organisation's own.

Licences of the pictures: {licences}. `lineage.json` lists each file with SHA-256, source and consent reference. The
licence of the model itself, {licence}, goes on to hold.

{steps} steps of low-rank adaptation, merged into the weights. {rehearsed}Not measured yet.
"""

_REHEARSED = """Beside them it learned again from {count} pictures that its parent
painted, so as not to forget. """


def adapt(lesson: Lesson, *, report: Callable[[int, float], None]) -> None:
    """Write the model folder `lesson.out`; `report` hears the step and the loss after every step.

    Raises DataError before any training when the manifest, the concept or the family of the model is refused, and
    ModelFolderError when the model cannot be read.
    """
    pictures = read_manifest(lesson.manifest)
    entry = read_model(lesson.model, id=lesson.model.name)
    refuse(lesson.model, entry.family, lesson.concept, lesson.words, {p.file: p.caption for p in pictures})
    if entry.family in OPEN_FAMILIES:
        _adapt_stable(lesson, entry, pictures, report)
    else:
        _adapt_starter(lesson, entry, pictures, report)


def _adapt_starter(
    lesson: Lesson, entry: ModelEntry, pictures: list[Picture], report: Callable[[int, float], None]
) -> None:
    """Teach the starter model a concept: its words, its rows, its adapters."""
    words = with_concept(lesson.model, lesson.concept, lesson.words)
    own = [c["id"] for c in words["concepts"] if c["field"] == "own"]
    alphabet = Alphabet.declared().extended(tuple(own))
    tokens = finetune.captions(pictures, Vocabulary.from_json(words), alphabet)
    new = Samples(torch.from_numpy(pixels_of(lesson.manifest.parent, pictures)), tokens)
    tuning = Tuning(seed=lesson.seed, steps=lesson.steps)
    painter = load_painter(lesson.model)
    known = rehearse(painter, alphabet_of(lesson.model), tuning.rehearsed, seed=lesson.seed)
    new_rows = list(alphabet.tokens[f"concept:{lesson.concept}"])
    painter = finetune.tune(painter, new, known, new_rows, tuning, report=report)
    export.write_networks(painter, words, alphabet, lesson.out)
    shutil.copytree(lesson.model / "upscaler", lesson.out / "upscaler", dirs_exist_ok=True)
    recipe = {"shape": asdict(shape_of(lesson.model)), "tuning": asdict(tuning)}
    lineage = _lineage(lesson, entry, pictures, recipe) | {"own_concepts": own}
    export.write_papers(lesson.out, _card(lesson, entry, pictures, tuning), lineage)


def _adapt_stable(
    lesson: Lesson, entry: ModelEntry, pictures: list[Picture], report: Callable[[int, float], None]
) -> None:
    """Teach a Stable Diffusion model, which reads the captions as they are written."""
    tuning = Tuning(seed=lesson.seed, steps=lesson.steps, batch=min(8, len(pictures)), rehearsed=0)

    def pixels(side: int) -> torch.Tensor:
        return torch.from_numpy(pixels_of(lesson.manifest.parent, pictures, side))

    captions = [picture.caption for picture in pictures]
    low_rank.tune(entry, pixels, captions, tuning, lesson.out, report=report)
    lineage = _lineage(lesson, entry, pictures, {"tuning": asdict(tuning)})
    export.write_papers(lesson.out, _card(lesson, entry, pictures, tuning), lineage)


def _lineage(lesson: Lesson, entry: ModelEntry, pictures: list[Picture], recipe: dict[str, Any]) -> dict[str, Any]:
    papers = lesson.model / "lineage.json"
    return {
        "model": lesson.concept,
        "parent": {
            "model": entry.title,
            "digest": entry.digest,
            "lineage_sha256": hashlib.sha256(papers.read_bytes()).hexdigest() if papers.is_file() else None,
            "data_manifest_sha256": entry.data_manifest_sha256,
        },
        "data_manifest_sha256": hashlib.sha256(lesson.manifest.read_bytes()).hexdigest(),
        "pictures": [asdict(picture) for picture in pictures],
        "recipe": recipe,
        "samples_seen": recipe["tuning"]["steps"] * recipe["tuning"]["batch"],
    }


def _card(lesson: Lesson, entry: ModelEntry, pictures: list[Picture], tuning: Tuning) -> str:
    return _CARD.format(
        title=lesson.concept,
        parent=entry.title,
        # What the parent says of itself goes on to hold; JSON is YAML.
        languages=json.dumps(entry.languages),
        defaults=json.dumps(asdict(entry.defaults)),
        licence=entry.licence,
        count=len(pictures),
        licences=", ".join(sorted({picture.licence for picture in pictures})),
        steps=tuning.steps,
        rehearsed=_REHEARSED.format(count=tuning.rehearsed) if tuning.rehearsed else "",
    )
