"""How much of a picture and how much noise is in a sampler's hands at each of its steps. Needs no torch itself.

Every scheduler walks down a list of noise levels; what it holds at one of them is `signal * clean + noise * noise`.
The three forms in use differ in the first factor alone: flow matching, (1 - s, s); variance exploding, (1, s); variance
preserving, the pair scaled so that its squares add up to one. Schedulers without a list of levels keep the products
of their alphas by training time instead.

Invariants: places count from 0, before the first step, to the number of steps, after the last; nothing is changed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from math import sqrt
from typing import Any


@dataclass(frozen=True, slots=True)
class Mixture:
    """The factors before the clean picture and before the noise."""

    signal: float
    noise: float

    @property
    def share(self) -> float:
        """How much of the whole is noise, 0 to 1."""
        return self.noise / (self.signal + self.noise)


def mixture(scheduler: Any, place: int) -> Mixture | None:
    """Return the mixture at a place, None where the scheduler does not say."""
    sigmas = getattr(scheduler, "sigmas", None)
    if sigmas is None:
        return _of_alphas(scheduler, place)
    if not 0 <= place < len(sigmas):
        return None
    level = sigmas[place]
    if hasattr(scheduler, "_sigma_to_alpha_sigma_t"):
        signal, noise = scheduler._sigma_to_alpha_sigma_t(level)
        return Mixture(float(signal), float(noise))
    # Only schedulers of flow matching scale the picture as well.
    return Mixture(1 - float(level) if hasattr(scheduler, "scale_noise") else 1.0, float(level))


def _of_alphas(scheduler: Any, place: int) -> Mixture | None:
    alphas, times = getattr(scheduler, "alphas_cumprod", None), getattr(scheduler, "timesteps", None)
    if alphas is None or times is None or not 0 <= place <= len(times):
        return None
    kept = float(alphas[int(times[place])] if place < len(times) else getattr(scheduler, "final_alpha_cumprod", 1.0))
    return Mixture(sqrt(kept), sqrt(1 - kept))


def place_after(scheduler: Any, *, index: int, total: int) -> int:
    """Return the place after step `index`, counted from 0, of `total`: a walk from a picture begins further down."""
    place = getattr(scheduler, "step_index", None)
    return len(scheduler.timesteps) - total + index + 1 if place is None else int(place)


@contextmanager
def overheard(scheduler: Any, hear: Callable[[Any], None]) -> Iterator[None]:
    """Call `hear` with the latents that each step starts from, which no callback of a pipeline brings."""
    step = scheduler.step

    @wraps(step)
    def listening(output: Any, time: Any, sample: Any, *more: Any, **named: Any) -> Any:
        hear(sample)
        return step(output, time, sample, *more, **named)

    scheduler.step = listening
    try:
        yield
    finally:
        del scheduler.step
