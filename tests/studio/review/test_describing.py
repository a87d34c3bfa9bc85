"""Every text that could become a picture or stand beside one in public meets the prompt screen; none is overlooked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studio import pipeline
from studio.jobs import bell, screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState
from studio.jobs.words import TYPED
from studio.projects.models import Campaign
from studio.review import describing, tasks
from studio.review.actions import release
from studio.review.bulk import approve_together
from studio.review.models import DescriptionScreening, ReviewRequest
from studio.trail.models import AuditRow
from tests.studio.pages.conftest import browse
from tests.studio.requests import ask
from tests.studio.review.reviewing import approve, submit

__all__ = ["browse"]
SWAHILI = "Mama mkulima akivuna mahindi shambani asubuhi na watoto wake wakimsaidia kubeba vikapu"


def answer(monkeypatch: pytest.MonkeyPatch, action: str, category: str = "violence_graphic") -> list[tuple[str, str]]:
    """The screens answer with `action` from now on; returns what they are asked, prompt and negative prompt."""
    asked: list[tuple[str, str]] = []
    finding = {"category": category, "action": action, "mode": "enforce", "score": 1.0, "coverage": "screened"}

    def screen(prompt: str, negative: str, *, decision_id: object, **_: object) -> pipeline.Screened:
        asked.append((prompt, negative))
        return pipeline.Screened(action, {"id": str(decision_id), "findings": [finding]}, [f"because {action}"])

    monkeypatch.setattr(pipeline, "screen_prompt", screen)
    return asked


def texts(model: type[models.Model]) -> set[str]:
    """The fields of a model in which somebody's own words stand."""
    fields = [field for field in model._meta.get_fields() if type(field) in (models.TextField, models.CharField)]
    return {field.name for field in fields if not getattr(field, "choices", None)}


def test_both_prompts_meet_the_screen(campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ask(campaign, now, prompt="woman farmer", negative_prompt="blurry, text")
    asked = answer(monkeypatch, "review")
    assert screening.screen(job.pk, at=now) == JobState.HELD
    assert asked == [("woman farmer", "blurry, text")]
    assert TYPED == ("prompt", "negative_prompt"), "a new field with words has to be screened, too"


def test_a_negative_prompt_alone_can_stop_a_request(campaign: Campaign, now: datetime) -> None:
    plain = ask(campaign, now, prompt="woman farmer, green background")
    assert screening.screen(plain.pk, at=now) == JobState.QUEUED
    job = ask(campaign, now, prompt="woman farmer, green background", negative_prompt="clothes, dress")
    assert screening.screen(job.pk, at=now) == JobState.HELD


def test_no_other_words_of_a_request_or_a_submission_are_kept() -> None:
    """A text field that is new here must be screened, or be told apart from what is made or published."""
    for_reviewers, its_turn = {"purpose", "channel"}, {"turn"}
    assert texts(ReviewRequest) == {"alt_text"} | for_reviewers | its_turn
    written_by_code = {"language", "request_digest", "prompt_commitment", "idempotency_key", "failure", "state"}
    assert texts(Job) <= written_by_code


def test_a_description_is_screened_when_it_is_submitted(
    picture: Picture,
    people: SimpleNamespace,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    rung: list[object] = []
    monkeypatch.setattr(bell, "ring_description", rung.append)
    with django_capture_on_commit_callbacks(execute=True):
        review = submit(picture, people.creator, now, alt_text="A farmer with a hoe.")
    assert rung == [review.pk]
    asked = answer(monkeypatch, "annotate")
    tasks.describe(str(review.pk))
    tasks.describe(str(review.pk))
    assert asked == [("A farmer with a hoe.", "")]
    assert DescriptionScreening.objects.get().reasons == ["because annotate"]
    assert AuditRow.objects.filter(verb="review.describe").count() == 1


def test_one_that_was_not_heard_is_taken_up_by_the_sweep(
    review: ReviewRequest, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[object] = []
    monkeypatch.setattr(bell, "ring_description", rung.append)
    assert list(describing.left_over(now=now)) == []
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(seconds=5))
    tasks.sweep()
    assert rung == [review.pk]
    answer(monkeypatch, "allow")
    describing.screen_description(review.pk, at=now)
    tasks.sweep()
    assert rung == [review.pk]


def test_the_real_screens_let_a_plain_description_be_and_hold_what_they_cannot_read(
    pictures: list[Picture], people: SimpleNamespace, now: datetime
) -> None:
    plain = submit(pictures[0], people.creator, now, alt_text="A woman carries a basket of maize to a market.")
    unread = submit(pictures[1], people.creator, now, alt_text=SWAHILI)
    assert describing.screen_description(plain.pk, at=now).action == "allow"
    said = describing.screen_description(unread.pk, at=now)
    assert said.action == "review"
    assert any(finding["category"] == "uncovered_language" for finding in said.decision["findings"])


def test_a_screen_that_fails_leaves_it_to_a_person(
    review: ReviewRequest, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("weights gone")

    monkeypatch.setattr(pipeline, "screen_prompt", broken)
    said = describing.screen_description(review.pk, at=now)
    assert (said.action, said.decision["error"]) == ("review", "RuntimeError")


@pytest.mark.parametrize("action", describing.STOPPED)
def test_one_that_was_stopped_is_shown_and_read_by_itself(
    review: ReviewRequest,
    people: SimpleNamespace,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    browse: Callable[[str], Client],
    action: str,
) -> None:
    answer(monkeypatch, action)
    describing.screen_description(review.pk, at=now)
    page = browse("reviewer").get(reverse("admin:review_reviewrequest_change", args=[review.pk])).content.decode()
    assert f"because {action}" in page
    seen = {review.pk: review.picture.sha256}
    with pytest.raises(ValidationError, match="stopped one of the descriptions"):
        approve_together(actor=people.reviewer, reviews=[review], seen=seen, at=now)
    assert approve(review, people.reviewer, now).final
    assert release(actor=people.reviewer, picture=review.picture, at=now)


def test_what_no_person_may_let_through_is_never_released(
    review: ReviewRequest, people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "block", category="sexual_minors")
    describing.screen_description(review.pk, at=now)
    approve(review, people.reviewer, now)
    with pytest.raises(ValidationError, match="description"):
        release(actor=people.reviewer, picture=review.picture, at=now)
