"""What production stands on goes away, answers nothing, forgets or lies; clocks are stepped.

Processes are not touched: whatever heals afterwards does so by itself.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.clock import Clock
from tests.production.engines import Engines
from tests.relay import Manner, Wires

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Stage:
    """What outages are made with."""

    engines: Engines
    wires: Wires
    clock: Clock

    @property
    def environment(self) -> dict[str, str]:
        """What the product's processes need for outages to reach them."""
        return {**self.wires.environment, **self.clock.environment}


@dataclass(frozen=True, slots=True)
class Outage:
    """Something that is wrong while its context is open; `accepts` says whether requests go on being accepted."""

    wrong: Callable[[Stage], AbstractContextManager[None]]
    accepts: bool = True


def _wire(name: str, manner: Manner) -> Outage:
    return Outage(lambda stage: stage.wires.behaving(name, manner))


@contextmanager
def _broker_dies(stage: Stage) -> Iterator[None]:
    stage.engines.stop_broker()
    try:
        yield
    finally:
        stage.engines.start_broker()


@contextmanager
def _broker_forgets(stage: Stage) -> Iterator[None]:
    """What was rung before, and what was rung meanwhile and not heard yet."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    from studio.celery import app

    queues = {str(route["queue"]) for route in app.conf.task_routes.values()}
    with app.connection_for_write() as wire:
        for queue in {app.conf.task_default_queue, *queues}:
            # RabbitMQ closes a channel that asks about a queue which nobody has declared.
            with suppress(*wire.channel_errors), wire.channel() as channel:
                channel.queue_purge(queue)


@contextmanager
def _database_dies(stage: Stage) -> Iterator[None]:
    stage.engines.stop_database()
    try:
        yield
    finally:
        stage.engines.start_database()


def _clock(seconds: int) -> Outage:
    return Outage(lambda stage: stage.clock.stepped(seconds))


OUTAGES: Mapping[str, Outage] = {
    "the broker dies": Outage(_broker_dies),
    "the broker swallows everything": _wire("broker", Manner.SWALLOWS),
    "the broker forgets everything": Outage(_broker_forgets),
    "the cache swallows everything": _wire("cache", Manner.SWALLOWS),
    "the database dies": Outage(_database_dies, accepts=False),
    "the storage answers 500": _wire("storage", Manner.FAILS),
    "the storage is slow": _wire("storage", Manner.SLOW),
    "the storage swallows everything": _wire("storage", Manner.SWALLOWS),
    "the storage is away": _wire("storage", Manner.REFUSES),
    "the authority swallows everything": _wire("authority", Manner.SWALLOWS),
    "clocks go forward an hour": _clock(HOUR),
    "clocks go back an hour": _clock(-HOUR),
}


@contextmanager
def staged(folder: Path, engines: Engines) -> Iterator[Stage]:
    """Wires to these engines, and a clock that has its file in `folder`."""
    wires = Wires(engines.environment)
    try:
        yield Stage(engines, wires, Clock(folder))
    finally:
        wires.close()
