"""While a database or a store is away, people and programs are told to come again, and nobody that we broke."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from tests.studio.api.program import program_of


def no_database(*_: Any) -> None:
    raise OperationalError("connection to server failed: Connection refused")


@pytest.fixture(autouse=True)
def in_service(sample: Sample, settings: LazySettings) -> None:
    """Developers are shown the traceback instead."""
    settings.DEBUG = False


@pytest.fixture
def without_storage(settings: LazySettings, tmp_path: Path) -> None:
    """Where the folder of signed files was is something else."""
    (tmp_path / "mislaid").write_bytes(b"")
    settings.STORAGE_URL = f"file://{tmp_path / 'mislaid'}"


def test_a_page_without_its_database_says_so(browse: Callable[[str], Client]) -> None:
    browser = browse("creator")
    browser.raise_request_exception = False
    with connection.execute_wrapper(no_database):
        answer = browser.get("/gallery/", headers={"accept-language": "fr"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), answer.content[:3000]
    assert "Connection refused" not in answer.content.decode()
    assert 'lang="fr"' in answer.content.decode()


def test_a_picture_without_its_store_says_so(
    browse: Callable[[str], Client], picture: Picture, without_storage: None
) -> None:
    browser = browse("creator")
    browser.raise_request_exception = False
    answer = browser.get(reverse("picture-file", args=[picture.pk, "signed"]))
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), answer.content[:3000]


def test_what_is_broken_is_no_absence(browse: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("studio.jobs.browsing.render", broken)
    browser = browse("creator")
    browser.raise_request_exception = False
    assert browser.get("/gallery/").status_code == 500


def test_a_program_is_told_to_come_again(people: SimpleNamespace, sample: Sample) -> None:
    program = program_of(people.creator, sample.organisation)
    with connection.execute_wrapper(no_database):
        answer = program.post("/jobs", {"prompt": "potted plant"})
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5"), answer.content[:3000]
    assert answer.json()["type"] == "urn:imprimatur:problem:away"
    assert not Job.objects.exists()
