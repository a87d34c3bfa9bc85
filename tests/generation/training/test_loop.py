"""The training loop: exact resume, refusal of foreign checkpoints, learning, and the optimizer's mathematics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
import torch

from generation.training import loop
from generation.training.compose import Composer
from generation.training.errors import CheckpointError
from generation.training.loop import Pace, Progress, Recipe, Run
from generation.training.orthogonal import orthogonalise
from generation.training.tokens import Alphabet

Start = Callable[[Recipe], Run]


@pytest.fixture
def start(composer: Composer, alphabet: Alphabet) -> Start:
    return lambda recipe: Run(recipe, composer, alphabet.size, compiled=False)


def _train(run: Run, out: Path, *, until: float = float("inf")) -> list[Progress]:
    ticks = count()
    reports: list[Progress] = []
    pace = Pace(every=4, sheet_every=100, until=until)
    loop.train(run, out, clock=lambda: float(next(ticks)), report=reports.append, sheet=lambda *_: None, pace=pace)
    return reports


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(start: Start, recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "broken").mkdir()
    whole = start(recipe)
    _train(whole, tmp_path / "whole")

    _train(start(recipe), tmp_path / "broken", until=0.0)
    resumed = start(recipe)
    resumed.load(tmp_path / "broken" / loop.CHECKPOINT)
    assert 0 < resumed.step < recipe.steps
    _train(resumed, tmp_path / "broken")

    assert resumed.step == whole.step == recipe.steps
    for name, value in whole.painter.state_dict().items():
        assert torch.equal(value, resumed.painter.state_dict()[name]), name
        assert torch.equal(whole.average[name], resumed.average[name]), name


def test_a_checkpoint_of_another_recipe_is_refused(start: Start, recipe: Recipe, tmp_path: Path) -> None:
    start(recipe).save(tmp_path / loop.CHECKPOINT)
    with pytest.raises(CheckpointError, match="another recipe"):
        start(replace(recipe, seed=4)).load(tmp_path / loop.CHECKPOINT)


def test_a_longer_run_may_go_on_from_a_checkpoint(start: Start, recipe: Recipe, tmp_path: Path) -> None:
    start(recipe).save(tmp_path / loop.CHECKPOINT)
    longer = start(replace(recipe, samples=96))
    longer.load(tmp_path / loop.CHECKPOINT)
    assert longer.recipe.samples == 96


@pytest.mark.parametrize("content", [None, b"", b"not a checkpoint"])
def test_an_unreadable_checkpoint_is_refused(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match="cannot read"):
        loop.read_checkpoint(tmp_path / "x.pt")


def test_the_loss_falls(start: Start, recipe: Recipe, tmp_path: Path) -> None:
    reports = _train(start(replace(recipe, samples=240, batch=8, decay=0.2)), tmp_path)
    assert reports[-1].loss < 0.6 * reports[0].loss
    assert reports[-1].left == 0


def test_the_rate_rises_stays_and_falls_to_zero(recipe: Recipe) -> None:
    long = replace(recipe, samples=4000, warm_up=100)
    assert long.scale(0) == pytest.approx(0.01)
    assert long.scale(500) == 1.0
    assert long.scale(long.steps - 1) < 0.01


def test_averaged_lends_the_average_and_gives_the_weights_back(start: Start, recipe: Recipe) -> None:
    run = start(recipe)
    for _ in range(3):
        run.advance()
    live = {name: value.clone() for name, value in run.painter.state_dict().items()}
    with run.averaged() as painter:
        assert all(torch.equal(v, run.average[n]) for n, v in painter.state_dict().items())
    assert all(torch.equal(v, live[n]) for n, v in run.painter.state_dict().items())


@pytest.mark.parametrize("shape", [(24, 24), (64, 16), (16, 64)])
def test_orthogonalise_brings_singular_values_near_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(5))
    values = torch.linalg.svdvals(orthogonalise(matrix, 6))
    assert values.max() < 1.4
    assert values.median() > 0.6


def test_rates_can_fall_with_the_clock(start: Start, recipe: Recipe, tmp_path: Path) -> None:
    pace = Pace(every=4, sheet_every=100, until=30.0, falling=True)
    assert pace.scale(10.0, 20.0) == 0.5
    assert pace.scale(10.0, 40.0) == 0.0
    ticks = count()
    run = start(replace(recipe, samples=4000))
    loop.train(run, tmp_path, clock=lambda: float(next(ticks)), report=lambda _: None, sheet=lambda *_: None, pace=pace)
    assert 0 < run.step < run.recipe.steps
    assert loop.read_checkpoint(tmp_path / loop.CHECKPOINT)["rate_fell_with_the_clock"] is True
    assert Pace(every=4, sheet_every=100, until=30.0).scale(10.0, 20.0) == 1.0
