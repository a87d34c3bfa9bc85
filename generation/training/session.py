"""Puts a training run of the starter model together: data, recipe, starting weights, sheets.

Invariant: a run that finds a checkpoint in its folder resumes it; starting values and warm starts are for new runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from generation.training import drawings, loop, sheet, wishes
from generation.training.compose import Composer
from generation.training.errors import CheckpointError
from generation.training.loop import Progress, Recipe, Run
from generation.training.network import Shape
from generation.training.rows import starting_rows
from generation.training.tokens import Alphabet

SHEET_SEED = 64
_ROWS = "text_encoder.embeddings.word_embeddings.weight"


def train_starter(
    arguments: argparse.Namespace, *, report: Callable[[Progress], None], clock: Callable[[], float]
) -> None:
    """Train as the `train` command says. Raises CheckpointError or DataError with the remedy."""
    if arguments.falling and not arguments.minutes:
        raise CheckpointError("--falling needs --minutes: the rates fall to zero at that time")
    torch.set_num_threads(arguments.threads)
    data, pixels = drawings.load(arguments.data)
    alphabet = Alphabet.declared()
    shape = Shape(width=arguments.width, depth=arguments.depth)
    wanted = {name: getattr(arguments, name) for name in ("seed", "samples", "decay", "people")}
    plain = Recipe(**wanted, shape=shape)
    rates = {name: getattr(plain, name) * arguments.rates for name in ("rate", "matrix_rate")}
    recipe = replace(plain, **rates)
    composer = Composer(data, pixels, alphabet, people=recipe.people)
    run = Run(recipe, composer, alphabet.size, compiled=arguments.compile)
    checkpoint = arguments.out / loop.CHECKPOINT
    arguments.out.mkdir(parents=True, exist_ok=True)
    if checkpoint.exists():
        run.load(checkpoint)
    elif arguments.warm_start:
        origin, samples = arguments.warm_start.name, samples_of(arguments.warm_start)
        run.begin_from(average_of(arguments.warm_start), origin=origin, samples=samples)
    else:
        rows = starting_rows(data, pixels, alphabet, width=shape.text_width, seed=recipe.seed)
        run.begin_from(run.average | {_ROWS: rows}, origin="", samples=0)
    shown = wishes.draw(data, 64, seed=SHEET_SEED)

    def draw(run: Run, path: Path) -> None:
        with run.averaged() as painter:
            sheet.write(sheet.paint(painter, shown, alphabet, seed=SHEET_SEED), path)

    until = clock() + 60 * arguments.minutes if arguments.minutes else float("inf")
    pace = loop.Pace(arguments.every, arguments.sheet_every, until, falling=arguments.falling)
    loop.train(run, arguments.out, clock=clock, report=report, sheet=draw, pace=pace)


def samples_of(path: Path) -> int:
    """Return how many samples the weights of a checkpoint file or an exported folder have seen in all their runs."""
    if path.is_file():
        state = loop.read_checkpoint(path)
        return int(state["step"] * state["recipe"]["batch"] + state["samples_before"])
    try:
        return int(json.loads((path / "lineage.json").read_text(encoding="utf-8"))["samples_seen"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / 'lineage.json'} does not say how many samples the model has seen") from error


def shape_of(path: Path) -> Shape:
    """Return the sizes of the networks of a checkpoint file or an exported folder (from its lineage)."""
    if path.is_file():
        return Shape(**loop.read_checkpoint(path)["recipe"]["shape"])
    try:
        return Shape(**json.loads((path / "lineage.json").read_text(encoding="utf-8"))["recipe"]["shape"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path / 'lineage.json'} does not name the sizes of the networks") from error


def alphabet_of(model: Path) -> Alphabet:
    """Return the alphabet of a model folder with what fine-tuning added to it; the declared one of a checkpoint."""
    lineage = model / "lineage.json"
    own = json.loads(lineage.read_text(encoding="utf-8")).get("own_concepts", []) if lineage.is_file() else []
    return Alphabet.declared().extended(tuple(own))


def average_of(path: Path) -> dict[str, torch.Tensor]:
    """Read averaged weights from a checkpoint file or from an exported model folder (there in half precision)."""
    if path.is_file():
        average: dict[str, torch.Tensor] = loop.read_checkpoint(path)["average"]
        return average
    try:
        transformer = load_file(path / "transformer" / "diffusion_pytorch_model.safetensors")
        encoder = load_file(path / "text_encoder" / "model.safetensors")
    except OSError as error:
        raise CheckpointError(f"{path} is neither a checkpoint nor an exported model folder") from error
    encoder = {name: value for name, value in encoder.items() if not name.startswith("pooler.")}
    weights = {f"transformer.{n}": v.float() for n, v in transformer.items()}
    return weights | {f"text_encoder.{n}": v.float() for n, v in encoder.items()}
