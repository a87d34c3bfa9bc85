"""The inbox: a contact sheet of what waits, its filters, and approving several pictures of one request at once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studio.accounts.models import User
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review import inbox, looking
from studio.review.flags import flag
from studio.review.models import HoldRuling, ReviewDecision, ReviewRequest
from studio.review.rules import may_review
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask
from tests.studio.review.conftest import reviewer
from tests.studio.review.reviewing import stages, submit

Browse = Callable[[str], Client]
INBOX = "admin:review_reviewrequest_changelist"
__all__ = ["reviewer"]


@pytest.fixture
def reviews(campaign: Campaign, people: SimpleNamespace, now: datetime) -> list[ReviewRequest]:
    """Three pictures of one request, submitted together."""
    pictures = print_pictures(ask(campaign, now, count=3), now)
    return [submit(picture, people.creator, now, purpose=f"Poster {picture.index}") for picture in pictures]


def sheet(client: Client, **wanted: str) -> Any:
    return client.get(reverse(INBOX), wanted)


def cards(answer: Any) -> list[ReviewRequest]:
    return [card.request for batch in answer.context["batches"] for card in batch.cards]


def chosen(reviews: list[ReviewRequest]) -> dict[str, list[str]]:
    return {"seen": [f"{review.pk}:{review.picture.sha256}" for review in reviews]}


def test_one_request_is_one_batch(reviews: list[ReviewRequest], browse: Browse) -> None:
    answer = sheet(browse("reviewer"))
    (batch,) = answer.context["batches"]
    assert [card.request for card in batch.cards] == reviews
    assert batch.joining == 3
    assert "Approve the chosen ones" in answer.content.decode()


def test_due_first_and_own_before_all(
    reviews: list[ReviewRequest], sample: Sample, people: SimpleNamespace, campaign: Campaign, now: datetime,
    browse: Browse,
) -> None:  # fmt: skip
    soon, own = print_pictures(ask(campaign, now, count=2, seed=11), now)
    due = submit(soon, people.creator, now, due=(now + timedelta(days=1)).date())
    assert cards(sheet(browse("reviewer")))[0] == due
    stages(sample.project, people.administrator, now, ("Medical", 1, [people.reviewer]))
    named = submit(own, people.creator, now)
    answer = sheet(browse("reviewer"))
    assert cards(answer)[:2] == [named, due]
    assert "Medical: yours" in answer.content.decode()
    assert cards(sheet(browse("reviewer"), own="on")) == [named]


def test_filters(reviews: list[ReviewRequest], people: SimpleNamespace, browse: Browse, now: datetime) -> None:
    client = browse("reviewer")
    assert cards(sheet(client, words="poster 1")) == [reviews[1]]
    assert cards(sheet(client, project="harvest")) == reviews
    flag(actor=people.reviewer, picture=reviews[2].picture, reason="Blood", at=now)
    assert cards(sheet(client, flagged="on")) == [reviews[2]]
    nothing = sheet(client, shown="decided")
    assert cards(nothing) == []
    assert "Nothing fits the filter" in nothing.content.decode()
    assert cards(sheet(client, shown="no such thing")) == reviews


def test_filters_stay_in_the_address_from_picture_to_picture(
    reviews: list[ReviewRequest], people: SimpleNamespace, campaign: Campaign, browse: Browse, now: datetime
) -> None:
    client, day = browse("reviewer"), now.date()
    for review, days in zip(reviews, (-2, 0, 3), strict=True):
        ReviewRequest.objects.filter(pk=review.pk).update(due=day + timedelta(days=days))
    (late,) = print_pictures(ask(campaign, now, seed=41), now)
    later = submit(late, people.creator, now, due=day + timedelta(days=8))
    found = {when: cards(sheet(client, due=when)) for when in ("overdue", "today", "week", "no such time")}
    assert found == {
        "overdue": reviews[:1],
        "today": reviews[1:2],
        "week": reviews[1:],
        "no such time": [*reviews, later],
    }
    stages(campaign.project, people.administrator, now, ("Medical", 1, []))
    maker = people.creator.memberships.get().pk
    ReviewRequest.objects.filter(pk=later.pk).update(stage=campaign.project.review_plans.first().stages.get())
    assert cards(sheet(client, stage="Medical")) == [later]
    assert cards(sheet(client, maker=people.auditor.memberships.get().pk)) == []
    wanted = {"due": "week", "maker": str(maker), "stage": "Review"}
    answer = sheet(client, **wanted)
    page, kept = answer.content.decode(), f"?{urlencode(wanted)}"
    assert cards(answer) == reviews[1:]
    assert "Made by <b>creator</b>" in page
    # The other days are a tap away, counted under the other filters.
    assert [(word, number) for word, number, *_ in answer.context["dues"]][1:] == [
        ("Overdue", 1), ("Due today", 1), ("Due within a week", 2)
    ]  # fmt: skip
    one = reverse("admin:review_reviewrequest_change", args=[reviews[1].pk])
    assert f"{one}{kept}".replace("&", "&amp;") in page
    opened = client.get(f"{one}{kept}")
    assert (opened.context["place"], opened.context["waiting"], opened.context["next"]) == (1, 2, reviews[2].pk)
    decided = client.post(
        f"{one}{kept}", {"outcome": "APPROVED", "reason": "", "seen_sha256": reviews[1].picture.sha256}
    )
    assert decided["Location"] == reverse("admin:review_reviewrequest_change", args=[reviews[2].pk]) + kept
    together = client.post(reverse("admin:approve-together") + kept, chosen(reviews[2:]))
    assert together["Location"] == reverse(INBOX) + kept


def test_a_flagged_picture_is_blurred(
    reviews: list[ReviewRequest], people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    flag(actor=people.reviewer, picture=reviews[0].picture, reason="Blood", at=now)
    page = sheet(browse("reviewer")).content.decode()
    assert reverse("picture-small", args=[reviews[0].picture_id]) not in page
    blurred = browse("reviewer").get(reverse("admin:review-blurred", args=[reviews[0].pk]))
    assert blurred.headers["Content-Type"] == "image/png"
    assert "no-store" in blurred.headers["Cache-Control"]


def test_who_looks_at_it_is_named(
    reviews: list[ReviewRequest], reviewer: Callable[..., User], browse: Browse, now: datetime
) -> None:
    looking.begin(reviewer("other"), reviews[0], at=now)
    answer = sheet(browse("reviewer"))
    assert "Being looked at by other" in answer.content.decode()
    assert answer.context["batches"][0].joining == 2


def test_together_each_is_decided_by_itself(reviews: list[ReviewRequest], browse: Browse) -> None:
    answer = browse("reviewer").post(reverse("admin:approve-together"), chosen(reviews), follow=True)
    assert "3 pictures are approved, each with a decision of its own." in answer.content.decode()
    assert ReviewDecision.objects.filter(final=True).count() == 3
    assert AuditRow.objects.filter(verb="review.decide").count() == 3
    assert LedgerIntent.objects.filter(kind="decision").values("entry").distinct().count() == 3
    again = browse("reviewer").post(reverse("admin:approve-together"), chosen(reviews), follow=True)
    assert "somebody else was faster" in again.content.decode()
    assert ReviewDecision.objects.count() == 3


def test_nothing_is_approved_together_with_a_flagged_one(
    reviews: list[ReviewRequest], people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    flag(actor=people.reviewer, picture=reviews[0].picture, reason="Blood", at=now)
    client = browse("reviewer")
    assert "Approve the chosen ones" not in sheet(client).content.decode()
    answer = client.post(reverse("admin:approve-together"), chosen(reviews[1:]), follow=True)
    assert "One picture of the request is flagged" in answer.content.decode()
    assert not ReviewDecision.objects.exists()


def test_only_one_request_at_once_and_only_what_was_seen(
    reviews: list[ReviewRequest], campaign: Campaign, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    (other,) = print_pictures(ask(campaign, now, seed=12), now)
    mixed = [reviews[0], submit(other, people.creator, now)]
    where, client = reverse("admin:approve-together"), browse("reviewer")
    assert "Only pictures of one request" in client.post(where, chosen(mixed), follow=True).content.decode()
    stale = {"seen": [f"{reviews[0].pk}:{'0' * 64}", "no pair"]}
    assert "The picture changed since you opened it" in client.post(where, stale, follow=True).content.decode()
    assert "Choose between one picture" in client.post(where, {}, follow=True).content.decode()
    assert not ReviewDecision.objects.exists()


def test_makers_auditors_and_strangers_approve_nothing(
    reviews: list[ReviewRequest], browse: Browse, outsider: Client
) -> None:
    where = reverse("admin:approve-together")
    assert "role of reviewer" in browse("auditor").post(where, chosen(reviews), follow=True).content.decode()
    assert "Choose between one picture" in outsider.post(where, chosen(reviews), follow=True).content.decode()
    assert not ReviewDecision.objects.exists()
    assert cards(sheet(outsider)) == []


def test_a_page_costs_the_same_however_full_it_is(
    reviews: list[ReviewRequest], campaign: Campaign, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    client = browse("reviewer")

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sheet(client)
        return len(queries)

    few = cost()
    for seed in (21, 22):
        for picture in print_pictures(ask(campaign, now, count=3, seed=seed), now):
            submit(picture, people.creator, now)
    assert cost() == few


def test_how_many_wait_is_told_however_many_they_are(
    reviews: list[ReviewRequest], browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "FARTHEST", 2)
    client = browse("reviewer")
    first, *_, last = (
        client.get(reverse("admin:review_reviewrequest_change", args=[review.pk])).content.decode()
        for review in reviews
    )
    assert "1 of 3 waiting" in first
    assert "of 3 waiting" not in last


def test_the_keys_are_told(reviews: list[ReviewRequest], browse: Browse) -> None:
    page = sheet(browse("reviewer")).content.decode()
    assert "data-keys" in page
    assert "Flag it for the other reviewers" in page


def test_an_empty_inbox_teaches(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    assert "Nothing waits for you" in sheet(browse("reviewer")).content.decode()
    assert Picture.objects.count() == 0


def test_an_appeal_is_not_for_whoever_had_a_part_in_it(
    campaign: Campaign, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    (picture,) = print_pictures(ask(campaign, now), now)
    review = submit(picture, people.creator, now)
    blocked = ask(campaign, now, seed=31)
    Job.objects.filter(pk=picture.job_id).update(appeal_of=blocked)
    (batch,) = sheet(browse("reviewer")).context["batches"]
    assert batch.cards[0].refusal == ""
    HoldRuling.objects.create(job=blocked, reviewer=people.reviewer, let_through=False, reason="Refused.", at=now)
    (batch,) = sheet(browse("reviewer")).context["batches"]
    assert batch.cards[0].request == review
    assert batch.cards[0].refusal == "You had a part in what it appeals against."
    assert not may_review(people.reviewer, review).allowed
