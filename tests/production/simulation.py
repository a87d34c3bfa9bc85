"""Many workers on one installation, in simulated time: claims, the pictures' way, the ledger and the storage.

A model, not a measurement: it knows what one picture costs each part, and who has to wait for whom. The line never runs
dry, so what comes out is what the installation can do at most. Before anybody believes it about a thousand workers it
must tell what one to three real ones did: `tests.production.scale` measures the costs, and compares.

All times are in seconds, all rates in pictures a second.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

Wait = Generator[simpy.Event, Any, None]
# How finely processes share the cores of one machine.
SLICE = 0.02


@dataclass(frozen=True, slots=True)
class Costs:
    """What one picture costs, in seconds: of a processor where it says so, else of waiting.

    `claim` is for how long a claim locks its project; `append` for how long an entry holds its log; `entries` is how
    many entries a picture gets until it is released.
    """

    work_cpu: float
    work_wait: float
    database_cpu: float
    engines_cpu: float
    screen_cpu: float
    sign_cpu: float
    claim: float
    append: float
    entries: float

    def per_picture(self, model: float) -> float:
        """How long a worker is busy with one, where nobody is in its way."""
        return model + self.claim + self.work_cpu + self.work_wait + self.database_cpu


@dataclass(frozen=True, slots=True)
class Shape:
    """An installation. `together` puts everything on one machine with `cores`; else each part has machines of its own.

    `model` is what the accelerator takes for a picture; `projects` have something in line, `logs` (one an organisation)
    take the entries; `screeners` and `signers` are processes, `database_cores` is what PostgreSQL may use.
    """

    workers: int
    model: float
    together: bool = False
    cores: int = 2
    database_cores: int = 16
    screeners: int = 1
    signers: int = 1
    projects: int = 3
    logs: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """So many pictures: when the last was made, when the last was recorded, and how busy each part was, 0 to 1."""

    pictures: int
    made: float
    recorded: float
    busy: dict[str, float]

    @property
    def per_second(self) -> float:
        """Pictures recorded."""
        return self.pictures / self.recorded

    @property
    def first_to_give_out(self) -> str:
        """The part that had least left."""
        return max(self.busy, key=lambda part: self.busy[part])


class Part:
    """Something that so many can use at once, and that counts how long it was used."""

    def __init__(self, env: simpy.Environment, places: int) -> None:
        self.places, self.used = places, 0.0
        self._env, self._queue = env, simpy.Resource(env, places)

    def hold(self, seconds: float, *, on: "Part | None" = None) -> Wait:
        """Wait for a place, and keep it for so many seconds: of the clock, or of a core of the machine `on`."""
        with self._queue.request() as turn:
            yield turn
            if on is None:
                yield self._env.timeout(seconds)
            else:
                yield from on.share(seconds)
        self.used += seconds

    def share(self, seconds: float) -> Wait:
        """As `hold`, but in slices, as a scheduler deals out cores."""
        while seconds > 0:
            yield from self.hold(min(seconds, SLICE))
            seconds -= SLICE

    def busy(self, seconds: float) -> float:
        """How much of it was used in that time, 0 to 1."""
        return min(1.0, self.used / (self.places * seconds))


class Installation:
    """Workers, what they share, and the pictures on their way."""

    def __init__(self, costs: Costs, shape: Shape, pictures: int) -> None:
        self.env = simpy.Environment()
        self.costs, self.shape, self.asked, self.left = costs, shape, pictures, pictures
        machine = Part(self.env, shape.cores)
        self.database = Part(self.env, shape.database_cores)
        self.machine = machine if shape.together else None
        self.screens, self.signs = Part(self.env, shape.screeners), Part(self.env, shape.signers)
        self.projects = [Part(self.env, 1) for _ in range(shape.projects)]
        self.logs = [Part(self.env, 1) for _ in range(shape.logs)]
        self.served = self.finished = 0

    def run(self) -> Outcome:
        """Until every picture was recorded."""
        workers = [self.env.process(self.worker()) for _ in range(self.shape.workers)]
        self.env.run(until=self.env.all_of(workers))
        made = self.env.now
        self.env.run()
        seconds = self.env.now
        busy = {
            "workers": self.costs.per_picture(self.shape.model) * self.asked / (self.shape.workers * seconds),
            "claims": sum(part.busy(seconds) for part in self.projects) / len(self.projects),
            "database": self.database.busy(seconds),
            "screening": self.screens.busy(seconds),
            "signing": self.signs.busy(seconds),
            "ledger": sum(part.busy(seconds) for part in self.logs) / len(self.logs),
        }
        return Outcome(self.asked, made, seconds, {part: min(1.0, share) for part, share in busy.items()})

    def worker(self) -> Wait:
        """Claim, make, hand over, again."""
        costs = self.costs
        while self.left > 0:
            self.left -= 1
            project = self.projects[self.served % len(self.projects)]
            self.served += 1
            yield from project.hold(costs.claim)
            half = costs.work_cpu / 2
            yield from self.compute(half)
            yield self.env.timeout(self.shape.model + costs.work_wait)
            yield from (
                self.database.hold(costs.database_cpu) if self.machine is None else self.compute(costs.database_cpu)
            )
            yield from self.compute(half)
            self.env.process(self.finish())

    def finish(self) -> Wait:
        """Screen, sign, record: no worker waits for it, but on one machine it takes cores from them."""
        costs = self.costs
        yield from self.screens.hold(costs.screen_cpu, on=self.machine)
        yield from self.signs.hold(costs.sign_cpu, on=self.machine)
        if self.machine is not None:
            yield from self.machine.share(costs.engines_cpu)
        log = self.logs[self.finished % len(self.logs)]
        self.finished += 1
        yield from log.hold(costs.append * costs.entries)

    def compute(self, seconds: float) -> Wait:
        """A worker's own work: on a core of the one machine, or on its own, where nobody is in the way."""
        if self.machine is not None:
            yield from self.machine.share(seconds)
        else:
            yield self.env.timeout(seconds)


def simulate(costs: Costs, shape: Shape, pictures: int) -> Outcome:
    """So many pictures by this installation; the same arguments give the same outcome."""
    return Installation(costs, shape, pictures).run()
