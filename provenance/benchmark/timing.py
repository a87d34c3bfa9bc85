"""Timing calls in turn, and what came out as values."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Median times of one call in milliseconds: by the clock on the wall, and of processor time in this process."""

    wall: float
    processor: float


def in_turn(calls: Sequence[Callable[[], object]], *, rounds: int) -> list[Timing]:
    """The timings of calls that take turns, after one round that does not count."""
    taken: list[list[tuple[float, float]]] = [[] for _ in calls]
    for number in range(rounds + 1):
        for call, times in zip(calls, taken, strict=True):
            wall, processor = time.perf_counter(), time.process_time()
            call()
            if number:
                times.append((time.perf_counter() - wall, time.process_time() - processor))
    return [Timing(*(1000 * statistics.median(column) for column in zip(*times, strict=True))) for times in taken]


def percentile(times: Sequence[float], share: float) -> float:
    """The time that `share` of them (0 to 1) do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
