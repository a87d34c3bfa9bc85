"""Watches the making of one picture: a preview after each step, and at the end its process. Loads torch.

What a witness is told is what the sampler really held; it changes none of it. Where the scheduler does not say how much
noise is in what, previews show the latents as they are and there is no process.

Shapes: latents as the pipeline keeps them; cells (rows, columns, 3) uint8.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import torch

from generation.engine import Step
from generation.forecast import forecast
from generation.noise import Mixture, mixture, place_after
from generation.preview import preview_png
from generation.process import Cell, Process, Row, cell, moments, strip_of

Paint: TypeAlias = Callable[[torch.Tensor], Cell]


class Witness:
    """What is to be seen of one picture while `pipeline` makes it; `paint` turns latents into a look at them."""

    def __init__(self, pipeline: Any, paint: Paint, *, picture: int, steps: int) -> None:
        self._pipeline, self._paint, self._picture, self._steps = pipeline, paint, picture, steps
        self._walk: list[Mixture] = []
        self._chosen: list[int] = []
        self._ends: list[torch.Tensor] = []
        self._before: torch.Tensor | None = None
        self._held: list[Cell] = []
        self._foreseen: list[Cell] = []

    def hear(self, latents: torch.Tensor) -> None:
        """Take note of the latents that a step begins with."""
        self._before = latents

    def step(self, index: int, latents: torch.Tensor) -> Step:
        """Return what to show after step `index`, counted from 0, which left `latents`."""
        # Some samplers take a step more than they were asked for, or fewer, so the pipeline is the one to ask.
        total = getattr(self._pipeline, "num_timesteps", self._steps)
        look = self._paint(self._clean(latents, index, total))
        if index == 0:
            self._begin(total)
        if index in self._chosen and self._before is not None:
            self._held.append(self._noisy(self._before, self._walk[index]))
            self._foreseen.append(cell(look))
        self._ends[1:] = [latents]
        return Step(self._picture, index + 1, total, preview_png(look))

    def process(self) -> Process | None:
        """Return what is kept of the making, once it has ended; None where too little is known to show it truly."""
        if not self._chosen or len(self._held) != len(self._chosen):
            return None
        mixed = [self._walk[place] for place in self._chosen]
        return strip_of(
            {
                Row.ADDED: [self._noisy(self._mix(one), one) for one in reversed(mixed)],
                Row.HELD: self._held,
                Row.FORESEEN: self._foreseen,
            },
            steps=[place + 1 for place in self._chosen],
            noise=[one.share for one in mixed],
            total=len(self._walk),
        )

    def _begin(self, total: int) -> None:
        walk = [mixture(self._pipeline.scheduler, place) for place in range(total)]
        known = [one for one in walk if one is not None]
        if self._before is not None and len(known) == total and known[0].noise > 0:
            self._walk, self._ends = known, [self._before]
            self._chosen = moments([one.share for one in known])

    def _clean(self, latents: torch.Tensor, index: int, total: int) -> torch.Tensor:
        if self._before is None:
            return latents
        scheduler = self._pipeline.scheduler
        place = place_after(scheduler, index=index, total=total)
        return forecast(self._before, latents, mixture(scheduler, place - 1), mixture(scheduler, place))

    def _mix(self, wanted: Mixture) -> torch.Tensor:
        """The finished latents with as much of the drawing's own first noise as is wanted."""
        (start, end), first = self._ends, self._walk[0]
        noise = (start - first.signal * end) / first.noise
        return wanted.signal * end + wanted.noise * noise

    def _noisy(self, latents: torch.Tensor, mixed: Mixture) -> Cell:
        """A look at noisy latents, brought into the range of clean ones where the noise goes far beyond it."""
        return cell(self._paint(latents / max(1.0, (mixed.signal**2 + mixed.noise**2) ** 0.5)))
