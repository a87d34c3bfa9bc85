"""The page of one picture in review: reasons, comments, flags, reveals, looks, comparing; and what the maker sees."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from studio.accounts.models import User
from studio.jobs.models import Picture, Screening
from studio.review import looking
from studio.review.actions import submit_for_review
from studio.review.models import Comment, Flag, Look, ReviewDecision, ReviewRequest
from studio.trail.models import AuditRow
from tests.studio.pages.conftest import WORDS
from tests.studio.review.conftest import reviewer

Browse = Callable[[str], Client]
__all__ = ["reviewer"]


def place(review: ReviewRequest) -> str:
    return reverse("admin:review_reviewrequest_change", args=[review.pk])


def at(name: str, review: ReviewRequest) -> str:
    return reverse(f"admin:review-{name}", args=[review.pk])


def decision(review: ReviewRequest, **changes: object) -> dict[str, object]:
    return {"outcome": "CHANGES_REQUESTED", "reason": "", "seen_sha256": review.picture.sha256} | changes


def test_a_reason_is_compulsory_and_may_be_chosen(review: ReviewRequest, browse: Browse) -> None:
    client = browse("reviewer")
    refused = client.post(place(review), decision(review))
    assert refused.status_code == 422
    assert "Choose a reason" in refused.content.decode()
    assert client.post(place(review), decision(review, reasons=["no such"])).status_code == 422
    chosen = decision(review, reasons=["likeness", "description"], reason="See the face.")
    assert client.post(place(review), chosen).status_code == 302
    made = ReviewDecision.objects.get()
    assert made.reasons == ["likeness", "description"]
    assert made.reason == "See the face."
    assert made.told.startswith("Somebody could take a person")
    with override("fr"):
        assert not made.told.startswith("Somebody")
        assert made.told.endswith("See the face.")


def test_a_choice_alone_is_a_reason_and_nothing_is_none(review: ReviewRequest, browse: Browse) -> None:
    chosen = decision(review, reasons=["likeness"])
    assert browse("reviewer").post(place(review), chosen).status_code == 302
    assert ReviewDecision.objects.get().told.startswith("Somebody could take a person")
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewDecision.objects.update(reasons=[])


def test_a_comment_is_pinned_to_a_place(review: ReviewRequest, browse: Browse) -> None:
    client = browse("reviewer")
    answer = client.post(at("comment", review), {"text": "This hand", "x": 253, "y": 1000}, headers={"HX-Request": "1"})
    page = answer.content.decode()
    assert 'cx="25.3%" cy="100.0%"' in page
    assert "This hand" in page
    assert client.post(at("comment", review), {"text": "All of it"}).status_code == 302
    assert [(one.x, one.y) for one in Comment.objects.all()] == [(253, 1000), (None, None)]
    for wrong in ({"text": ""}, {"text": "Where?", "x": 5}, {"text": "Outside", "x": 1001, "y": 3}):
        assert client.post(at("comment", review), wrong).status_code == 422
    assert Comment.objects.count() == 2
    assert AuditRow.objects.filter(verb="review.comment").count() == 2


def test_the_maker_reads_it_and_answers_by_submitting_again(
    review: ReviewRequest, browse: Browse, people: SimpleNamespace, now: datetime
) -> None:
    client, maker = browse("reviewer"), browse("creator")
    client.post(at("comment", review), {"text": "This hand", "x": 253, "y": 500})
    client.post(place(review), decision(review, reason="Draw the hand anew."))
    page = maker.get(reverse("picture", args=[review.picture_id])).content.decode()
    assert all(words in page for words in ("This hand", "Draw the hand anew.", 'cx="25.3%"'))
    again = submit_for_review(actor=people.creator, picture=review.picture, at=now + timedelta(hours=1), **WORDS)
    assert Comment.objects.get().answered == again
    page = maker.get(reverse("picture", args=[review.picture_id])).content.decode()
    assert "Answered by the submission" in page
    assert 'cx="25.3%"' not in page
    desk = client.get(place(again)).content.decode()
    assert "Submitted again" in desk
    assert "Draw the hand anew." in desk


def test_nobody_comments_on_what_they_shaped_or_what_is_over(
    review: ReviewRequest, browse: Browse, outsider: Client
) -> None:
    assert outsider.post(at("comment", review), {"text": "Hello"}).status_code == 404
    assert browse("auditor").post(at("comment", review), {"text": "Hello"}).status_code == 403
    browse("reviewer").post(place(review), decision(review, reason="No"))
    assert browse("reviewer").post(at("comment", review), {"text": "Late"}).status_code == 409
    assert not Comment.objects.exists()


def test_a_flagged_picture_is_revealed_on_record_and_not_approved_unseen(review: ReviewRequest, browse: Browse) -> None:
    client, file = browse("reviewer"), reverse("picture-file", args=[review.picture_id, "signed"])
    client.post(at("flag", review), {"reason": "Blood"})
    page = client.get(place(review)).content.decode()
    assert file not in page
    assert "reviewer flagged it: Blood" in page
    unseen = client.post(place(review), decision(review, outcome="APPROVED"))
    assert unseen.status_code == 422
    assert "reveal it before you approve it" in unseen.content.decode()
    assert not AuditRow.objects.filter(verb="picture.reveal").exists()
    client.post(at("reveal", review))
    row = AuditRow.objects.get(verb="picture.reveal")
    assert (row.object_id, str(row.actor)) == (str(review.picture_id), "reviewer")
    assert file in client.get(place(review)).content.decode()
    assert client.post(place(review), decision(review, outcome="APPROVED")).status_code == 302


def test_a_flag_is_lifted(review: ReviewRequest, browse: Browse) -> None:
    client = browse("reviewer")
    assert client.post(at("flag", review), {"reason": ""}).status_code == 422
    client.post(at("flag", review), {"reason": "Blood"})
    client.post(at("flag", review), {"reason": "Twice"})
    assert Flag.objects.get().reason == "Blood"
    assert ReviewRequest.objects.get(pk=review.pk).flagged
    client.post(at("unflag", review))
    client.post(at("unflag", review))
    assert not ReviewRequest.objects.get(pk=review.pk).flagged
    assert AuditRow.objects.filter(verb="review.unflag").count() == 1


def test_what_the_screens_noted_flags_a_picture(review: ReviewRequest, browse: Browse) -> None:
    Screening.objects.filter(picture=review.picture).update(decision={"error": "RuntimeError", "findings": []})
    page = browse("reviewer").get(place(review)).content.decode()
    assert "A screen noted something sexual or violent, or failed." in page
    assert "Reveal it" in page


def test_opening_it_is_looking_at_it(
    review: ReviewRequest, browse: Browse, reviewer: Callable[..., User], now: datetime
) -> None:
    other = Client()
    other.force_login(reviewer("other"))
    assert browse("reviewer").get(place(review)).context["look"].mine
    page = other.get(place(review)).content.decode()
    assert "Being looked at by <b>reviewer</b>" in page
    answer = other.post(place(review), decision(review, reason="What I wrote"))
    assert answer.status_code == 422
    assert "reviewer is looking at it now" in answer.content.decode()
    assert "What I wrote" in answer.content.decode()
    Look.objects.update(until=now, since=now - looking.LEASE)
    assert other.get(place(review)).context["look"].mine
    beat = browse("reviewer").post(at("looking", review)).content.decode()
    assert "Being looked at by <b>other</b>" in beat


def test_readers_do_not_keep_reviewers_waiting(review: ReviewRequest, browse: Browse) -> None:
    assert browse("auditor").get(place(review)).status_code == 200
    assert not Look.objects.exists()
    browse("auditor").post(at("looking", review), {"again": "1"})
    assert not Look.objects.exists()


def test_the_page_asks_the_database_nothing_twice(review: ReviewRequest, browse: Browse) -> None:
    client = browse("reviewer")
    client.get(place(review))
    with CaptureQueriesContext(connection) as queries:
        assert client.get(place(review)).status_code == 200
    asked = [query["sql"] for query in queries]
    assert len(asked) <= 27
    assert not [sql for sql, times in Counter(asked).items() if times > 1]


def test_comparing_with_a_sibling(review: ReviewRequest, browse: Browse) -> None:
    sibling = Picture.objects.get(job=review.picture.job_id, index=1)
    page = browse("reviewer").get(at("compare", review)).content.decode()
    for picture in (review.picture, sibling):
        assert reverse("picture-file", args=[picture.pk, "signed"]) in page
        assert picture.seed in page
    assert browse("reviewer").get(at("compare", review), {"with": "nonsense"}).status_code == 200


@pytest.mark.parametrize("name", ["comment", "flag", "unflag", "reveal", "looking", "invite", "blurred", "compare"])
def test_another_organisations_review_is_nowhere(name: str, review: ReviewRequest, outsider: Client) -> None:
    where = at(name, review)
    method = outsider.get if name in {"blurred", "compare"} else outsider.post
    assert method(where).status_code == 404
    assert outsider.get(place(review)).status_code == 404
