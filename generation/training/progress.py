"""How far a fine-tune is: told after every step, shown about once a second. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Pace:
    """One report. `left_s` are the seconds left, as far as the steps done so far foretell; None after the first."""

    step: int
    steps: int
    loss: float
    left_s: float | None


class Reporter:
    """Hears every step, and shows the first, the last, and one a second between them. `clock` is in seconds."""

    def __init__(self, steps: int, *, show: Callable[[Pace], None], clock: Callable[[], float]) -> None:
        self._steps, self._show, self._clock = steps, show, clock
        self._began: float | None = None
        self._shown = 0.0

    def __call__(self, step: int, loss: float) -> None:
        """Hear one step."""
        now = self._clock()
        # The first step waits for what is loaded lazily; it says little about the others.
        if self._began is None:
            self._began = now
        elif step < self._steps and now - self._shown < EVERY_S:
            return
        self._shown = now
        left = (now - self._began) / (step - 1) * (self._steps - step) if step > 1 else None
        self._show(Pace(step, self._steps, loss, left))
