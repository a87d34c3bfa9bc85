"""Runs all measurements of a model in order and returns them as text, for the terminal, the card and the report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generation.training import drawings, measure, sheet, wishes
from generation.training.export import painter_of
from generation.training.judge import Judge, Scenes, train_judge
from generation.training.measure import Memory
from generation.training.network import Painter
from generation.training.session import SHEET_SEED, alphabet_of, average_of, shape_of
from generation.training.sources import PACKAGES, THIRD, fetch
from generation.training.tokens import Alphabet
from generation.vocabulary import Vocabulary

JUDGE_SEED = 7


@dataclass(frozen=True, slots=True)
class Inspection:
    """The figures by name, each a share with its number of cases, and what the pictures remember of the drawings."""

    figures: dict[str, str]
    memory: Memory


def inspect_model(arguments: argparse.Namespace, *, say: Callable[[str], None]) -> Inspection:
    """Measure as the `measure` command says. Raises DataError, MeasureError."""
    drawings.check_renderer()
    data, pixels = drawings.load(arguments.data)
    fetch(arguments.cache, (*PACKAGES, THIRD))
    scenes = Scenes(data, pixels)
    judge = _judge(arguments, scenes, say)
    painter = load_painter(arguments.model)
    say(f"painting {arguments.count} wishes")
    shares = measure.of_judge(judge, scenes, arguments.cache)
    shares |= measure.of_second_opinion(data, pixels, count=arguments.count)
    asked = measure.asked_for(data, arguments.count)
    painted = sheet.paint(painter, asked, Alphabet.declared(), seed=measure.WISHES_SEED)
    shares |= measure.of_pictures(painted, asked, judge)
    shares |= measure.of_people(painter, judge, data, pixels, count=arguments.count)
    shares |= measure.of_unseen(painter, judge, data)
    if arguments.model.is_dir():
        shares |= measure.of_languages(Vocabulary.from_folder(arguments.model), data, count=arguments.count)
    memory = measure.of_memory(painted, asked, judge, data, pixels)
    if arguments.sheet:
        shown = wishes.draw(data, 64, seed=SHEET_SEED)
        sheet.write(sheet.paint(painter, shown, Alphabet.declared(), seed=SHEET_SEED), arguments.sheet)
    shares["near-copies of a drawing"] = memory.near
    return Inspection({name: str(share) for name, share in shares.items()}, memory)


def load_painter(model: Path) -> Painter:
    """Load the averaged painter of a checkpoint file or of an exported folder."""
    alphabet = alphabet_of(model)
    return painter_of(average_of(model), shape_of(model), alphabet)


def _judge(arguments: argparse.Namespace, scenes: Scenes, say: Callable[[str], None]) -> Judge:
    if not arguments.train_judge:
        return Judge.load(arguments.judge)

    def progress(done: int, total: int) -> None:
        if done % 100 == 0:
            say(f"judge: step {done} of {total}")

    judge = train_judge(scenes, steps=arguments.judge_steps, seed=JUDGE_SEED, progress=progress)
    arguments.judge.parent.mkdir(parents=True, exist_ok=True)
    judge.save(arguments.judge)
    return judge
