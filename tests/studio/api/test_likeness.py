"""The interface of OpenAI's clients: the same rules, their words, and refusals that they do not repeat in vain."""

import base64
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from studio import blobs
from studio.api import likeness, waiting
from studio.api.models import Scope
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from tests.studio.api.program import Program, program_of
from tests.studio.pages.printing import print_pictures

ASKED: dict[str, Any] = {"prompt": "woman farmer, green background", "size": "256x256", "steps": 2}


@pytest.fixture
def openai(people: SimpleNamespace, campaign: Campaign, sample: Sample) -> Program:
    """A client whose token names the campaign that its requests cannot."""
    return program_of(people.creator, sample.organisation, root="/v1", campaign=campaign)


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """In the place of the pause between two looks: workers that print the pictures, or bring the request elsewhere."""

    def at_work(**changed: object) -> None:
        def work(_: float) -> None:
            job = Job.objects.latest("submitted")
            if changed:
                Job.objects.filter(pk=job.pk).update(**changed)
            elif not Picture.objects.filter(job=job).exists():
                print_pictures(job, job.submitted)

        monkeypatch.setattr(waiting.time, "sleep", work)

    return at_work


def test_pictures_come_as_bytes_and_as_addresses(openai: Program, workers: Callable[..., None]) -> None:
    workers()
    told = openai.post("/images/generations", ASKED | {"n": 2, "response_format": "b64_json", "user": "u"}).json()
    job = Job.objects.get()
    pictures = [blobs.get(one.sha256) for one in job.pictures.order_by("index")]
    assert [base64.b64decode(one["b64_json"]) for one in told["data"]] == pictures
    assert (job.count, job.spec["width"], told["job"]) == (2, 256, f"http://testserver/api/v1/jobs/{job.pk}")
    told = openai.post("/images/generations", ASKED, idempotency_key="k").json()
    again = openai.post("/images/generations", ASKED, idempotency_key="k").json()
    assert told["job"] == again["job"]
    file = Client().get(told["data"][0]["url"])
    assert file.content == blobs.get(Picture.objects.get(job__idempotency_key="k").sha256)


def test_models(openai: Program, sample: Sample) -> None:
    model = openai.get("/models").json()["data"][0]
    assert (model["id"], model["owned_by"]) == (sample.model.slug, "Sample Aid")
    assert openai.get(f"/models/{sample.model.slug}").json() == model
    assert openai.get("/models/dall-e-3").json()["error"]["code"] == "model_not_found"


def test_what_means_nothing_here_is_named(openai: Program) -> None:
    for wrong, param, told in (
        ({"quality": "hd"}, "quality", "auto, standard"),
        ({"style": "vivid"}, "style", "no meaning here"),
        ({"mask": "x"}, "mask", "unknown here"),
        ({"stream": True}, "stream", "have a meaning here: False"),
        ({"size": "tall"}, "size", "pattern"),
        ({"size": "1792x33"}, "size", "8"),
        ({"n": 99}, "n", "16"),
        ({"n": 0}, "n", ""),
        ({"model": "dall-e-3"}, "model", "starter-"),
        ({"prompt": None}, "prompt", "string"),
    ):
        answer = openai.post("/images/generations", ASKED | wrong)
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["param"]) == (422, "invalid_request_error", param)
        assert told in error["message"], error
        assert answer.headers["x-should-retry"] == "false"
    assert not Job.objects.exists()


def test_neutral_values_are_taken(openai: Program, workers: Callable[..., None]) -> None:
    workers()
    neutral = {"quality": "auto", "background": None, "stream": False, "output_format": "png", "size": "auto"}
    assert openai.post("/images/generations", ASKED | neutral).status_code == 200


def test_a_client_without_a_campaign_is_told_what_to_do(
    people: SimpleNamespace, campaign: Campaign, sample: Sample
) -> None:
    answer = program_of(people.creator, sample.organisation, root="/v1").post("/images/generations", ASKED)
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "campaign")
    reader = program_of(people.creator, sample.organisation, Scope.READ, root="/v1")
    assert reader.post("/images/generations", ASKED).json()["error"]["type"] == "permission_error"
    stranger = Program(root="/v1").post("/images/generations", ASKED)
    assert (stranger.status_code, stranger.json()["error"]["code"]) == (401, "invalid_api_key")


def test_what_does_not_come_to_pictures(
    openai: Program, workers: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for changed, status, code in (
        ({"state": "HELD"}, 409, "held_for_review"),
        ({"state": "BLOCKED"}, 400, "content_policy_violation"),
        ({"state": "CANCELLED"}, 409, "cancelled"),
        ({"state": "FAILED", "failure": "The model's files cannot be read."}, 500, "failed"),
        ({"state": "LOST"}, 500, "lost"),
    ):
        workers(**changed)
        answer = openai.post("/images/generations", ASKED)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (status, code)
        assert error["job"].endswith(f"/api/v1/jobs/{Job.objects.latest('submitted').pk}")
        assert answer.headers["x-should-retry"] == "false", (
            "asking again would come to the same, or to a second request"
        )
    monkeypatch.setattr(likeness, "WAIT_SECONDS", 0)
    answer = openai.post("/images/generations", ASKED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (408, "still_working")


def test_too_much_at_once_may_be_repeated(openai: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(waiting.PLACES):
        assert waiting._places.acquire(blocking=False)
    try:
        answer = openai.post("/images/generations", ASKED)
    finally:
        waiting._places.release(waiting.PLACES)
    assert (answer.status_code, answer.headers["Retry-After"], answer.headers["x-should-retry"]) == (429, "5", "true")
    assert answer.json()["error"]["type"] == "rate_limit_error"
    assert not Job.objects.exists()
