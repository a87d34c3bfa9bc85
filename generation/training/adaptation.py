"""Makes a model folder out of another and an organisation's pictures: checks, fine-tunes, writes card and lineage.

The path from a picture back to the files that taught the model: picture -> digest of the weights -> `lineage.json` of
the folder -> every file with SHA-256, licence, source and consent, and the parent folder with a lineage of its own.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generation.training import export, finetune
from generation.training.errors import DataError
from generation.training.finetune import Tuning
from generation.training.inspection import load_painter
from generation.training.material import Picture, pixels_of, read_manifest
from generation.training.session import shape_of
from generation.training.tokens import Alphabet
from generation.vocabulary import Vocabulary

_CARD = """---
title: {title}
license: other
license_name: see-lineage
library_name: diffusers
pipeline_tag: text-to-image
base_model: {parent}
language:
{languages}
---
# {title}

The starter model of Imprimatur, taught `{concept}` from {count} pictures of an organisation's own.

Licences of the pictures: {licences}. `lineage.json` lists each file with SHA-256, source and consent reference.

{steps} steps of low-rank adaptation, merged into the weights. Not measured yet.
"""


def adapt(arguments: argparse.Namespace, *, report: Callable[[int, float], None]) -> None:
    """Fine-tune as the `finetune` command says. Raises DataError before any training when the manifest is refused."""
    pictures = read_manifest(arguments.manifest)
    words = with_concept(arguments.model, arguments.concept, arguments.word)
    vocabulary = Vocabulary.from_json(words)
    own = [c["id"] for c in words["concepts"] if c["field"] == "own"]
    alphabet = Alphabet.declared().extended(tuple(own))
    tokens = finetune.captions(pictures, vocabulary, alphabet)
    tuning = Tuning(seed=arguments.seed, steps=arguments.steps)
    pixels = pixels_of(arguments.manifest.parent, pictures)
    new_rows = [alphabet.ids[f"concept:{arguments.concept}"]]
    painter = finetune.tune(load_painter(arguments.model), pixels, tokens, new_rows, tuning, report=report)
    export.write_networks(painter, words, alphabet, arguments.out)
    shutil.copytree(arguments.model / "upscaler", arguments.out / "upscaler", dirs_exist_ok=True)
    lineage = _lineage(arguments, pictures, tuning, own)
    export.write_papers(arguments.out, _card(arguments, pictures, vocabulary), lineage)


def with_concept(model: Path, concept: str, spoken: list[str]) -> dict[str, Any]:
    """Return the vocabulary of `model` with one more concept. Raises DataError for a name or word that is taken."""
    words: dict[str, Any] = json.loads((model / "vocabulary.json").read_text(encoding="utf-8"))
    known = Vocabulary.from_json(words)
    if concept in {c.id for c in known.concepts}:
        raise DataError(f"--concept {concept}: the model knows a concept of this name already; choose another")
    entry: dict[str, list[str]] = {}
    for item in spoken:
        language, _, word = item.partition(":")
        if language not in known.languages or not word.strip():
            raise DataError(f"--word {item}: write LANGUAGE:WORD with one of {', '.join(known.languages)}")
        if not known.unknown_words(word):
            raise DataError(f"--word {item}: the model gives these words a meaning already; choose another")
        entry.setdefault(language, []).append(word.strip())
    words["concepts"].append({"id": concept, "field": "own", "words": entry, "variants": {}})
    return words


def _lineage(arguments: argparse.Namespace, pictures: list[Picture], tuning: Tuning, own: list[str]) -> dict[str, Any]:
    parent = json.loads((arguments.model / "lineage.json").read_text(encoding="utf-8"))
    return {
        "model": arguments.concept,
        "parent": {
            "model": parent["model"],
            "lineage_sha256": hashlib.sha256((arguments.model / "lineage.json").read_bytes()).hexdigest(),
            "data_manifest_sha256": parent["data_manifest_sha256"],
        },
        "data_manifest_sha256": hashlib.sha256(arguments.manifest.read_bytes()).hexdigest(),
        "pictures": [asdict(picture) for picture in pictures],
        "own_concepts": own,
        "recipe": {"shape": asdict(shape_of(arguments.model)), "tuning": asdict(tuning)},
        "samples_seen": tuning.steps * tuning.batch,
    }


def _card(arguments: argparse.Namespace, pictures: list[Picture], vocabulary: Vocabulary) -> str:
    return _CARD.format(
        title=arguments.concept,
        parent="imprimatur-starter",
        languages="\n".join(f"- {language}" for language in vocabulary.languages),
        concept=arguments.concept,
        count=len(pictures),
        licences=", ".join(sorted({picture.licence for picture in pictures})),
        steps=arguments.steps,
    )
