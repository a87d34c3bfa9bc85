"""Asking for pictures: what is sent, what is said about mistakes, and that nothing typed is lost."""

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from provenance.renditions import SHAPES
from studio import pipeline
from studio.jobs import words
from studio.jobs.descent import Descent
from studio.jobs.models import Job, Picture
from studio.jobs.sizes import sizes_of
from studio.operations.sample import Sample
from studio.projects.models import Campaign, Project
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

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


def test_sizes_are_those_that_the_model_makes(client: Client, where: str, campaign: Campaign, sample: Sample) -> None:
    sizes = {size.preset.name: size for size in sizes_of(sample.model)}
    # A small model draws two of everything in a shape far from its own: that is cut out later, or not offered.
    assert {name for name, size in sizes.items() if size.cropped} == {"story", "banner"}
    assert "slide" not in sizes
    for size in sizes.values():
        if size.cropped:
            assert (size.width, size.height) == (256, 256)
        else:
            assert size.width / size.height == pytest.approx(size.preset.ratio, rel=0.02)
            assert size.width * size.height == pytest.approx(256 * 256, rel=0.35)
        assert size.preset.rendition in SHAPES
        assert size.preset.crops == SHAPES[size.preset.rendition].crops
    page = client.get(where).content.decode()
    assert all(f"{size.width} × {size.height}" in page for size in sizes.values())
    part = client.get(reverse("create-sizes", args=[campaign.pk]), {"model": sample.model.pk, "size": "story"})
    assert re.search(r'value="story" checked', part.content.decode())
    client.post(where, filled(sample, size="a4"))
    job = Job.objects.get()
    assert (job.spec["width"], job.spec["height"]) == (sizes["a4"].width, sizes["a4"].height)


def test_a_large_model_makes_what_a_small_one_does_not(sample: Sample) -> None:
    sample.model.defaults |= {"width": 1024, "height": 1024}
    sizes = {size.preset.name: size for size in sizes_of(sample.model)}
    assert not sizes["story"].cropped
    assert sizes["slide"].width / sizes["slide"].height == pytest.approx(16 / 9, rel=0.02)
    assert sizes["banner"].cropped


def test_pixels_go_before_a_channel_and_a_shape_that_cannot_be_is_refused(
    client: Client, where: str, sample: Sample
) -> None:
    client.post(where, filled(sample, size="portrait", width="128"))
    job = Job.objects.get()
    portrait = next(size for size in sizes_of(sample.model) if size.preset.name == "portrait")
    assert (job.spec["width"], job.spec["height"]) == (128, portrait.height)
    answer = client.post(where, filled(sample, size="slide", idempotency_key="another"))
    assert answer.status_code == 422
    assert 'id="id_size_error"' in answer.content.decode()
    assert 'value="slide"' not in client.get(where).content.decode()


@pytest.mark.parametrize(
    ("count", "said"), [("3", "Costs <b>3 pictures</b>"), ("9999", "More than the"), ("x", "left of")]
)
def test_the_cost_follows_the_count(count: str, said: str, client: Client, campaign: Campaign) -> None:
    assert said in client.get(reverse("create-cost", args=[campaign.pk]), {"count": count}).content.decode()


def test_a_variation_begins_as_the_picture_was_made(
    picture: Picture, client: Client, browse: Callable[[str], Client], where: str, sample: Sample, outsider: Client
) -> None:
    page = client.get(where, {"picture": picture.pk, "as": "variation"}).content.decode()
    assert "woman farmer, green background</textarea>" in page
    assert f'value="{picture.seed}"' in page
    assert "woman farmer" not in browse("auditor").get(where, {"picture": picture.pk}).content.decode()
    sent = filled(sample, prompt="woman farmer, blue background", count="1", seed=picture.seed)
    client.post(where, sent | {"origin": str(picture.pk), "relation": "VARIATION"})
    job = Job.objects.exclude(pk=picture.job_id).get()
    assert (job.origin, job.relation, job.spec["seed"]) == (picture, "VARIATION", picture.seed)
    [varied] = print_pictures(job, job.submitted)
    related = client.get(reverse("picture-tab", args=[picture.pk, "related"])).content.decode()
    assert "Variations of it" in related
    assert str(varied.pk) in related
    assert "Made as a variation of" in client.get(reverse("picture-tab", args=[varied.pk, "related"])).content.decode()
    assert client.get(where, {"picture": "nonsense"}).status_code == 404


def test_nobody_starts_out_from_anothers_picture(
    picture: Picture, campaign: Campaign, sample: Sample, client: Client, where: str
) -> None:
    Picture.objects.filter(pk=picture.pk).update(state="DISCARDED")
    assert client.get(where, {"picture": picture.pk}).status_code == 404
    sent = filled(sample, idempotency_key="k") | {"origin": str(picture.pk), "relation": "VARIATION"}
    assert client.post(where, sent).status_code == 404
    with pytest.raises(ValidationError, match="none of yours"):
        ask(campaign, picture.created, descent=Descent(origin=picture, relation="VARIATION"))


def test_asking_anew_begins_with_the_request(job: Job, client: Client, where: str, outsider: Client) -> None:
    page = client.get(where, {"request": job.pk}).content.decode()
    assert "woman farmer, green background</textarea>" in page
    assert 'name="count" value="2"' in page
    assert client.get(where, {"request": "00000000-0000-0000-0000-000000000000"}).status_code == 404
