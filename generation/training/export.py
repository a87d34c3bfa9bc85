"""Writes a model folder from a checkpoint: averaged weights, tokenizer, vocabulary, second stage, card and lineage.

The folder loads through `DiffusionPipeline.from_pretrained` without code of ours. Weights are stored in half precision
and computed in single precision.

Invariants:
- what is exported is the average of the weights, never the last step's;
- every file but `lineage.json` stands in the lineage with its SHA-256;
- the same checkpoint and packages give the same bytes, card and lineage included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from diffusers import FlowMatchEulerDiscreteScheduler, PRXPixelPipeline
from torch import Tensor
from transformers import AutoTokenizer, BertModel

from generation.training import card, tokenizer, upscaler
from generation.training.drawings import manifest_digest
from generation.training.errors import CheckpointError
from generation.training.loop import read_checkpoint
from generation.training.network import Painter, Shape
from generation.training.sources import PACKAGES
from generation.training.tokens import Alphabet
from generation.training.words import declare
from generation.vocabulary import Vocabulary

MEMORY = "memorisation.jsonl"
LIBRARIES = ("torch", "diffusers", "transformers", "tokenizers", "resvg_py", "numpy", "pillow")


@dataclass(frozen=True, slots=True)
class Source:
    """Where an export comes from: the checkpoint, the data set that trained it and the cache of packages."""

    checkpoint: Path
    data: Path
    cache: Path


def export(source: Source, out: Path, *, figures: Mapping[str, Any]) -> None:
    """Write the model folder `out`. `figures` are measurements for the card; {} when none were made.

    Raises CheckpointError when the checkpoint was trained on another vocabulary than the declared one.
    """
    state = read_checkpoint(source.checkpoint)
    alphabet = Alphabet.declared()
    words = declare(source.cache)
    painter = painter_of(state["average"], Shape(**state["recipe"]["shape"]), alphabet)
    write_networks(painter, words, alphabet, out)
    upscaler.convert(source.cache, out / "upscaler")
    vocabulary = Vocabulary.from_json(words)
    lineage = _lineage(state, source, vocabulary)
    write_papers(out, card.render(lineage, vocabulary, figures), lineage)


def write_networks(painter: Painter, words: dict[str, Any], alphabet: Alphabet, out: Path) -> None:
    """Write vocabulary, tokenizer, text encoder, transformer and scheduler into `out`, making the folder if need be."""
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "vocabulary.json", words)
    _save_pipeline(painter, Vocabulary.from_json(words), alphabet, out)


def write_papers(out: Path, text: str, lineage: Mapping[str, Any]) -> None:
    """Write the model card and, last, the lineage with the SHA-256 of every other file."""
    (out / "README.md").write_text(text, encoding="utf-8")
    _write(out / "lineage.json", {**lineage, "libraries": libraries(), "files": digests(out)})


def describe(folder: Path, *, figures: Mapping[str, Any], memory: str) -> None:
    """Write the card of an exported folder anew, with what was measured since, and the memorisation report beside it.

    Only the digests of the lineage change: it says what made the weights, and they are the same.
    """
    lineage = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))
    text = card.render(lineage, Vocabulary.from_folder(folder), figures)
    (folder / MEMORY).write_text(memory, encoding="utf-8")
    (folder / "README.md").write_text(text, encoding="utf-8")
    _write(folder / "lineage.json", lineage | {"files": digests(folder)})


def libraries() -> dict[str, str]:
    """Return the versions of the libraries that decide what training and export give."""
    return {name: version(name) for name in LIBRARIES}


def painter_of(weights: dict[str, Tensor], shape: Shape, alphabet: Alphabet) -> Painter:
    """Rebuild a painter from its averaged weights, ready to draw."""
    painter = Painter(shape, alphabet.size)
    try:
        painter.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint knows other concepts than concepts.py declares: {error}") from error
    return painter.eval().requires_grad_(False)


def _save_pipeline(painter: Painter, vocabulary: Vocabulary, alphabet: Alphabet, out: Path) -> None:
    encoder = _with_pooler(painter.text_encoder)
    tokenizer.write(vocabulary, alphabet, out / "tokenizer")
    pipeline: Any = PRXPixelPipeline
    scheduler: Any = FlowMatchEulerDiscreteScheduler
    half: Any = encoder.half
    pipeline(
        transformer=painter.transformer.half(),
        scheduler=scheduler(num_train_timesteps=1000, shift=1.0),
        text_encoder=half(),
        tokenizer=AutoTokenizer.from_pretrained(out / "tokenizer"),
        default_sample_size=painter.side,
        prompt_max_tokens=tokenizer.MAXIMUM,
        noise_scale=1.0,
    ).save_pretrained(out, safe_serialization=True)
    # Half precision is how the file is stored, not how the encoder computes; loaders go by this entry.
    config = out / "text_encoder" / "config.json"
    settings = json.loads(config.read_text())
    settings["dtype"] = "float32"
    _write(config, settings)


def _with_pooler(trained: BertModel) -> BertModel:
    """Return the encoder with a pooler of zeros.

    A loader of the stock class expects one and would make up a random one; the pipeline reads no pooled output.
    """
    encoder = BertModel(trained.config)
    weights = {name: torch.zeros_like(value) for name, value in encoder.state_dict().items()}
    encoder.load_state_dict(weights | trained.state_dict())
    return encoder


def _lineage(state: dict[str, Any], source: Source, vocabulary: Vocabulary) -> dict[str, Any]:
    recipe = state["recipe"]
    return {
        "model": "imprimatur-starter",
        "data_manifest_sha256": manifest_digest(source.data),
        "packages": [asdict(package) for package in PACKAGES],
        "concepts": len(vocabulary.concepts),
        "recipe": recipe,
        "steps": state["step"],
        "samples_seen": state["step"] * recipe["batch"] + state["samples_before"],
        "started_from": state["started_from"],
        "rate_fell_with_the_clock": state.get("rate_fell_with_the_clock", False),
    }


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the folder but the lineage itself, by relative path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "lineage.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
