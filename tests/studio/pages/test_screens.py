"""The page of what screens: everything in force is on it, and its last failure, for members."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from studio.operations.sample import Sample
from studio.policies.screens import seen_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def where(sample: Sample) -> str:
    """The page's address."""
    return reverse("classifiers", args=[sample.organisation.pk])


def test_members_see_what_screens_and_reviewers_more_of_it(
    where: str, browse: Callable[[str], Client], outsider: Client, settings: LazySettings, tmp_path: Path
) -> None:
    file = tmp_path / "classifiers.json"
    entry = {"kind": "transformers", "name": "guard", "folder": "/nowhere/guard-7", "languages": ["en", "sw"],
             "labels": {"unsafe": "hate_extremism"}}  # fmt: skip
    file.write_text(json.dumps({"text": [entry]}))
    settings.CLASSIFIERS_FILE = str(file)
    page = browse("reviewer").get(where).content.decode()
    for word in (
        "heads",
        "opennsfw",
        "Nudity, second opinion",
        "guard-7",
        "Swahili",
        "Not installed",
        "none in the last 400",
    ):
        assert word in page
    assert "guard-7" not in browse("creator").get(where).content.decode()
    assert outsider.get(where).status_code == 404


def test_a_file_that_cannot_be_read_is_said_and_the_rest_still_listed(
    where: str, browse: Callable[[str], Client], settings: LazySettings, tmp_path: Path
) -> None:
    settings.CLASSIFIERS_FILE = str(tmp_path / "gone.json")
    page = browse("auditor").get(where).content.decode()
    assert "cannot be read" in page
    assert "heads" in page


def test_the_newest_answer_and_the_newest_failure_count(now: datetime) -> None:
    def decided(ago: int, **finding: object) -> SimpleNamespace:
        return SimpleNamespace(decision={"findings": [finding]}, at=now - timedelta(hours=ago))

    fault = {"coverage": "error", "source": "guard", "detail": {"fault": "it was too slow"}}
    seen = seen_in(
        [
            decided(1, **fault),
            decided(2, coverage="screened", source="guard", revision="ab"),
            decided(3, **{**fault, "detail": {"fault": "older"}}),
            decided(4, coverage="screened", source="rule:gore", revision="cd"),
            decided(5, coverage="screened", source="nudity", revision="ef"),
            SimpleNamespace(decision={"error": "OSError"}, at=now),
        ]  # type: ignore[list-item]
    )
    assert (seen["guard"].fault, seen["guard"].revision, seen["guard"].failing) == ("it was too slow", "ab", True)
    assert not seen["rules"].failing
    assert {"opennsfw", "nsfwjs"} <= seen.keys()
