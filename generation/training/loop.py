"""Trains a painter: flow matching with prediction of the clean picture, exactly resumable.

Invariants:
- step n's batch, noise levels and noise come from (seed, n) alone; with the checkpoint's weights, averages and
  optimizer states a resumed run takes the same steps, bit for bit, as one that was never stopped;
- x_t = (1 - t) x + t e with e standard normal; the loss is |x - x'|^2 / max(t, floor)^2: the error of
  the velocity, eased at low noise, where only texture is left to decide;
- checkpoints are replaced atomically, so a kill at any moment leaves a whole one.

Sources: flow matching, Lipman et al. 2022; prediction of the clean picture, Li and He 2025; guidance, Ho and Salimans
2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
from torch import Tensor

from generation.training.compose import PEOPLE, Batch, Composer
from generation.training.errors import CheckpointError
from generation.training.network import Painter, Shape
from generation.training.orthogonal import OrthogonalMomentum

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides a run, apart from the data: `samples` in all, and the last `decay` of them at a falling rate."""

    seed: int = 1
    samples: int = 200_000
    batch: int = 32
    rate: float = 1e-3
    matrix_rate: float = 0.02
    warm_up: int = 200
    decay: float = 0.3
    average: float = 0.9995
    drop: float = 0.1
    people: int = PEOPLE
    level_mean: float = 1.0
    level_spread: float = 1.2
    floor: float = 0.5
    shape: Shape = field(default_factory=Shape)

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return math.ceil(self.samples / self.batch)

    def scale(self, step: int) -> float:
        """Return the factor on the learning rates at `step`: linear up, constant, linear down to zero."""
        down = (self.steps - step) / max(1.0, self.decay * self.steps)
        return min(1.0, (step + 1) / self.warm_up, max(down, 0.0))


@dataclass(frozen=True, slots=True)
class Pace:
    """Steps between reports (with a checkpoint) and between sheets, and the clock reading at which to stop.

    With `falling`, the learning rates also fall with the clock, to zero at `until`: the run makes the best of a fixed
    time on a machine of unknown speed, and can no longer be repeated step by step.
    """

    every: int
    sheet_every: int
    until: float
    falling: bool = False

    def scale(self, began: float, now: float) -> float:
        """Return the factor that the clock puts on the learning rates."""
        return max(0.0, (self.until - now) / (self.until - began)) if self.falling else 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands: steps done of all, the mean loss since the last report, pictures a second, seconds left."""

    step: int
    steps: int
    loss: float
    speed: float
    left: float


class Run:
    """A training run in memory: networks, averages, optimizers and the step reached."""

    def __init__(self, recipe: Recipe, composer: Composer, vocabulary: int, *, compiled: bool) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe = recipe
        self.composer = composer
        self.painter = Painter(recipe.shape, vocabulary)
        self.average = {name: value.detach().clone() for name, value in self.painter.state_dict().items()}
        self.step = 0
        self.started_from = ""
        self.samples_before = 0
        self.eased = False
        matrices, others = _split(self.painter)
        self._optimizers: list[torch.optim.Optimizer] = [
            OrthogonalMomentum(matrices, lr=recipe.matrix_rate),
            torch.optim.AdamW(others, lr=recipe.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
        ]
        self._forward = torch.compile(self.painter) if compiled else self.painter

    def advance(self, *, ease: float = 1.0) -> float:
        """Take one step, with learning rates eased by a factor, and return its loss."""
        recipe = self.recipe
        batch = self.composer.batch(recipe.batch, seed=recipe.seed, step=self.step, drop=recipe.drop)
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        scale = recipe.scale(self.step) * ease
        self.eased |= ease != 1.0
        for optimizer, rate in zip(self._optimizers, (recipe.matrix_rate, recipe.rate), strict=True):
            optimizer.param_groups[0]["lr"] = rate * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self._follow()
        return float(loss.detach())

    def _loss(self, batch: Batch) -> Tensor:
        recipe = self.recipe
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + self.step)
        clean = torch.from_numpy(batch.pictures)
        spread = torch.randn(len(clean), generator=generator) * recipe.level_spread
        level = torch.sigmoid(spread + recipe.level_mean)
        noise = torch.randn(clean.shape, generator=generator)
        t = level[:, None, None, None]
        guess = self._forward((1 - t) * clean + t * noise, level, torch.from_numpy(batch.tokens))
        loss: Tensor = ((guess - clean) / t.clamp(min=recipe.floor)).square().mean()
        return loss

    @torch.no_grad()
    def _follow(self) -> None:
        # Early on the average follows fast, so that the first sheets show the run and not its random start.
        keep = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        for name, value in self.painter.state_dict().items():
            self.average[name].lerp_(value, 1 - keep) if value.is_floating_point() else self.average[name].copy_(value)

    def begin_from(self, average: dict[str, Tensor], *, origin: str, samples: int) -> None:
        """Start a new run from given weights, named `origin` in the lineage, that have seen `samples` already.

        Raises CheckpointError on a misfit.
        """
        try:
            self.painter.load_state_dict(average)
        except RuntimeError as error:
            raise CheckpointError(f"cannot start from {origin}: other concepts or sizes ({error})") from error
        self.average = {name: value.detach().clone() for name, value in self.painter.state_dict().items()}
        self.started_from = origin
        self.samples_before = samples

    @contextmanager
    def averaged(self) -> Iterator[Painter]:
        """Lend the painter with its averaged weights, to draw with; training weights return afterwards."""
        live = {name: value.clone() for name, value in self.painter.state_dict().items()}
        self.painter.load_state_dict(self.average)
        try:
            yield self.painter.eval()
        finally:
            self.painter.load_state_dict(live)
            self.painter.train()

    def save(self, path: Path) -> None:
        """Write a checkpoint that `load` continues from, in place of the old one."""
        state = {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "started_from": self.started_from,
            "samples_before": self.samples_before,
            "rate_fell_with_the_clock": self.eased,
            "weights": self.painter.state_dict(),
            "average": self.average,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint of the same recipe (its length may differ). Raises CheckpointError otherwise."""
        state = read_checkpoint(path)
        mine = asdict(self.recipe) | {"samples": state["recipe"]["samples"], "decay": state["recipe"]["decay"]}
        if mine != state["recipe"]:
            raise CheckpointError(f"{path} belongs to another recipe: {state['recipe']}; start it with that one")
        self.painter.load_state_dict(state["weights"])
        self.average = state["average"]
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self.step = state["step"]
        self.started_from = state["started_from"]
        self.samples_before = state["samples_before"]
        self.eased = state.get("rate_fell_with_the_clock", False)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint's tensors and plain values. Raises CheckpointError when it is missing or broken."""
    if not is_zipfile(path):
        raise CheckpointError(f"cannot read the checkpoint {path}: it is missing or was not written by `train`")
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error}") from error
    return state


def train(
    run: Run,
    out: Path,
    *,
    clock: Callable[[], float],
    report: Callable[[Progress], None],
    sheet: Callable[[Run, Path], None],
    pace: Pace,
) -> None:
    """Advance `run` to its end or to `pace.until`, reporting and saving as `pace` says."""
    losses: list[float] = []
    began = first = clock()
    while run.step < run.recipe.steps:
        losses.append(run.advance(ease=pace.scale(first, clock()) if pace.falling else 1.0))
        if run.step % pace.every == 0 or run.step == run.recipe.steps:
            speed = len(losses) * run.recipe.batch / max(clock() - began, 1e-9)
            left = (run.recipe.steps - run.step) * run.recipe.batch / speed
            run.save(out / CHECKPOINT)
            report(Progress(run.step, run.recipe.steps, sum(losses) / len(losses), speed, left))
            losses, began = [], clock()
            if began >= pace.until:
                return
        if run.step % pace.sheet_every == 0 or run.step == run.recipe.steps:
            sheet(run, out / f"sheet-{run.step:06d}.png")
            began = clock()


def _split(painter: Painter) -> tuple[list[Tensor], list[Tensor]]:
    """Separate the hidden matrices, which OrthogonalMomentum trains, from all else."""
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, value in painter.named_parameters():
        hidden = (".blocks." in name and "modulation" not in name) or ".encoder.layer." in name
        (matrices if hidden and value.ndim == 2 else others).append(value)
    return matrices, others
