"""Starting from a picture on the pages: choosing it, mistakes, what is shown of it and to whom."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.jobs import reference, screening, words
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.offering import DEFAULT_STRENGTH
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.models import AuditRow
from tests.studio.pages.test_create import filled
from tests.studio.pages.test_desk import opened
from tests.studio.requests import ask
from tests.studio.test_reference import HEIGHT, RIGHTS, WIDTH, filed, gradient, offered

pytestmark = pytest.mark.django_db
Browse = Callable[[str], Client]


@pytest.fixture
def client(browse: Browse) -> Client:
    """The creator's browser."""
    return browse("creator")


@pytest.fixture
def where(campaign: Campaign) -> str:
    """The address of the form."""
    return reverse("create", args=[campaign.pk])


def chosen(data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("net.png", filed(gradient()) if data is None else data, "image/png")


def test_a_request_with_a_picture_is_accepted_and_shown(client: Client, where: str, sample: Sample) -> None:
    form = client.get(where).content.decode()
    assert 'enctype="multipart/form-data"' in form
    assert "It can start from one" in form
    answer = client.post(where, filled(sample, rights=RIGHTS, strength="0.25") | {"reference": chosen()})
    job = Job.objects.get()
    assert answer.headers["Location"] == reverse("request", args=[job.pk])
    assert reference.opened(job).pixels == gradient().tobytes()
    assert (job.spec["strength"], words.open_words(job).rights) == (0.25, RIGHTS)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "25 % is painted over" in page
    assert job.reference_sha256 in page
    assert RIGHTS in page


def test_without_a_number_the_usual_part_is_painted_over(client: Client, where: str, sample: Sample) -> None:
    client.post(where, filled(sample, rights=RIGHTS, strength="") | {"reference": chosen()})
    assert Job.objects.get().spec["strength"] == DEFAULT_STRENGTH


def test_without_a_picture_nothing_of_it_is_asked_for(client: Client, where: str, sample: Sample) -> None:
    client.post(where, filled(sample, strength="0.6"))
    assert not {"strength", "reference_sha256"} & set(Job.objects.get().spec)


@pytest.mark.parametrize(
    ("field", "data", "typed", "sentence"),
    [
        ("rights", None, {}, "by what right it is used"),
        ("strength", None, {"rights": RIGHTS, "strength": "2"}, "choose a number from 0.05 to 1"),
        ("reference", b"no picture", {"rights": RIGHTS}, "cannot be read as a PNG, JPEG or WebP"),
        ("reference", b"", {"rights": RIGHTS}, "empty"),
    ],
)
def test_a_mistake_is_named_at_its_field_and_nothing_is_lost(
    client: Client, where: str, sample: Sample, field: str, data: bytes | None, typed: dict[str, str], sentence: str
) -> None:
    answer = client.post(where, filled(sample, negative_prompt="rain clouds", **typed) | {"reference": chosen(data)})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert sentence in page
    assert "rain clouds" in page
    assert "choose it again" in page
    assert not Job.objects.exists()


def test_a_forgotten_picture_is_noticed(client: Client, where: str, sample: Sample) -> None:
    answer = client.post(where, filled(sample, rights=RIGHTS))
    assert answer.status_code == 422
    assert "Choose the picture, or empty the field" in answer.content.decode()
    assert not Job.objects.exists()


def test_too_large_a_file_loses_nothing_else_of_the_form(
    client: Client, where: str, sample: Sample, settings: LazySettings, tmp_path: Path
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 100_000
    settings.FILE_UPLOAD_TEMP_DIR = uploads = tmp_path / "uploads"
    uploads.mkdir()
    answer = client.post(where, filled(sample, rights=RIGHTS) | {"reference": chosen(bytes(3_000_000))})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "larger than 97.7" in page
    assert "woman farmer, green background" in page
    assert RIGHTS in page
    assert not Job.objects.exists()
    assert not list(uploads.iterdir()), "what arrived of it is not left on the disk"


def test_where_no_model_can_it_is_not_offered(
    client: Client, where: str, sample: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "starts_from_pictures", lambda family: False)
    page = client.get(where).content.decode()
    assert "It cannot start from one" in page
    assert 'name="reference"' not in page


@pytest.fixture
def held(campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A request whose picture could not be screened."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("weights gone")

    monkeypatch.setattr(pipeline, "screen_picture", broken)
    job = ask(campaign, now, offered=offered(), strength=0.5)
    assert screening.screen(job.pk, at=now) == JobState.HELD
    return job


def shown_in(page: str) -> str:
    """The data address of the only picture on a page."""
    _, _, rest = page.partition('src="data:')
    return "data:" + rest.partition('"')[0]


def test_a_reviewer_rules_on_what_they_can_see(held: Job, browse: Browse) -> None:
    where = reverse("admin:rule-request", args=[held.pk])
    page = browse("reviewer").get(where).content.decode()
    assert "The picture to start from" in page
    assert RIGHTS in page
    blurred = opened(shown_in(page))
    assert blurred.tobytes() != gradient().tobytes()
    assert not AuditRow.objects.filter(verb="job.reveal").exists()
    answer = browse("reviewer").post(reverse("admin:reveal-start", args=[held.pk]))
    revealed = opened(shown_in(answer.content.decode()))
    assert (revealed.size, revealed.tobytes()) == ((WIDTH, HEIGHT), gradient().tobytes())
    assert "no-store" in answer.headers["Cache-Control"]
    assert AuditRow.objects.get(verb="job.reveal").object_id == str(held.pk)


def test_only_reviewers_see_it(held: Job, browse: Browse, outsider: Client) -> None:
    where = reverse("admin:reveal-start", args=[held.pk])
    for client in (browse("creator"), browse("auditor"), browse("administrator"), outsider, browse("")):
        assert b"data:image" not in client.post(where).content
    page = browse("auditor").get(reverse("request", args=[held.pk])).content.decode()
    assert RIGHTS not in page
    assert held.reference_sha256 in page
    assert not AuditRow.objects.filter(verb="job.reveal").exists()


def test_the_maker_is_told_which_of_the_two_is_held(held: Job, client: Client) -> None:
    page = client.get(reverse("request", args=[held.pk])).content.decode()
    assert "The picture to start from:" in page
    assert "It could not be screened" in page
