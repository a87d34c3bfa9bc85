"""A database that was started again is served from at once, however many connections it broke."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db.utils import ConnectionHandler

from studio.connections import database
from tests.production.engines import postgresql

pytestmark = pytest.mark.broker
IDLE = 8


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A server of the test's own, and the address of its database."""
    with postgresql(tmp_path / "postgresql") as (server, environment):
        yield server, environment["DATABASE_URL"]


def test_what_a_restart_broke_costs_nobody_their_patience(
    server: tuple[Any, str], django_db_blocker: pytest.FixtureRequest
) -> None:
    postgres, url = server
    facts = {**database(url), "TIME_ZONE": None}
    # Pools are kept by alias, for the whole process.
    wrappers = [ConnectionHandler({"default": facts, "restarted": facts})["restarted"] for _ in range(IDLE)]
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for wrapper in wrappers:
            wrapper.ensure_connection()
        for wrapper in wrappers:
            wrapper.close()
        assert wrappers[0].pool.get_stats()["pool_available"] == IDLE
        postmaster = psutil.Process(postgres.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(60)
        postgres.ensure_postgres_running()
        began = time.monotonic()
        with wrappers[0].cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)
        assert time.monotonic() - began < 3
        wrappers[0].close()
        wrappers[0].close_pool()
