"""Claims: when a row is free, how long a lease and a pause are, what a fence stops, and the heartbeat that renews."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.db.models import Q

from studio.claims import advance, claimable, cut_leases, heartbeat, lease_from, pause_after, unheard
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.projects.models import Campaign
from studio.trail.errors import StaleStateError
from tests.studio.requests import ask

AT = datetime(2026, 11, 24, tzinfo=UTC)
Wait = Callable[[Callable[[], bool]], None]
TABLE = {JobState.SUBMITTED: frozenset({JobState.HELD, JobState.QUEUED})}


def test_a_row_is_free_when_lease_and_pause_are_over(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    over, here, ahead = (now + timedelta(seconds=step) for step in (-1, 0, 1))
    free = {}
    for lease in (None, over, here, ahead):
        for pause in (None, over, here, ahead):
            Job.objects.filter(pk=job.pk).update(lease=lease, not_before=pause)
            free[lease, pause] = Job.objects.filter(claimable(now), pk=job.pk).exists()
    assert [pair for pair, answer in free.items() if answer != (ahead not in pair)] == []


def test_nobody_waits_for_a_moment_of_a_clock_that_was_ahead(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    longest, hour = timedelta(seconds=300), timedelta(hours=1)

    def found(rule: Q, **stamps: datetime) -> bool:
        Job.objects.filter(pk=job.pk).update(**stamps)
        return Job.objects.filter(rule, pk=job.pk).exists()

    assert [found(claimable(now), not_before=now + rest) for rest in (longest, longest * 2, hour)] == [
        False,
        True,
        True,
    ]
    assert not found(claimable(now, longest=hour), not_before=now + hour)
    stamps = [now - timedelta(seconds=age) for age in (3, 1, 0, -1, -3600)]
    assert [found(unheard("rank", now), rank=at) for at in stamps] == [True, False, False, True, True]
    assert not found(unheard("rank", now, seconds=10), rank=now - timedelta(seconds=3))


def test_a_lease_of_a_clock_that_was_ahead_is_cut_and_no_other(campaign: Campaign, now: datetime) -> None:
    jobs = [ask(campaign, now) for _ in range(4)]
    longest = now + timedelta(seconds=60)
    stamps = (None, longest - timedelta(seconds=1), longest, now + timedelta(hours=1))
    for job, lease in zip(jobs, stamps, strict=True):
        Job.objects.filter(pk=job.pk).update(lease=lease)
    cut_leases(Job.objects.exclude(pk=jobs[0].pk), longest=longest)
    found = [Job.objects.get(pk=job.pk).lease for job in jobs]
    assert found == [None, longest - timedelta(seconds=1), longest, longest]


def test_how_long_leases_and_pauses_are(settings: LazySettings) -> None:
    settings.LEASE_SECONDS, settings.BACKOFF_SECONDS = 60, (0.5, 30.0, 300.0)
    assert lease_from(AT) == AT + timedelta(seconds=60)
    assert [pause_after(attempt).total_seconds() for attempt in (1, 2, 3, 4, 9)] == [0.5, 30, 300, 300, 300]


def test_a_state_moves_by_its_table_and_under_its_fence_alone(campaign: Campaign, now: datetime) -> None:
    job, other = ask(campaign, now), ask(campaign, now)
    token = uuid4()
    Job.objects.filter(pk=job.pk).update(token=token)
    with pytest.raises(ValueError, match=r"^SUBMITTED does not lead to DONE$"):
        advance(TABLE, Job, job.pk, JobState.SUBMITTED, JobState.DONE)
    with pytest.raises(ValueError, match=r"^HELD does not lead to QUEUED$"):
        advance(TABLE, Job, job.pk, JobState.HELD, JobState.QUEUED)
    with pytest.raises(StaleStateError, match=f"^{job.pk} is no longer submitted; "):
        advance(TABLE, Job, job.pk, JobState.SUBMITTED, JobState.HELD, fence=uuid4())
    with pytest.raises(StaleStateError, match=f"^{other.pk} is no longer submitted; "):
        advance(TABLE, Job, other.pk, JobState.SUBMITTED, JobState.HELD, fence=token)
    advance(TABLE, Job, job.pk, JobState.SUBMITTED, JobState.HELD, fence=token, failure="why", lease=now)
    job.refresh_from_db()
    other.refresh_from_db()
    assert (job.state, job.failure, job.lease, job.token) == (JobState.HELD, "why", now, token)
    assert (other.state, other.failure, other.lease) == (JobState.SUBMITTED, "", None)


class Row:
    """A row whose table answers as told: how many rows were updated, or an error."""

    _default_manager: ClassVar[Any]

    def __init__(self, *answers: int | Exception) -> None:
        self.pk, self.token = uuid4(), uuid4()
        self.beats: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._answers = list(answers)
        type(self)._default_manager = SimpleNamespace(filter=self._filter)

    def _filter(self, **found: Any) -> SimpleNamespace:
        def update(**changes: Any) -> int:
            self.beats.append((found, changes))
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return SimpleNamespace(update=update)


def test_a_heartbeat_renews_under_its_token_and_ends_with_the_work(settings: LazySettings, wait_until: Wait) -> None:
    settings.HEARTBEAT_SECONDS, settings.LEASE_SECONDS = 0.01, 60
    row = Row(1)
    with heartbeat(row) as lost:  # type: ignore[arg-type]
        (beating,) = (thread for thread in threading.enumerate() if thread.name == f"heartbeat {row.pk}")
        assert beating.daemon
        wait_until(lambda: len(row.beats) > 2)
        assert not lost.is_set()
    assert not beating.is_alive()
    found, changes = row.beats[0]
    assert found == {"pk": row.pk, "token": row.token, "lease__isnull": False}
    assert abs(changes.pop("lease") - datetime.now(UTC) - timedelta(seconds=60)) < timedelta(seconds=30)
    assert changes == {}
    assert not lost.is_set()


def test_a_heartbeat_outlives_a_database_that_restarts(
    settings: LazySettings, wait_until: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HEARTBEAT_SECONDS = 0.01
    row = Row(OperationalError("away"), OperationalError("away"), 1)
    with caplog.at_level(logging.ERROR, "studio.claims"), heartbeat(row) as lost:  # type: ignore[arg-type]
        wait_until(lambda: len(row.beats) > 3)
        assert not lost.is_set()
    assert caplog.messages == [f"heartbeat of {row.pk} missed"] * 2


def test_a_heartbeat_stops_when_the_claim_is_lost(settings: LazySettings, wait_until: Wait) -> None:
    settings.HEARTBEAT_SECONDS = 0.01
    row = Row(1, 0)
    with heartbeat(row) as lost:  # type: ignore[arg-type]
        assert lost.wait(20)
        name = f"heartbeat {row.pk}"
        wait_until(lambda: name not in {thread.name for thread in threading.enumerate()})
    assert len(row.beats) == 2


def test_a_heartbeat_ends_when_the_work_fails(settings: LazySettings) -> None:
    settings.HEARTBEAT_SECONDS = 3600
    row = Row(1)
    with pytest.raises(RuntimeError, match="the child died"), heartbeat(row):  # type: ignore[arg-type]
        raise RuntimeError("the child died")
    assert f"heartbeat {row.pk}" not in {thread.name for thread in threading.enumerate()}
