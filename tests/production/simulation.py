"""Many workers on one installation, in simulated time: claims, the pictures' way, the ledger and the storage.

A model, not a measurement: it knows what one picture costs each part, and who has to wait for whom. The line never runs
dry, so what comes out is what the installation can do at most. Before anybody believes it about a thousand workers it
must tell what one to three real ones did: `tests.production.scale` measures the costs, and compares.

All times are in seconds, all rates in pictures a second.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
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
    """Something that so many can use at once."""

    def __init__(self, env: simpy.Environment, places: int) -> None:
        self._env, self._queue = env, simpy.Resource(env, places)

    def hold(self, seconds: float) -> Wait:
        """Wait for a place, and keep it for so many seconds."""
        with self._queue.request() as turn:
            yield turn
            yield self._env.timeout(seconds)

    def share(self, seconds: float) -> Wait:
        """As `hold`, but in slices, as a scheduler deals out cores."""
        while seconds > 0:
            yield from self.hold(min(seconds, SLICE))
            seconds -= SLICE


class Stage:
    """Processes that take what waits before them one by one, and hand it on. What waits is counted, not kept."""

    def __init__(self, env: simpy.Environment, processes: int, work: Callable[[], Wait]) -> None:
        self.waiting, self.then = 0, Stage.end
        self._env, self._work = env, work
        self._idle: list[simpy.Event] = []
        for _ in range(processes):
            env.process(self._serve())

    @staticmethod
    def end() -> None:
        """Nothing comes after the last one."""

    def put(self) -> None:
        """One more is waiting."""
        self.waiting += 1
        if self._idle:
            self._idle.pop().succeed()

    def _serve(self) -> Wait:
        while True:
            while not self.waiting:
                self._idle.append(self._env.event())
                yield self._idle[-1]
            self.waiting -= 1
            yield from self._work()
            self.then()


class Installation:
    """Workers, what they share, and the pictures on their way."""

    def __init__(self, costs: Costs, shape: Shape, pictures: int) -> None:
        self.env = simpy.Environment()
        self.costs, self.shape, self.asked, self.left = costs, shape, pictures, pictures
        self.machine = Part(self.env, shape.cores) if shape.together else None
        self.database = Part(self.env, shape.database_cores)
        self.projects = [Part(self.env, 1) for _ in range(shape.projects)]
        self.served = 0
        # No worker waits for these, but on one machine they take cores from them.
        self.screening = Stage(self.env, shape.screeners, partial(self.compute, costs.screen_cpu))
        self.signing = Stage(self.env, shape.signers, partial(self.compute, costs.sign_cpu))
        self.engines = Stage(self.env, shape.cores, partial(self.compute, costs.engines_cpu))
        self.recording = Stage(self.env, shape.logs, self.record)
        self.screening.then = self.signing.put
        # Elsewhere broker, storage and sweep have machines of their own.
        self.signing.then = self.engines.put if self.machine else self.recording.put
        self.engines.then = self.recording.put

    def run(self) -> Outcome:
        """Until every picture was recorded."""
        workers = [self.env.process(self.worker()) for _ in range(self.shape.workers)]
        self.env.run(until=self.env.all_of(workers))
        made = self.env.now
        self.env.run()
        costs, shape, seconds = self.costs, self.shape, self.env.now

        def busy(each: float, places: int) -> float:
            return min(1.0, each * self.asked / (places * seconds))

        return Outcome(
            self.asked,
            made,
            seconds,
            {
                "workers": busy(costs.per_picture(shape.model), shape.workers),
                "claims": busy(costs.claim, shape.projects),
                "database": busy(costs.database_cpu, shape.database_cores),
                "screening": busy(costs.screen_cpu, shape.screeners),
                "signing": busy(costs.sign_cpu, shape.signers),
                "ledger": busy(costs.append * costs.entries, shape.logs),
            },
        )

    def worker(self) -> Wait:
        """Claim, make, hand over, again."""
        costs = self.costs
        while self.left > 0:
            self.left -= 1
            project = self.projects[self.served % len(self.projects)]
            self.served += 1
            yield from project.hold(costs.claim)
            yield from self.compute(costs.work_cpu / 2)
            yield self.env.timeout(self.shape.model + costs.work_wait)
            yield from (self.machine.share if self.machine else self.database.hold)(costs.database_cpu)
            yield from self.compute(costs.work_cpu / 2)
            self.screening.put()

    def record(self) -> Wait:
        """All entries of one picture in its log."""
        yield self.env.timeout(self.costs.append * self.costs.entries)

    def compute(self, seconds: float) -> Wait:
        """A process's own work: on a core of the one machine, or on its own, where nobody is in the way."""
        if self.machine is not None:
            yield from self.machine.share(seconds)
        else:
            yield self.env.timeout(seconds)


def simulate(costs: Costs, shape: Shape, pictures: int) -> Outcome:
    """So many pictures by this installation; the same arguments give the same outcome."""
    return Installation(costs, shape, pictures).run()
