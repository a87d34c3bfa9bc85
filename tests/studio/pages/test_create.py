"""Asking for pictures: what is sent, what is said about mistakes, and that nothing typed is lost."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.jobs import words
from studio.jobs.models import Job
from studio.operations.sample import Sample
from studio.projects.models import Campaign, Project

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(browse: Callable[[str], Client]) -> Client:
    """The creator's browser."""
    return browse("creator")


@pytest.fixture
def where(campaign: Campaign) -> str:
    """The address of the form."""
    return reverse("create", args=[campaign.pk])


def filled(sample: Sample, **changes: str) -> dict[str, str]:
    """A form that is in order, but for `changes`."""
    typed = {
        "prompt": "woman farmer, green background",
        "language": "en",
        "model": str(sample.model.pk),
        "count": "2",
        "idempotency_key": "one-form",
    }
    return typed | changes


def test_a_request_is_accepted_and_shown(client: Client, where: str, sample: Sample) -> None:
    answer = client.post(where, filled(sample))
    job = Job.objects.get()
    assert answer.headers["Location"] == reverse("request", args=[job.pk])
    assert words.open_words(job).prompt == "woman farmer, green background"
    assert (job.count, job.language, job.idempotency_key) == (2, "en", "one-form")
    defaults = sample.model.defaults
    assert {name: job.spec[name] for name in defaults} == dict(defaults)


def test_sending_twice_asks_once(client: Client, where: str, sample: Sample) -> None:
    first, second = client.post(where, filled(sample)), client.post(where, filled(sample))
    assert first.headers["Location"] == second.headers["Location"]
    assert Job.objects.count() == 1


def test_two_forms_draw_two_seeds(client: Client, where: str, sample: Sample) -> None:
    pages = [client.get(where).content.decode() for _ in range(2)]
    keys = {re.findall(r'name="idempotency_key" value="([^"]+)"', page)[0] for page in pages}
    assert len(keys) == 2
    for key in keys:
        client.post(where, filled(sample, idempotency_key=key))
    assert len({job.spec["seed"] for job in Job.objects.all()}) == 2


def test_one_key_for_two_requests_is_explained(client: Client, where: str, sample: Sample) -> None:
    client.post(where, filled(sample))
    answer = client.post(where, filled(sample, prompt="a goat"))
    assert answer.status_code == 422
    assert "This key was used for another request" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", "x" * 2001),
        ("prompt", "bell \x07"),
        ("count", "0"),
        ("count", "17"),
        ("count", "many"),
        ("width", "100000"),
        ("height", "257"),
        ("steps", "0"),
        ("guidance", "31"),
        ("guidance", "nan"),
        ("seed", "-1"),
        ("seed", "minus one"),
        ("seed", "9" * 30),
        ("language", "xx"),
        ("model", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(
    field: str, value: str, client: Client, where: str, sample: Sample
) -> None:
    answer = client.post(where, filled(sample, negative_prompt="rain clouds", **{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert "rain clouds" in page
    assert 'value="one-form"' in page
    assert not Job.objects.exists()


def test_a_spent_budget_is_said_at_the_count(client: Client, where: str, sample: Sample) -> None:
    Project.objects.update(budget=1)
    answer = client.post(where, filled(sample))
    assert answer.status_code == 422
    assert "budget has 1 picture left" in answer.content.decode()


def test_only_creators_may(browse: Callable[[str], Client], where: str, sample: Sample) -> None:
    answer = browse("reviewer").post(where, filled(sample))
    assert answer.status_code == 403
    assert not Job.objects.exists()
    assert "role of creator" in browse("reviewer").get(where).content.decode()


def test_cost_and_place_are_shown_before_the_button(client: Client, where: str, sample: Sample) -> None:
    page = client.get(where).content.decode()
    assert "Nobody waits" in page
    client.post(where, filled(sample))
    Job.objects.update(state="QUEUED")
    page = client.get(where).content.decode()
    assert "1 request before it, 1 of them yours" in page
    assert f">{sample.project.budget - 2}<" in page


def test_words_the_model_does_not_know(
    client: Client, campaign: Campaign, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "unknown_words", lambda folder, prompt: ("zeppelin",) if "zeppelin" in prompt else ())
    where = reverse("unknown-words", args=[campaign.pk])
    assert "zeppelin" in client.post(where, {"model": sample.model.pk, "prompt": "a zeppelin"}).content.decode()
    assert client.post(where, {"model": sample.model.pk, "prompt": "a cow"}).content.strip() == b""
    assert client.post(where, {"model": "none", "prompt": "a zeppelin"}).content.strip() == b""


def test_a_project_without_a_policy_says_so(client: Client, where: str) -> None:
    Project.objects.get().policies.all().delete()
    assert "no published policy" in client.get(where).content.decode()
