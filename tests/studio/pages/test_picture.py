"""The picture page, its files, and the maker's steps: submit, release, withdraw."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studio import blobs
from studio.jobs.models import Job, Picture
from studio.jobs.states import VISIBLE, PictureState
from studio.projects.models import Campaign
from studio.review.actions import decide
from studio.review.models import ReviewRequest, Withdrawal
from studio.review.views import ABOUT
from tests.studio.files import signed_file
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

Browse = Callable[[str], Client]
SUBMISSION = {
    "purpose": "Poster",
    "channel": "poster",
    "alt_text": "A plain blue picture.",
    "resembles_somebody": "no",
    "passes_for_real": "no",
    "shows_dignity": "yes",
    "puts_at_risk": "no",
}


def at(name: str, picture: Picture, *more: str) -> str:
    return reverse(name, args=[picture.pk, *more])


def test_the_page_says_what_it_is_and_where_it_stands(picture: Picture, browse: Browse) -> None:
    client = browse("creator")
    pages = {tab: client.get(at("picture-tab", picture, tab)).content.decode() for tab in ABOUT}
    assert all("Ready to submit" in page for page in pages.values())
    assert client.get(at("picture", picture)).content.decode().count(picture.recipe_digest) == 1
    for fact in (picture.record, picture.sha256, picture.manifest, picture.job.policy.digest):
        assert fact in pages["provenance"]
        assert fact not in pages["history"]
    assert f"Entry {picture.sequence} of" in pages["provenance"]
    assert "Not screened" in pages["moderation"]
    assert "asked for pictures" in pages["history"]
    assert str(Picture.objects.get(job=picture.job, index=1).pk) in pages["related"]
    # Files have no tab before there are any to hand out.
    assert [tab for tab, page in pages.items() if page.count('aria-current="page"') != 1] == ["files"]


def test_the_words_that_go_with_it(review: ReviewRequest, released: Picture, browse: Browse, outsider: Client) -> None:
    page = browse("creator").get(at("picture", released)).content.decode()
    text = browse("creator").get(at("picture-caption", released)).content.decode()
    for words in (review.alt_text, "AI-generated picture. Sample Aid", released.job.model.title):
        assert words in page
        assert words in text
    assert at("record", released) in text
    assert outsider.get(at("picture-caption", released)).status_code == 404


def test_asking_again_begins_with_what_was_written(
    review: ReviewRequest, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    picture = review.picture
    decide(
        actor=people.reviewer, request=review, outcome="CHANGES_REQUESTED", reason="Too dark.",
        seen_sha256=picture.sha256, at=now,
    )  # fmt: skip
    page = browse("creator").get(at("picture", picture)).content.decode()
    assert "Submit it again" in page
    assert "Too dark." in page
    assert review.alt_text in page
    assert f"?picture={picture.pk}&amp;as=replacement" in page
    assert '<input type="hidden" name="before" value="1"' in page
    answer = browse("creator").post(at("picture-submit", picture), SUBMISSION | {"before": "1"})
    assert answer.status_code == 302
    assert picture.review_requests.count() == 2


def test_a_form_that_is_sent_again_after_changes_were_asked_for_submits_nothing(
    picture: Picture, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    client, where = browse("creator"), at("picture-submit", picture)
    first = SUBMISSION | {"before": "0"}
    assert client.post(where, first).status_code == 302
    decide(
        actor=people.reviewer, request=ReviewRequest.objects.get(), outcome="CHANGES_REQUESTED", reason="Too dark.",
        seen_sha256=picture.sha256, at=now,
    )  # fmt: skip
    again = client.post(where, first | {"purpose": "Another poster"})
    page = again.content.decode()
    assert again.status_code == 409
    assert "this form was sent before" in page
    assert "Too dark." in page
    assert (ReviewRequest.objects.count(), Picture.objects.get(pk=picture.pk).state) == (1, "CHANGES_REQUESTED")
    # What was typed is still there, and can be sent for good by whoever has read why.
    assert ">\nAnother poster</textarea>" in page
    assert '<input type="hidden" name="before" value="1"' in page
    assert client.post(where, first | {"before": "1"}).status_code == 302
    assert ReviewRequest.objects.count() == 2


def test_scores_are_for_reviewers(picture: Picture, browse: Browse) -> None:
    assert (
        '<th scope="col">Score</th>'
        in browse("reviewer").get(at("picture-tab", picture, "moderation")).content.decode()
    )
    assert '<th scope="col">Score</th>' not in browse("creator").get(at("picture", picture)).content.decode()


def test_the_signed_file_is_served_to_members_as_it_was_stored(picture: Picture, browse: Browse) -> None:
    answer = browse("auditor").get(at("picture-file", picture, "signed"))
    assert answer.content == blobs.get(picture.sha256)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"] == picture.media_type
    assert answer.headers["Content-Disposition"] == f'inline; filename="{picture.pk}-signed.png"'
    assert {"private", "immutable"} <= set(answer.headers["Cache-Control"].split(", "))
    download = browse("auditor").get(at("picture-file", picture, "signed") + "?download")
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert Client().get(at("picture-file", picture, "signed")).status_code == 404


def test_an_altered_file_is_not_served(picture: Picture, browse: Browse) -> None:
    path = signed_file(picture.sha256)
    path.write_bytes(path.read_bytes() + b"!")
    assert browse("creator").get(at("picture-file", picture, "signed")).status_code == 404


@pytest.mark.parametrize("state", sorted(set(PictureState.values) - VISIBLE))
def test_a_file_is_served_only_in_visible_states(state: str, picture: Picture, browse: Browse) -> None:
    Picture.objects.filter(pk=picture.pk).update(state=state)
    assert browse("creator").get(at("picture-file", picture, "signed")).status_code == 404
    assert browse("creator").get(at("picture", picture)).status_code == 404


def test_submitting_for_review(picture: Picture, browse: Browse) -> None:
    assert browse("creator").post(at("picture-submit", picture), SUBMISSION).status_code == 302
    request = ReviewRequest.objects.get(picture=picture)
    assert (request.purpose, request.alt_text) == ("Poster", "A plain blue picture.")
    assert sorted(request.checklist.values()) == ["no", "no", "no", "yes"]
    assert any("at risk" in question for question in request.checklist), "the sector's own question"
    # A second click sends the same words once more: it is with the reviewers, as the first one said.
    again = browse("creator").post(at("picture-submit", picture), SUBMISSION, follow=True)
    assert again.redirect_chain == [(at("picture", picture), 302)]
    assert "It is with the reviewers now." in again.content.decode()
    other = browse("creator").post(at("picture-submit", picture), SUBMISSION | {"purpose": "Leaflet"})
    page = other.content.decode()
    assert other.status_code == 409
    assert "this form was sent before" in page
    assert ">\nLeaflet</textarea>" in page
    assert '<button class="button button-main" type="submit">Submit for review</button>' not in page
    assert ReviewRequest.objects.count() == 1


@pytest.mark.parametrize("field", sorted(SUBMISSION))
def test_what_a_reviewer_needs_is_compulsory(field: str, picture: Picture, browse: Browse) -> None:
    answer = browse("creator").post(at("picture-submit", picture), SUBMISSION | {field: " "})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert field == "purpose" or ">\nPoster</textarea>" in page
    assert not ReviewRequest.objects.exists()


def test_only_creators_submit(picture: Picture, browse: Browse) -> None:
    answer = browse("reviewer").post(at("picture-submit", picture), SUBMISSION)
    assert answer.status_code == 403
    assert "role of creator" in answer.content.decode()


def test_release_needs_an_approval(review: ReviewRequest, browse: Browse) -> None:
    answer = browse("creator").post(at("picture-release", review.picture))
    assert answer.status_code == 422
    assert "Only an approved picture can be released" in answer.content.decode()


def test_releasing(approved: Picture, browse: Browse) -> None:
    assert "Release it" in browse("creator").get(at("picture", approved)).content.decode()
    assert browse("creator").post(at("picture-release", approved)).status_code == 302
    assert "The signing worker makes the second file" in browse("creator").get(at("picture", approved)).content.decode()
    still = browse("creator").get(at("picture-moved", approved), {"from": "APPROVED"})
    moved = browse("creator").get(at("picture-moved", approved), {"from": "IN_REVIEW"})
    assert (still.status_code, moved.headers["HX-Refresh"]) == (204, "true")
    assert Client().get(at("picture-file", approved, "released")).status_code == 404


def test_withdrawing(released: Picture, browse: Browse) -> None:
    where, file = at("picture-withdraw", released), at("picture-file", released, "released")
    assert Client().get(file).status_code == 200
    assert browse("creator").post(where, {"public_reason": "Wrong crop"}).status_code == 403
    assert browse("reviewer").post(where, {"public_reason": " "}).status_code == 422
    assert browse("reviewer").post(where, {"public_reason": "Wrong crop"}).status_code == 302
    assert Withdrawal.objects.get().public_reason == "Wrong crop"
    assert Client().get(file).status_code == 404
    assert browse("auditor").get(file).status_code == 200
    assert "Wrong crop" in Client().get(at("record", released)).content.decode()


def test_the_gallery_filters_by_state(review: ReviewRequest, campaign: Campaign, browse: Browse) -> None:
    where, client = reverse("campaign", args=[campaign.pk]), browse("creator")
    assert len(client.get(where).context["leaf"].rows) == 2
    (shown,) = client.get(where, {"state": "IN_REVIEW"}).context["leaf"].rows
    assert shown.pk == review.picture_id
    assert len(client.get(where, {"state": "no such state"}).context["leaf"].rows) == 2
    assert client.get(where, {"sheet": "nonsense"}).status_code == 200


def test_a_fuller_gallery_asks_the_database_no_more(
    picture: Picture, campaign: Campaign, now: datetime, browse: Browse
) -> None:
    pages = (reverse("campaign", args=[campaign.pk]), reverse("project", args=[campaign.project_id]), "/")
    client = browse("auditor")
    before = {where: queries(client, where) for where in pages}
    print_pictures(ask(campaign, now, count=3, seed=9), now)
    assert {where: queries(client, where) for where in pages} == before


def queries(client: Client, where: str) -> int:
    """How often a page asks the database, once the session is warm."""
    client.get(where)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(where).status_code == 200
    return len(asked)


def test_home_counts_what_waits(review: ReviewRequest, job: Job, browse: Browse) -> None:
    creator = browse("creator").get("/").context["waiting"]
    assert [(item.number, item.what) for item in creator if item.number] == [(1, "ready to submit in Rainy season")]
    reviewer = browse("reviewer").get("/").context["waiting"]
    assert [(item.number, item.what) for item in reviewer if item.number] == [(1, "pictures to review")]
