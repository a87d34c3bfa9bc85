"""Somebody outside decides by a link: once, for a time, about one picture, never as one of its makers."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studio import limits
from studio.accounts.models import User
from studio.audit.integrity import problems
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.review.actions import release
from studio.review.inviting import MOST_AN_HOUR
from studio.review.models import Invitation, Outsider, ReviewDecision, ReviewRequest
from studio.review.releasing import finish_release
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.review.reviewing import settled

Browse = Callable[[str], Client]
ADDRESS = "Nurse@Clinic.example"


def invite(client: Client, review: ReviewRequest, email: str = ADDRESS, hours: int = 72) -> "object":
    return client.post(reverse("admin:review-invite", args=[review.pk]), {"email": email, "hours": hours}, follow=True)


@pytest.fixture
def link(review: ReviewRequest, browse: Browse) -> str:
    """The address in the message that was sent."""
    invite(browse("reviewer"), review)
    found = re.search(r"http://testserver(/outside/[\w-]{43}/)", str(mail.outbox[0].body))
    assert found
    return found.group(1)


def decision(review: ReviewRequest, **changes: str) -> dict[str, str]:
    given = {"outcome": "APPROVED", "reason": "The dose is right.", "name": "A. Nurse"}
    return given | {"seen_sha256": review.picture.sha256} | changes


def test_the_message_holds_the_link_and_the_database_does_not(link: str, review: ReviewRequest) -> None:
    (message,) = mail.outbox
    assert message.to == [ADDRESS.lower()]
    assert "Sample Aid asks for your decision" in message.subject
    assert "&" not in message.body
    token = link.split("/")[2]
    invitation = Invitation.objects.get()
    assert token not in repr(Invitation.objects.values().get())
    assert token not in repr(list(AuditRow.objects.values_list("detail", flat=True)))
    assert invitation.expires - invitation.at == timedelta(hours=72)


def test_the_page_shows_that_picture_alone_and_nobody_keeps_it(link: str, review: ReviewRequest) -> None:
    answer = Client().get(link)
    page = answer.content.decode()
    shown = ("Poster at the clinic", "A plain blue picture.", "Is it respectful?", "Sample Aid")
    assert all(fact in page for fact in shown)
    hidden = ("woman farmer", str(review.picture_id), "Harvest and health", "creator")
    assert not [fact for fact in hidden if fact in page]
    for part in (answer, Client().get(f"{link}picture")):
        assert part.status_code == 200
        assert "no-store" in part.headers["Cache-Control"]
        assert part.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in part.headers["X-Robots-Tag"]
        assert "unsafe" not in part.headers["Content-Security-Policy"]
    assert Client().get(f"/outside/{'x' * 43}/").status_code == 404


def test_they_decide_once_and_it_is_on_record(link: str, review: ReviewRequest, people: SimpleNamespace) -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post(link, decision(review, reason="")).status_code == 422
    assert stranger.post(link, decision(review, name=" ")).status_code == 422
    assert not ReviewDecision.objects.exists()
    done = stranger.post(link, decision(review), follow=True)
    assert "Your decision is on record" in done.content.decode()
    made = ReviewDecision.objects.get()
    assert (made.reviewer, made.role, made.by) == (None, "outside approver", f"A. Nurse ({ADDRESS.lower()})")
    body = json.loads(bytes(LedgerIntent.objects.get(kind="decision").canonical))["body"]
    outsider, reviewer = Outsider.objects.get(), people.reviewer.memberships.get()
    assert (body["reviewer"], body["role"]) == (str(outsider.pseudonym), "outside approver")
    assert body["invited_by"] == str(reviewer.pseudonym)
    assert ADDRESS.lower() not in json.dumps(body)
    assert "Nurse" not in json.dumps(body)
    assert Client().get(f"{link}picture").status_code == 404
    assert "Your decision is on record" in stranger.post(link, decision(review)).content.decode()
    assert ReviewDecision.objects.count() == 1


def test_what_they_approved_is_released_like_any_other(
    link: str, review: ReviewRequest, people: SimpleNamespace
) -> None:
    Client().post(link, decision(review))
    picture, now = Picture.objects.get(pk=review.picture_id), timezone.now()
    assert finish_release(release(actor=people.creator, picture=picture, at=now).pk, at=now)
    settled(now)
    assert [str(problem) for problem in problems(now=now)] == []


@pytest.mark.parametrize("outcome", ["REJECTED", "CHANGES_REQUESTED"])
def test_they_may_refuse(outcome: str, link: str, review: ReviewRequest, browse: Browse) -> None:
    Client().post(link, decision(review, outcome=outcome, reason="The scale is wrong."))
    assert Picture.objects.get(pk=review.picture_id).state == outcome
    page = browse("creator").get(reverse("picture", args=[review.picture_id])).content.decode()
    assert "The scale is wrong." in page
    assert "A. Nurse" in page


def test_a_link_ends(link: str, review: ReviewRequest, browse: Browse) -> None:
    before = Invitation.objects.values().get()
    endings = {
        "has expired": {"expires": timezone.now()},
        "was taken back": {"revoked": timezone.now()},
    }
    for reason, change in endings.items():
        Invitation.objects.update(**change)
        answer = Client().get(link)
        assert answer.status_code == 410
        assert reason in answer.content.decode()
        assert Client().get(f"{link}picture").status_code == 404
        assert Client().post(link, decision(review)).status_code == 410
        Invitation.objects.update(**{name: before[name] for name in change})
    browse("reviewer").post(
        reverse("admin:review_reviewrequest_change", args=[review.pk]),
        {"outcome": "REJECTED", "reason": "No", "seen_sha256": review.picture.sha256},
    )
    assert "taken without you" in Client().get(link).content.decode()
    assert ReviewDecision.objects.count() == 1


def test_it_is_taken_back(link: str, review: ReviewRequest, browse: Browse) -> None:
    invitation = Invitation.objects.get()
    where = reverse("admin:review-uninvite", args=[review.pk, invitation.pk])
    assert browse("auditor").post(where, follow=True).status_code == 200
    assert Client().get(link).status_code == 200
    browse("reviewer").post(where)
    assert Client().get(link).status_code == 410
    invite(browse("reviewer"), review)
    assert len(mail.outbox) == 2


def test_no_maker_and_no_member_comes_in_by_a_link(
    review: ReviewRequest, browse: Browse, people: SimpleNamespace, sample: Sample
) -> None:
    User.objects.filter(pk=people.creator.pk).update(email="maker@aid.example")
    User.objects.filter(pk=people.auditor.pk).update(email="auditor@aid.example")
    client = browse("reviewer")
    for email, reason in (
        ("MAKER+second@aid.example", "shaped the picture"),
        ("auditor@aid.example", "members decide on the desk"),
        ("no address", "valid email address"),
    ):
        assert reason in invite(client, review, email).content.decode()  # type: ignore[attr-defined]
    assert not Invitation.objects.exists()
    assert mail.outbox == []


def test_whoever_became_a_maker_since_cannot_use_the_link(
    link: str, review: ReviewRequest, people: SimpleNamespace
) -> None:
    User.objects.filter(pk=people.creator.pk).update(email=ADDRESS)
    answer = Client().post(link, decision(review))
    assert answer.status_code == 403
    assert "You had a part in this picture" in answer.content.decode()
    assert not ReviewDecision.objects.exists()
    assert Invitation.objects.get().used is None


def test_who_may_invite(review: ReviewRequest, browse: Browse, outsider: Client) -> None:
    assert outsider.post(reverse("admin:review-invite", args=[review.pk]), {"email": ADDRESS}).status_code == 404
    invite(browse("auditor"), review)
    assert not Invitation.objects.exists()
    invite(browse("administrator"), review)
    again = invite(browse("reviewer"), review).content.decode()  # type: ignore[attr-defined]
    assert "They are invited already" in again
    assert Invitation.objects.count() == 1


def test_messages_are_few(review: ReviewRequest, browse: Browse) -> None:
    client = browse("reviewer")
    for number in range(MOST_AN_HOUR):
        invite(client, review, f"somebody-{number}@example.org")
    assert "wait a little" in invite(client, review, "one@more.example").content.decode()  # type: ignore[attr-defined]
    assert len(mail.outbox) == MOST_AN_HOUR


def test_a_message_that_cannot_be_sent_leaves_no_open_link(
    review: ReviewRequest, browse: Browse, settings: SimpleNamespace
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    answer = invite(browse("reviewer"), review)
    assert "The message could not be sent" in answer.content.decode()  # type: ignore[attr-defined]
    assert Invitation.objects.get().revoked is not None


def test_calls_take_turns(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VISITS_A_MINUTE", 2)
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000.0)
    stranger = Client()
    assert [stranger.get(link).status_code for _ in range(3)] == [200, 200, 429]
    assert stranger.get(link).headers["Retry-After"]
