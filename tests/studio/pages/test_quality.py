"""The filter-quality report: people's rulings measured against what the screens stopped, with no word of any prompt."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from studio.jobs import screening
from studio.jobs.appealing import appeal
from studio.jobs.models import Job, Screening
from studio.jobs.states import JobState
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review import quality
from studio.review.rulings import rule_on_hold
from tests.studio.requests import ask

UNDIGNIFIED = "starving crying child begging for food, empty plate"
DAY = timedelta(days=1)


def held(campaign: Campaign, at: datetime) -> Job:
    """A request held for how it shows people."""
    job = ask(campaign, at, prompt=UNDIGNIFIED)
    assert screening.screen(job.pk, at=at) == JobState.HELD
    job.refresh_from_db()
    return job


def rule(job: Job, sample: Sample, at: datetime, *, let_through: bool) -> None:
    rule_on_hold(actor=sample.people["reviewer"], job=job, let_through=let_through, reason="Looked at.", at=at)


@pytest.fixture
def answered(campaign: Campaign, sample: Sample, now: datetime) -> Sample:
    """Two held requests, one let through and one refused an hour later, and a third that waits."""
    for let_through in (True, False):
        rule(held(campaign, now), sample, now + timedelta(hours=1), let_through=let_through)
    held(campaign, now)
    return sample


def test_rulings_say_how_often_a_screen_was_wrong(answered: Sample, now: datetime) -> None:
    report = quality.report(answered.organisation, since=now - DAY)
    line = next(line for line in report.lines if line.category == "dignity_stereotype")
    assert (line.language, line.held, line.answered, line.overturned) == ("en", 3, 2, 1)
    assert line.wait == timedelta(hours=1)
    assert line.wrong["share"] == 0.5
    assert 0 < line.wrong["low"] < 0.5 < line.wrong["high"] < 1
    assert report.unread["en"]["count"] == 0


def test_what_is_older_than_the_period_is_left_out(answered: Sample, now: datetime) -> None:
    assert quality.report(answered.organisation, since=now + DAY).screened == 0


def test_an_appeal_answers_for_the_request_that_was_blocked(campaign: Campaign, sample: Sample, now: datetime) -> None:
    blocked = ask(campaign, now, prompt=REQUESTS[0])
    assert screening.screen(blocked.pk, at=now) == JobState.BLOCKED
    blocked.refresh_from_db()
    again = appeal(actor=sample.people["creator"], job=blocked, purpose="A drill", at=now + DAY)
    screening.screen(again.pk, at=now + DAY)
    again.refresh_from_db()
    rule(again, sample, now + DAY + timedelta(hours=2), let_through=True)
    report = quality.report(sample.organisation, since=now - DAY)
    assert report.screened == 1
    assert {(line.blocked, line.answered, line.overturned, line.wait) for line in report.lines} == {
        (1, 1, 1, timedelta(hours=2))
    }


def test_a_rule_on_trial_is_counted_where_it_would_have_been_stricter(
    campaign: Campaign, sample: Sample, now: datetime
) -> None:
    job = ask(campaign, now)
    screening.screen(job.pk, at=now)
    kept = Screening.objects.get(job=job)
    kept.decision["findings"][0] |= {"category": "ip_style", "mode": "shadow", "action": "block"}
    kept.save(update_fields=["decision"])
    (line,) = quality.report(sample.organisation, since=now - DAY).lines
    assert (line.category, line.shadowed, line.held, line.blocked) == ("ip_style", 1, 0, 0)


def test_the_page_and_its_rows_hold_no_words(answered: Sample, browse: Callable[[str], Client]) -> None:
    page = browse("auditor").get(reverse("admin:quality")).content.decode()
    assert "Dignity and stereotypes" in page
    assert "50 %" in page
    answer = browse("reviewer").get(reverse("admin:quality-rows"), {"days": "30"})
    rows = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert sorted(row["label"] for row in rows) == ["let through", "refused"]
    assert all(row["scores"] and row["stopped_for"] == ["dignity_stereotype"] for row in rows)
    assert "starving" not in page + json.dumps(rows)


def test_a_custodian_alone_is_told_whose_it_is(sample: Sample, browse: Callable[[str], Client]) -> None:
    where = reverse("admin:quality")
    assert browse("custodian").get(where).status_code == 403
    assert where not in browse("custodian").get(reverse("admin:desk")).content.decode()
    assert where in browse("auditor").get(reverse("admin:desk")).content.decode()
