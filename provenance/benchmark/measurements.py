"""What is measured, in which order, and against which goals."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from provenance.benchmark.materials import prepared


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure. `bare` is the bare call's in the same unit, and `beside` says which call that is.

    `processor` is the milliseconds that were computed, where that was looked at; `goal` is the most that the figure may
    be (or the least, for a rate), `ratio_goal` the most that the ratio may be.
    """

    name: str
    value: float
    unit: str = "ms"
    processor: float | None = None
    beside: str = ""
    bare: float | None = None
    goal: float | None = None
    ratio_goal: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our figure over the bare call's."""
        return self.value / self.bare if self.bare else None

    @property
    def held(self) -> bool | None:
        """Whether the goals are held; None where there is none."""
        if self.ratio is not None and self.ratio_goal is not None:
            return self.ratio <= self.ratio_goal
        if self.goal is None:
            return None
        return self.value >= self.goal if self.unit == "a second" else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: pictures of `side` x `side`, each call `rounds` times, `appends` entries by each of
    `writers` processes, a log of `entries` to be audited. `postgresql` is an empty database's URL, or None.
    """

    side: int
    rounds: int
    writers: int
    appends: int
    entries: int
    postgresql: str | None
    now: datetime


def measure(plan: Plan) -> Iterator[Measurement]:
    """Every measurement as it is made."""
    from provenance.benchmark import auditing, recording, sealing
    from provenance.ledger import Ledger, create_tables

    with prepared(side=plan.side, now=plan.now) as materials:
        url = f"sqlite:///{materials.folder / 'ledger.sqlite3'}"
        create_tables(url)
        with closing(Ledger(url)) as ledger:
            yield from sealing.measured(materials, ledger, rounds=plan.rounds)
        for name, place in (("SQLite", url), ("PostgreSQL", plan.postgresql)):
            if place is not None:
                create_tables(place)
                yield from recording.measured(name, place, materials, plan)
        yield from auditing.measured(materials, entries=plan.entries)
