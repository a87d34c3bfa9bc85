"""The transition table, and the compare-and-set that enforces it."""

from datetime import datetime
from uuid import uuid4

import pytest

from studio.jobs.models import Job
from studio.jobs.states import JOB_ENDS, SUBMITTABLE, TRANSITIONS, VISIBLE, JobState, PictureState, advance
from studio.trail.errors import StaleStateError
from tests.studio.requests import ask

BEFORE = {PictureState.GENERATED, PictureState.QUARANTINED, PictureState.CHECKED, PictureState.SIGNED}


def test_every_state_is_reached_and_ends_lead_nowhere() -> None:
    reached = set().union(*TRANSITIONS.values())
    starts = {JobState.DRAFT, JobState.SUBMITTED, PictureState.GENERATED}
    assert reached | starts == {*JobState.values, *PictureState.values}
    assert not JOB_ENDS & TRANSITIONS.keys()


def test_nothing_becomes_visible_but_through_signed() -> None:
    into_sight = {start for start, ends in TRANSITIONS.items() if start not in VISIBLE and ends & VISIBLE}
    assert into_sight == {PictureState.SIGNED}


def test_what_members_see_may_be_asked_approval_of_or_is_an_end_is_said_once() -> None:
    assert {state for state in PictureState if state not in BEFORE and state != PictureState.DISCARDED} == VISIBLE
    assert {start for start, ends in TRANSITIONS.items() if PictureState.IN_REVIEW in ends} == SUBMITTABLE
    assert set(JobState) - TRANSITIONS.keys() == JOB_ENDS


def test_a_change_the_table_does_not_know_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="HELD does not lead to DONE"):
        advance(Job, uuid4(), JobState.HELD, JobState.DONE)


def test_the_second_of_two_changes_is_stale(campaign: object, now: datetime) -> None:
    job = ask(campaign, now)
    advance(Job, job.pk, JobState.SUBMITTED, JobState.HELD)
    with pytest.raises(StaleStateError, match="no longer submitted"):
        advance(Job, job.pk, JobState.SUBMITTED, JobState.QUEUED)


def test_a_foreign_token_changes_nothing(campaign: object, now: datetime) -> None:
    job = ask(campaign, now)
    Job.objects.filter(pk=job.pk).update(state=JobState.GENERATING, token=uuid4(), lease=now)
    with pytest.raises(StaleStateError):
        advance(Job, job.pk, JobState.GENERATING, JobState.DONE, fence=uuid4())
    job.refresh_from_db()
    assert job.state == JobState.GENERATING
