"""The training commands of `python -m generation`: data, train, export, measure, finetune.

Nothing here loads torch at import; each command loads what it needs when it runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generation.training.loop import Progress
    from generation.training.progress import Pace

_Subparsers = argparse._SubParsersAction
CACHE = Path("var/packages")
DATA = Path("var/drawings")
STARTER = Path(__file__).parents[1] / "starter"


def add_commands(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    """Add the training commands; each sets `run`, a function of the parsed arguments that returns the exit code."""
    _add_data(subparsers)
    _add_train(subparsers)
    _add_export(subparsers)
    _add_measure(subparsers)
    _add_finetune(subparsers)


def _add_data(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _parser(
        subparsers,
        "data",
        "Fetch the pinned icon packages with npm, render the drawings and write manifest and card.",
        "python -m generation data --out var/drawings",
    )
    parser.add_argument("--out", type=Path, default=DATA, help="folder for manifest, card and arrays")
    _add_cache(parser)
    parser.set_defaults(run=_data)


def _add_train(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _parser(
        subparsers,
        "train",
        "Train the starter model. Stops at --samples; run again with the same --out to resume.",
        "python -m generation train --data var/drawings --out var/run --samples 200000",
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder that `data` wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and sheets")
    parser.add_argument("--samples", type=int, default=200_000, help="pictures to train on, in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--width", type=int, default=192, help="hidden size of the transformer")
    parser.add_argument("--depth", type=int, default=8, help="blocks of the transformer")
    parser.add_argument("--people", type=int, default=3, help="how often people are drawn for each time a thing is")
    parser.add_argument("--rates", type=float, default=1.0, help="factor on the learning rates; less for a warm start")
    parser.add_argument("--decay", type=float, default=0.3, help="last part of the run over which the rate falls to 0")
    parser.add_argument("--every", type=int, default=50, help="steps between reports and checkpoints")
    parser.add_argument("--sheet-every", type=int, default=500, help="steps between contact sheets")
    parser.add_argument("--minutes", type=float, help="stop after this time; the checkpoint can be resumed")
    parser.add_argument("--falling", action="store_true", help="with --minutes: let the rates fall to 0 by then")
    parser.add_argument(
        "--warm-start", type=Path, help="checkpoint, or exported model folder, whose average to begin from"
    )
    parser.add_argument(
        "--compile", action="store_true", help="compile the networks first (minutes; pays on long runs)"
    )
    parser.add_argument("--threads", type=int, default=2, help="processor threads")
    parser.set_defaults(run=_train)


def _add_export(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _parser(
        subparsers,
        "export",
        "Write a model folder (weights, tokenizer, vocabulary, card, lineage) from a checkpoint.",
        "python -m generation export --run var/run --data var/drawings --out generation/starter",
    )
    parser.add_argument("--run", dest="run_folder", type=Path, required=True, help="folder that `train` wrote")
    parser.add_argument("--data", type=Path, default=DATA, help="folder that `data` wrote")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--figures", type=Path, help="JSON file of measurements for the card")
    _add_cache(parser)
    parser.set_defaults(run=_export)


def _add_measure(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _parser(
        subparsers,
        "measure",
        "Measure a model with an independent judge on wishes drawn by a fixed seed, and report near-copies.",
        "python -m generation measure --model generation/starter --data var/drawings --train-judge --card",
    )
    parser.add_argument("--model", type=Path, required=True, help="exported model folder, or a checkpoint file")
    parser.add_argument("--data", type=Path, default=DATA, help="folder that `data` wrote")
    parser.add_argument("--judge", type=Path, default=Path("var/judge.safetensors"), help="the judge's weights")
    parser.add_argument("--train-judge", action="store_true", help="train the judge first, ten minutes on two cores")
    parser.add_argument("--judge-steps", type=int, default=2600)
    parser.add_argument("--count", type=int, default=200, help="wishes to paint")
    parser.add_argument("--sheet", type=Path, help="also write the contact sheet of 64 wishes to this PNG")
    parser.add_argument("--json", type=Path, help="also write the figures to this file, as `export --figures` reads it")
    parser.add_argument("--card", action="store_true", help="also write figures and memorisation report into --model")
    _add_cache(parser)
    parser.set_defaults(run=_measure)


def _add_finetune(subparsers: _Subparsers[argparse.ArgumentParser]) -> None:
    parser = _parser(
        subparsers,
        "finetune",
        "Teach a model from your own pictures. Each needs a licence and a consent entry.",
        'python -m generation finetune --manifest cookers/manifest.jsonl --concept cooker --word "en:solar cooker"'
        " --out models/cooker",
    )
    parser.add_argument("--manifest", type=Path, required=True, help="JSON Lines: file, sha256, licence, source, ...")
    parser.add_argument("--concept", required=True, help="name of the new concept and model, as in cooker")
    parser.add_argument("--word", action="append", default=[], help="LANGUAGE:WORD, for the starter; repeatable")
    parser.add_argument("--model", type=Path, default=STARTER, help="model folder to begin from")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="report progress and the outcome as JSON Lines")
    parser.set_defaults(run=_finetune)


def _finetune(arguments: argparse.Namespace) -> int:
    from generation.errors import ModelFolderError
    from generation.training.adaptation import adapt
    from generation.training.errors import TrainingError
    from generation.training.lesson import Lesson
    from generation.training.progress import Reporter

    names = ("manifest", "model", "out", "concept", "steps", "seed")
    lesson = Lesson(**{name: getattr(arguments, name) for name in names}, words=tuple(arguments.word))
    show = _say_json if arguments.json else _say_pace
    if not arguments.json:
        _say("first, where that is possible, the model paints what it knows, so as not to forget it")
    try:
        adapt(lesson, report=Reporter(lesson.steps, show=show, clock=time.monotonic))
    except (TrainingError, ModelFolderError) as error:
        if arguments.json:
            _say(json.dumps({"refused": str(error)}))
        return _fail(error)
    if not arguments.json:
        _say(f"wrote {arguments.out}; a custodian has to approve it before anyone can use it")
    return 0


def _say_pace(pace: Pace) -> None:
    left = "" if pace.left_s is None else f"  {pace.left_s / 60:.0f} min left"
    _say(f"step {pace.step} of {pace.steps}  loss {pace.loss:.4f}{left}")


def _say_json(pace: Pace) -> None:
    _say(json.dumps(asdict(pace)))


def _measure(arguments: argparse.Namespace) -> int:
    from generation.training.errors import TrainingError
    from generation.training.export import describe
    from generation.training.inspection import inspect_model

    if arguments.card and not (arguments.model / "lineage.json").is_file():
        return _fail(TrainingError(f"--card needs an exported model folder, and {arguments.model} is none"))
    try:
        found = inspect_model(arguments, say=_say)
    except TrainingError as error:
        return _fail(error)
    for name, value in found.figures.items():
        _say(f"{name}: {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found.figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if arguments.card:
        describe(arguments.model, figures=found.figures, memory=found.memory.report())
    return 0


def _data(arguments: argparse.Namespace) -> int:
    from generation.training import drawings
    from generation.training.errors import TrainingError

    def progress(done: int, total: int) -> None:
        if done % 100 == 0 or done == total:
            _say(f"{done} of {total} drawings")

    try:
        digest = drawings.build(arguments.out, arguments.cache, progress=progress)
    except TrainingError as error:
        return _fail(error)
    _say(f"manifest SHA-256 {digest}")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from generation.training.errors import TrainingError
    from generation.training.session import train_starter

    try:
        train_starter(arguments, report=_report, clock=time.monotonic)
    except TrainingError as error:
        return _fail(error)
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from generation.training.errors import TrainingError
    from generation.training.export import Source, export

    figures = json.loads(arguments.figures.read_text()) if arguments.figures else {}
    try:
        source = Source(arguments.run_folder / "checkpoint.pt", arguments.data, arguments.cache)
        export(source, arguments.out, figures=figures)
    except TrainingError as error:
        return _fail(error)
    _say(f"wrote {arguments.out}")
    return 0


def _report(progress: Progress) -> None:
    _say(
        f"step {progress.step} of {progress.steps}  loss {progress.loss:.4f}  "
        f"{progress.speed:.1f} pictures/s  {progress.left / 60:.0f} min left"
    )


def _parser(
    subparsers: _Subparsers[argparse.ArgumentParser], name: str, description: str, example: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subparsers.add_parser(
        name, help=description.partition(".")[0], description=description, epilog=f"example: {example}"
    )
    return parser


def _add_cache(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for fetched packages")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _fail(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return 1
