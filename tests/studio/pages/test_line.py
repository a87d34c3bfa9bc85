"""The page of the queue: who sees what of whom, at what price, and trying again what ended short."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studio import pipeline, streams
from studio.accounts.actions import grant_role
from studio.accounts.models import Role
from studio.jobs import lining, making, screening
from studio.jobs.forecast import forecast
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.jobs.words import open_words
from studio.operations.demonstration import REQUESTS
from studio.projects.models import Campaign
from tests.studio.pages.printing import claim
from tests.studio.requests import ask

Browse = Callable[[str], Client]
PROMPT = "woman farmer, green background"
pytestmark = pytest.mark.django_db


@pytest.fixture
def others(campaign: Campaign, people: SimpleNamespace, now: datetime) -> Job:
    """A request of somebody else, queued."""
    organisation = campaign.project.organisation
    grant_role(actor=people.administrator, user=people.auditor, organisation=organisation, role=Role.CREATOR, at=now)
    job = ask(campaign, now, actor=people.auditor, prompt="two goats", seed=9)
    assert screening.screen(job.pk, at=now) == JobState.QUEUED
    return job


def page_of(client: Client) -> str:
    return client.get(reverse("queue")).content.decode()


def test_ones_own_are_counted_and_worded_and_nobody_elses(job: Job, others: Job, browse: Browse) -> None:
    page = page_of(browse("creator"))
    assert "1 of 2 are yours." in page
    assert PROMPT in page
    assert "two goats" not in page
    assert reverse("request-cancel", args=[job.pk]) in page
    assert reverse("request-cancel", args=[others.pk]) not in page
    reviewer = page_of(browse("reviewer"))
    assert "0 of 2 are yours." in reviewer
    assert PROMPT not in reviewer


def test_an_empty_line_teaches_and_strangers_see_none(job: Job, outsider: Client) -> None:
    page = page_of(outsider)
    assert "Nothing waits" in page
    assert "Choose a project" in page


def test_a_preview_is_ones_own(job: Job, now: datetime, browse: Browse) -> None:
    making._show(claim(job, now), pipeline.Step(picture=0, index=1, total=2, preview=b"a small picture"))
    where = reverse("request-preview", args=[job.pk])
    assert where in page_of(browse("creator"))
    assert "Step 1 of 4" in page_of(browse("reviewer"))
    assert where not in page_of(browse("reviewer"))


def test_the_price_does_not_grow_with_the_line(
    job: Job, others: Job, campaign: Campaign, now: datetime, browse: Browse
) -> None:
    client, prices = browse("creator"), []
    for _ in range(2):
        client.get(reverse("queue"))
        with CaptureQueriesContext(connection) as queries:
            page_of(client)
        prices.append(len(queries))
        for number in range(4):
            queued = ask(campaign, now, seed=100 + number + 10 * len(prices))
            screening.screen(queued.pk, at=now)
    assert prices[0] == prices[1]


def test_what_moves_comes_only_when_it_moved(job: Job, browse: Browse) -> None:
    client = browse("creator")
    first = client.get(reverse("queue-moves"))
    mark = first.context["line"].mark
    assert client.get(reverse("queue-moves"), {"mark": mark}).status_code == 204
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    assert client.get(reverse("queue-moves"), {"mark": mark}).status_code == 200


def test_events_carry_the_same_part_and_end_with_the_session(job: Job, people: SimpleNamespace, browse: Browse) -> None:
    client = browse("creator")
    answer = client.get(reverse("queue-events"))
    assert answer.headers["Content-Type"] == "text/event-stream"
    said = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert said.startswith("retry: ")
    assert "event: line\ndata: " in said
    assert PROMPT in said
    request = RequestFactory().get("/queue/events/")
    request.user, request.session = people.creator, client.session
    assert lining._looked(request) == lining._looked(request), "two looks at the same line are the same text"
    client.logout()
    assert lining._looked(request) == ("", False)


def test_a_full_house_is_told_to_ask_now_and_then(job: Job, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise streams.FullError

    monkeypatch.setattr(streams, "stream", full)
    answer = browse("creator").get(reverse("queue-events"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_cancelling_from_the_line_stays_there(job: Job, browse: Browse) -> None:
    answer = browse("creator").post(reverse("request-cancel", args=[job.pk]), {"back": "queue"})
    assert answer.headers["Location"] == reverse("queue")
    assert reverse("request-again", args=[job.pk]) in page_of(browse("creator"))


@pytest.mark.parametrize("state", ["FAILED", "LOST", "CANCELLED"])
def test_what_ended_short_is_tried_again_once(state: str, job: Job, now: datetime, browse: Browse) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, ended=now, failure="memory ran out")
    client, where = browse("creator"), reverse("request-again", args=[job.pk])
    shown = client.get(reverse("request", args=[job.pk])).content.decode()
    assert where in shown
    assert ("memory ran out" in shown) is (state != "CANCELLED")
    assert where not in browse("reviewer").get(reverse("request", args=[job.pk])).content.decode()
    for _ in range(2):
        answer = client.post(where)
    again = Job.objects.exclude(pk=job.pk).get()
    assert answer.headers["Location"] == reverse("request", args=[again.pk])
    assert again.again_of == job
    assert (open_words(again).prompt, again.spec, again.count) == (PROMPT, job.spec, job.count)
    assert where not in page_of(client)
    assert "It was tried again." in client.get(reverse("request", args=[job.pk])).content.decode()


def test_who_may_try_again_and_when(job: Job, now: datetime, browse: Browse) -> None:
    where = reverse("request-again", args=[job.pk])
    assert browse("creator").post(where).status_code == 422
    Job.objects.filter(pk=job.pk).update(state="FAILED", ended=now)
    assert browse("reviewer").post(where).status_code == 403
    Job.objects.filter(pk=job.pk).update(spec=job.spec | {"reference_sha256": "0" * 64, "strength": 0.5})
    refused = browse("creator").post(where)
    assert refused.status_code == 422
    assert "no longer kept" in refused.content.decode()
    assert Job.objects.count() == 1


def test_what_waits_for_a_person_is_told(campaign: Campaign, now: datetime, browse: Browse) -> None:
    job = ask(campaign, now, prompt=REQUESTS[1])
    assert screening.screen(job.pk, at=now) == JobState.HELD
    assert "waiting for a reviewer" in page_of(browse("creator"))
    assert "waiting for a reviewer" not in page_of(browse("auditor"))


def test_a_wait_is_guessed_from_what_the_last_ones_took(
    job: Job, others: Job, campaign: Campaign, now: datetime
) -> None:
    assert forecast().seconds_a_picture is None
    Job.objects.filter(pk=others.pk).update(state="DONE", started=now - timedelta(seconds=50), ended=now, count=1)
    Job.objects.filter(pk=job.pk).update(state="QUEUED", count=3)
    assert forecast().wait_minutes == 3
    Job.objects.filter(pk=job.pk).update(state="DONE")
    assert forecast().wait_minutes == 0
