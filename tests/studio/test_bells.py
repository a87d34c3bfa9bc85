"""A broker that does not answer costs one request its patience, not each."""

import logging
import time
from collections.abc import Iterator

import pytest
from celery import Celery

from studio import celery
from tests.ports import free_port
from tests.relay import Manner, Relay


@pytest.fixture
def swallowed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A broker behind a network that lets everything in and nothing out."""
    relay = Relay(free_port())
    relay.behave(Manner.SWALLOWS)
    url, options = celery.broker_options(f"redis://127.0.0.1:{relay.port}/0")
    app = Celery("swallowed", set_as_current=False)
    app.conf.update(broker_url=url, broker_transport_options=options, broker_connection_timeout=2)
    monkeypatch.setattr(celery, "app", app)
    monkeypatch.setattr(celery, "_silence", celery._Silence())
    yield
    relay.close()


def test_whoever_rings_waits_once(swallowed: None, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    for _ in range(5):
        celery.ring("studio.jobs.tasks.generate")
    assert time.monotonic() - began < 15, "five times the patience is more"
    assert [record.levelno for record in caplog.records if "sweeper" in record.getMessage()] == [logging.WARNING]
