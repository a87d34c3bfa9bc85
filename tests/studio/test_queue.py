"""The job table as a queue: whose turn it is, who holds a claim, and what happens to a silent worker's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from studio import pipeline
from studio.accounts.actions import found_organisation, grant_role
from studio.accounts.models import Role, User
from studio.claims import heartbeat
from studio.jobs import making, queue
from studio.jobs.actions import cancel
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.jobs.tasks import checkpoints, settle_pending
from studio.operations.sample import Sample
from studio.policies.scope import Scope
from studio.projects.actions import open_campaign, open_project
from studio.projects.models import Campaign
from studio.trail.errors import StaleStateError
from studio.trail.models import Alarm, AlarmKind, LedgerIntent
from tests.studio.policies import enact
from tests.studio.requests import ask


def enqueue(job: Job, at: datetime, *, priority: int = 0) -> Job:
    """Put a request in line, as a screen that found nothing would."""
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, rank=queue.rank(at, priority), priority=priority)
    return job


@pytest.fixture
def second_campaign(sample: Sample, now: datetime) -> Campaign:
    """A campaign in another project of the same organisation."""
    administrator = sample.people["administrator"]
    project = open_project(
        actor=administrator, organisation=sample.organisation, slug="schools", name="Schools", at=now
    )
    enact(Scope(sample.organisation, project), sample.project.policies.get().document, now)
    return open_campaign(
        actor=administrator,
        project=project,
        slug="books",
        name="Books",
        purpose="Reading",
        languages=["en"],
        channels=[],
        at=now,
    )


def claim_all(now: datetime) -> list[Job]:
    """Take everything that waits, a second apart."""
    taken: list[Job] = []
    while (job := queue.claim(now=now + timedelta(seconds=len(taken)))) is not None:
        taken.append(job)
    return taken


def test_projects_take_turns(campaign: Campaign, second_campaign: Campaign, now: datetime) -> None:
    long_line = [enqueue(ask(campaign, now), now + timedelta(seconds=i)) for i in range(4)]
    late = enqueue(ask(second_campaign, now), now + timedelta(minutes=1))
    order = [job.pk for job in claim_all(now)]
    assert order.index(late.pk) <= 1
    assert [pk for pk in order if pk != late.pk] == [job.pk for job in long_line]


def test_people_take_turns_within_a_project(campaign: Campaign, sample: Sample, now: datetime) -> None:
    other = User.objects.create(username="second-creator")
    grant_role(
        actor=sample.people["administrator"], user=other, organisation=sample.organisation, role=Role.CREATOR, at=now
    )
    for i in range(3):
        enqueue(ask(campaign, now), now + timedelta(seconds=i))
    late = enqueue(ask(campaign, now, actor=other), now + timedelta(minutes=1))
    assert late.pk in [job.pk for job in claim_all(now)[:2]]


def test_priority_is_worth_waiting_time_and_no_more(campaign: Campaign, now: datetime) -> None:
    old = enqueue(ask(campaign, now), now - timedelta(minutes=15))
    urgent = enqueue(ask(campaign, now), now, priority=2)
    hardly = enqueue(ask(campaign, now), now, priority=1)
    assert [job.pk for job in claim_all(now)] == [urgent.pk, old.pk, hardly.pk]


@pytest.mark.django_db(transaction=True)
def test_workers_neither_hold_one_job_nor_run_for_it(
    campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = {enqueue(ask(campaign, now), now).pk for _ in range(12)}
    tries = []
    move = queue.advance
    monkeypatch.setattr(queue, "advance", lambda *places, **changes: (tries.append(places), move(*places, **changes)))

    def work(_: int) -> list[object]:
        try:
            return [job.pk for job in claim_all(now)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = [pk for part in pool.map(work, range(4)) for pk in part]
    assert sorted(map(str, taken)) == sorted(map(str, jobs))
    assert len(tries) == len(jobs)


def test_a_silent_worker_loses_its_claim_and_cannot_write_any_more(campaign: Campaign, now: datetime) -> None:
    enqueue(ask(campaign, now), now)
    first = queue.claim(now=now)
    assert first is not None
    later = now + timedelta(minutes=5)
    assert queue.sweep(now=later)["silent"] == 1
    second = queue.claim(now=later)
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(StaleStateError):
        queue.give_back(first, reason="late", at=later)


def test_what_a_dead_worker_held_before_the_clock_went_back_goes_on(campaign: Campaign, now: datetime) -> None:
    enqueue(ask(campaign, now), now)
    assert queue.claim(now=now + timedelta(hours=1)) is not None
    assert queue.sweep(now=now)["silent"] == 0, "the worker may live"
    assert queue.sweep(now=now + timedelta(minutes=2))["silent"] == 1


def test_after_three_attempts_a_job_is_lost_with_one_entry(campaign: Campaign, now: datetime) -> None:
    job = enqueue(ask(campaign, now), now)
    for attempt in range(1, 4):
        now += timedelta(hours=1)
        claimed = queue.claim(now=now)
        assert claimed is not None
        assert claimed.attempt == attempt
        queue.give_back(claimed, reason="the child died of signal 9", at=now)
    job.refresh_from_db()
    assert (job.state, job.failure) == (JobState.LOST, "the child died of signal 9")
    assert LedgerIntent.objects.filter(row=str(job.pk), kind="closure").count() == 1


def test_what_the_request_had_no_part_in_is_tried_however_often(campaign: Campaign, now: datetime) -> None:
    job = enqueue(ask(campaign, now), now)
    for _ in range(5):
        now += timedelta(hours=1)
        claimed = queue.claim(now=now)
        assert claimed is not None
        assert claimed.attempt == 1
        assert queue.give_back(claimed, reason="no room", at=now, counted=False) == JobState.QUEUED
    assert queue.claim(now=now) is None, "it rests, as the worker does not know when there will be room"
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.QUEUED, 0)


def test_a_pause_is_waited_out(campaign: Campaign, now: datetime) -> None:
    job = enqueue(ask(campaign, now), now)
    Job.objects.filter(pk=job.pk).update(not_before=now + timedelta(seconds=30))
    assert queue.claim(now=now) is None
    assert queue.claim(now=now + timedelta(seconds=31)) is not None


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_keeps_the_lease_and_notices_its_loss(
    campaign: Campaign, now: datetime, settings: object, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    settings.HEARTBEAT_SECONDS = 0.05  # type: ignore[attr-defined]
    enqueue(ask(campaign, now), now)
    job = queue.claim(now=now)
    assert job is not None
    with heartbeat(job) as lost:
        wait_until(lambda: Job.objects.get(pk=job.pk).lease > job.lease)
        assert not lost.is_set()
        Job.objects.filter(pk=job.pk).update(token=uuid4())
        wait_until(lost.is_set)


def test_a_finished_picture_does_not_shorten_the_lease(campaign: Campaign, now: datetime) -> None:
    enqueue(ask(campaign, now), now)
    job = queue.claim(now=now)
    assert job is not None
    later = now + timedelta(minutes=10)
    pixels = bytes(64 * 64 * 3)
    recipe = {"spec": {"prompt": "x"}, "request": {"digest": "y"}}
    asset = pipeline.GeneratedAsset(
        picture=0,
        media_type="image/x-rgb8",
        pixels=pixels,
        width=64,
        height=64,
        seed=1,
        pixel_sha256="0" * 64,
        recipe=recipe,
    )
    making.keep(job, asset, at=later)
    assert queue.sweep(now=later + timedelta(seconds=1))["silent"] == 0


def test_a_cancelled_job_whose_worker_died_is_cancelled(campaign: Campaign, now: datetime) -> None:
    enqueue(ask(campaign, now), now)
    job = queue.claim(now=now)
    assert job is not None
    cancel(actor=job.requester.user, job=job, at=now)
    queue.sweep(now=now + timedelta(hours=1))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_one_conflicting_entry_does_not_stop_the_others(campaign: Campaign, now: datetime) -> None:
    jobs = [ask(campaign, now) for _ in range(2)]
    for job in jobs:
        cancel(actor=job.requester.user, job=job, at=now)
    first, second = (LedgerIntent.objects.get(row=str(job.pk)) for job in jobs)
    first_bytes = bytes(first.canonical)
    pipeline.append(first_bytes)
    LedgerIntent.objects.filter(pk=first.pk).update(
        canonical=bytes(first.canonical).replace(b"CANCELLED", b"DISMISSED"), created=now - timedelta(days=1)
    )
    settle_pending.run()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.sequence is None
    assert second.sequence is not None
    alarm = Alarm.objects.get()
    assert (alarm.kind, str(first.pk) in alarm.cause) == (AlarmKind.CONFLICT, True)
    LedgerIntent.objects.filter(pk=first.pk).update(canonical=first_bytes)
    settle_pending.run()
    assert not Alarm.objects.exists()


def no_ledger(_: bytes) -> None:
    """A ledger that cannot be reached."""
    raise pipeline.LedgerUnavailableError("away")


def test_a_ledger_that_is_away_is_an_alarm_until_it_has_what_it_is_owed(
    campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask(campaign, now)
    cancel(actor=job.requester.user, job=job, at=now)
    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "append", no_ledger)
        settle_pending.run()
    assert Alarm.objects.get().kind == AlarmKind.OWED
    settle_pending.run()
    assert not Alarm.objects.exists()


def test_an_organisation_without_keys_keeps_no_other_from_its_checkpoint(sample: Sample, now: datetime) -> None:
    operator = User.objects.get(username="operator")
    found_organisation(actor=operator, slug="a-first", name="Without keys", at=now)
    settle_pending.run()
    checkpoints.run()
    assert pipeline.checkpoint_path(sample.organisation.slug).exists()
    assert not pipeline.checkpoint_path("a-first").exists()
