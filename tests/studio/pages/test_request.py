"""A request while it is worked on: its state in words, who reads the prompt, the preview, and cancelling."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.jobs import making, screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState
from studio.operations.demonstration import REQUESTS
from studio.projects.models import Campaign
from tests.studio.pages.printing import claim, hold_back
from tests.studio.requests import ask

PROMPT = "woman farmer, green background"
Browse = Callable[[str], Client]


def page_of(client: Client, job: Job) -> str:
    return client.get(reverse("request", args=[job.pk])).content.decode()


@pytest.mark.parametrize(
    ("role", "reads"), [("creator", True), ("reviewer", True), ("auditor", False), ("administrator", False)]
)
def test_the_words_are_for_their_maker_and_the_reviewers(role: str, reads: bool, job: Job, browse: Browse) -> None:
    assert (PROMPT in page_of(browse(role), job)) is reads


def test_the_list_shows_only_own_words(job: Job, campaign: Campaign, browse: Browse) -> None:
    where = reverse("campaign", args=[campaign.pk])
    assert PROMPT in browse("creator").get(where).content.decode()
    assert PROMPT not in browse("auditor").get(where).content.decode()


def test_erased_words_do_not_break_the_page(job: Job, browse: Browse) -> None:
    job.requester.subject_key.delete()
    assert browse("creator").get(reverse("request", args=[job.pk])).status_code == 200


@pytest.mark.parametrize(
    ("prompt", "state", "said"),
    [
        (REQUESTS[1], "HELD", "A reviewer has to look at this"),
        (REQUESTS[0], "BLOCKED", "The policy blocks this request"),
    ],
)
def test_a_stopped_request_says_why_and_what_to_do(
    prompt: str, state: str, said: str, campaign: Campaign, now: datetime, browse: Browse
) -> None:
    job = ask(campaign, now, prompt=prompt)
    assert screening.screen(job.pk, at=now) == state
    page = page_of(browse("creator"), job)
    reasons = job.screenings.get().reasons
    assert said in page
    assert reasons
    assert all(reason.split(".")[0].replace("'", "&#x27;") in page for reason in reasons)
    assert "other words" in page


def test_appealing_from_the_page(campaign: Campaign, now: datetime, browse: Browse) -> None:
    job = ask(campaign, now, prompt=REQUESTS[0])
    screening.screen(job.pk, at=now)
    where, client = reverse("request-appeal", args=[job.pk]), browse("creator")
    assert where in page_of(client, job)
    assert where not in page_of(browse("reviewer"), job)
    assert client.post(where, {"purpose": " "}).status_code == 422
    assert browse("reviewer").post(where, {"purpose": "A drill"}).status_code == 403
    sent = client.post(where, {"purpose": "A drill for nurses"})
    again = Job.objects.get(appeal_of=job)
    assert sent.headers["Location"] == reverse("request", args=[again.pk])
    assert "It was appealed" in page_of(client, job)
    screening.screen(again.pk, at=now)
    assert "This is an appeal" in page_of(client, again)
    desk = browse("reviewer").get(reverse("admin:desk")).content.decode()
    assert "an appeal" in desk
    assert (
        "A drill for nurses" in browse("reviewer").get(reverse("admin:rule-request", args=[again.pk])).content.decode()
    )
    assert "A drill for nurses" not in page_of(browse("auditor"), again)


def test_the_fragment_comes_only_when_something_moved(job: Job, browse: Browse) -> None:
    where, client = reverse("request-progress", args=[job.pk]), browse("creator")
    first = client.get(where)
    assert first.status_code == 200
    mark = first.context["mark"]
    assert client.get(where, {"mark": mark}).status_code == 204
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    assert client.get(where, {"mark": mark}).status_code == 200


def test_the_page_stops_asking_when_all_is_done(picture: Picture, browse: Browse) -> None:
    page = page_of(browse("creator"), picture.job)
    assert "hx-get" not in page
    assert reverse("picture-small", args=[picture.pk]) in page


def test_a_preview_is_for_members_and_kept_nowhere(job: Job, now: datetime, browse: Browse, outsider: Client) -> None:
    claimed = claim(job, now)
    where = reverse("request-preview", args=[job.pk])
    assert browse("creator").get(where).status_code == 204
    making._show(claimed, pipeline.Step(picture=0, index=1, total=2, preview=b"a small picture"))
    answer = browse("reviewer").get(where)
    assert (answer.content, answer.headers["Cache-Control"]) == (b"a small picture", "no-store")
    assert outsider.get(where).status_code == 404
    assert Client().get(where).status_code == 302
    assert where in page_of(browse("creator"), job)


def test_nothing_unsigned_is_shown(campaign: Campaign, now: datetime, browse: Browse) -> None:
    picture = hold_back(ask(campaign, now), now)
    client = browse("creator")
    assert "Held back" in page_of(client, picture.job)
    assert client.get(reverse("picture", args=[picture.pk])).status_code == 404
    assert client.get(reverse("picture-file", args=[picture.pk, "signed"])).status_code == 404


def test_cancelling(job: Job, browse: Browse) -> None:
    where = reverse("request-cancel", args=[job.pk])
    refused = browse("reviewer").post(where)
    assert refused.status_code == 403
    assert "role of administrator" in refused.content.decode()
    assert browse("creator").post(where).status_code == 302
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    again = browse("creator").post(where)
    assert again.status_code == 409
    assert "somebody else was faster" in again.content.decode()


@pytest.mark.parametrize("state", [state for state in JobState.values if state not in {"DRAFT", "GENERATING"}])
def test_every_state_has_a_page(state: str, job: Job, browse: Browse) -> None:
    Job.objects.filter(pk=job.pk).update(state=state)
    assert str(JobState(state).label) in page_of(browse("creator"), job)
