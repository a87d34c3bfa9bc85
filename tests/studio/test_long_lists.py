"""Every long list is found from an index, at a price that does not grow. How long it takes, the bench measures."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from studio.operations.sample import Sample
from tests.studio.crowd import crowd
from tests.studio.speed.filling import Scene, fill
from tests.studio.speed.lists import lists

FEW, MORE = 120, 160
# How SQLite says that it goes through a whole long table.
SCAN = re.compile(
    r"SCAN (jobs_picture|jobs_job|audit_recorded|review_reviewrequest|review_reviewdecision)\b(?! USING COVERING)"
)
pytestmark = pytest.mark.django_db


@pytest.fixture
def scene(sample: Sample, settings: LazySettings, now: datetime) -> Scene:
    """An organisation with a few pictures everywhere."""
    settings.ALLOWED_HOSTS = ["*"]
    return fill(sample, FEW, at=now)


def _asked(ask: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert ask().status_code == 200
    return [query["sql"] for query in queries]


def test_no_list_takes_more_queries_when_it_grows(scene: Scene, now: datetime) -> None:
    asked = dict(lists(scene))
    few = {name: len(_asked(ask)) for name, ask in asked.items()}
    crowd(MORE, campaigns=scene.campaigns, makers=scene.makers, models=[scene.model], at=now)
    many = {name: len(_asked(ask)) for name, ask in asked.items()}
    # Fewer may be: what is asked once a minute, as when a token was last used, was asked before.
    assert not {name: (few[name], count) for name, count in many.items() if count > few[name]}


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL reads a small table whole, and is right to")
def test_every_list_is_found_from_an_index(scene: Scene) -> None:
    for name, ask in lists(scene):
        for sql in _asked(ask):
            if not sql.startswith("SELECT"):
                continue
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = [row[3] for row in cursor.fetchall()]
            assert not any(SCAN.match(step) for step in plan), (name, sql, plan)
