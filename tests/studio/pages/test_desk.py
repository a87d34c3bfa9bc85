"""The desk: deciding, ruling, revealing, and giving roles. Refusals are messages, not crashes."""

import base64
import io
import re
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from PIL import Image

from studio.accounts.actions import grant_role
from studio.accounts.models import Role, User
from studio.jobs import screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.models import HoldRuling, ReviewDecision, ReviewRequest
from studio.site import site
from studio.trail.models import AuditRow
from studio.wording import REGISTERS
from tests.studio.pages.printing import SIDE, hold_back, striped
from tests.studio.requests import ask

Browse = Callable[[str], Client]


def place(review: ReviewRequest) -> str:
    return reverse("admin:review_reviewrequest_change", args=[review.pk])


def decision(review: ReviewRequest, **changes: str) -> dict[str, str]:
    return {"outcome": "APPROVED", "reason": "", "seen_sha256": review.picture.sha256} | changes


def opened(address: str) -> Image.Image:
    """The picture in a data address."""
    kind, _, data = address.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")


@pytest.fixture
def held(campaign: Campaign, now: datetime) -> Job:
    """A request that the screen wants a person to look at."""
    job = ask(campaign, now, prompt="starving crying child begging for food, empty plate")
    assert screening.screen(job.pk, at=now) == JobState.HELD
    return job


@pytest.fixture
def quarantined(campaign: Campaign, now: datetime) -> Picture:
    """A picture that the screen held back."""
    return hold_back(ask(campaign, now), now)


def test_the_inbox_lists_what_waits(review: ReviewRequest, browse: Browse) -> None:
    where = reverse("admin:review_reviewrequest_changelist")
    assert place(review) in browse("reviewer").get(where).content.decode()
    browse("reviewer").post(place(review), decision(review))
    assert place(review) not in browse("reviewer").get(where).content.decode()
    assert place(review) in browse("reviewer").get(where, {"shown": "decided"}).content.decode()


def test_the_decision_page_shows_what_is_decided_about(review: ReviewRequest, browse: Browse) -> None:
    page = browse("reviewer").get(place(review)).content.decode()
    shown = ("woman farmer, green background", "Poster at the clinic", "Is it respectful?", review.picture.sha256)
    assert all(fact in page for fact in shown)
    assert reverse("picture-file", args=[review.picture_id, "signed"]) in page


def test_approving(review: ReviewRequest, browse: Browse, people: SimpleNamespace) -> None:
    assert browse("reviewer").post(place(review), decision(review)).status_code == 302
    made = ReviewDecision.objects.get()
    assert (made.outcome, made.reviewer, made.sha256) == ("APPROVED", people.reviewer, review.picture.sha256)


@pytest.mark.parametrize("outcome", ["REJECTED", "CHANGES_REQUESTED"])
def test_a_refusal_needs_a_reason(outcome: str, review: ReviewRequest, browse: Browse) -> None:
    answer = browse("reviewer").post(place(review), decision(review, outcome=outcome, reason="  "))
    assert answer.status_code == 422
    assert 'id="id_reason_error"' in answer.content.decode()
    sent = decision(review, outcome=outcome, reason="Too dark")
    assert browse("reviewer").post(place(review), sent).status_code == 302
    assert ReviewDecision.objects.get().reason == "Too dark"


def test_another_file_voids_the_decision(review: ReviewRequest, browse: Browse) -> None:
    answer = browse("reviewer").post(place(review), decision(review, seen_sha256="0" * 64))
    assert answer.status_code == 422
    assert "The picture changed since you opened it" in answer.content.decode()
    assert not ReviewDecision.objects.exists()


def test_the_second_of_two_reviewers_is_told(review: ReviewRequest, browse: Browse) -> None:
    browse("reviewer").post(place(review), decision(review))
    late = browse("reviewer").post(place(review), decision(review, outcome="REJECTED", reason="No"))
    assert late.status_code == 409
    assert "somebody else was faster" in late.content.decode()
    assert ReviewDecision.objects.count() == 1


@pytest.mark.parametrize("superuser", [False, True])
def test_a_maker_never_decides(
    superuser: bool, review: ReviewRequest, people: SimpleNamespace, sample: Sample, browse: Browse, now: datetime
) -> None:
    User.objects.filter(pk=people.creator.pk).update(is_staff=True, is_superuser=superuser)
    grant_role(
        actor=people.administrator, user=people.creator, organisation=sample.organisation, role=Role.REVIEWER, at=now
    )
    client = browse("creator")
    page = client.get(place(review)).content.decode()
    assert "You shaped this request, so somebody else must decide" in page
    assert "Put it on record" not in page
    answer = client.post(place(review), decision(review))
    assert answer.status_code == 403
    assert not ReviewDecision.objects.exists()


def test_an_auditor_reads_and_cannot_decide(review: ReviewRequest, browse: Browse) -> None:
    assert browse("auditor").get(place(review)).status_code == 200
    assert browse("auditor").post(place(review), decision(review)).status_code == 403
    assert "woman farmer" not in browse("auditor").get(place(review)).content.decode()


def test_ruling_on_a_held_request(held: Job, browse: Browse) -> None:
    client, where = browse("reviewer"), reverse("admin:rule-request", args=[held.pk])
    assert where in client.get(reverse("admin:desk")).content.decode()
    assert "starving" in client.get(where).content.decode()
    assert client.post(where, {"ruling": "let_through", "reason": ""}).status_code == 422
    assert client.post(where, {"ruling": "let_through", "reason": "For the manual"}).status_code == 302
    held.refresh_from_db()
    assert held.state == JobState.QUEUED
    again = client.post(where, {"ruling": "refuse", "reason": "Changed my mind"})
    assert again.status_code == 409
    assert HoldRuling.objects.get().let_through


def test_refusing_a_held_request_tells_its_maker_why(held: Job, browse: Browse) -> None:
    where = reverse("admin:rule-request", args=[held.pk])
    browse("reviewer").post(where, {"ruling": "refuse", "reason": "Show people with dignity"})
    assert "Show people with dignity" in browse("creator").get(reverse("request", args=[held.pk])).content.decode()


def test_held_back_pixels_are_revealed_only_on_record(quarantined: Picture, browse: Browse) -> None:
    client, where = browse("reviewer"), reverse("admin:rule-picture", args=[quarantined.pk])
    blurred = client.get(where).context["pixels"]
    assert not AuditRow.objects.filter(verb="picture.reveal").exists()
    answer = client.post(reverse("admin:reveal-picture", args=[quarantined.pk]))
    assert "no-store" in answer.headers["Cache-Control"]
    assert opened(answer.context["pixels"]) == Image.frombytes("RGB", (SIDE, SIDE), striped(0).pixels)
    assert opened(blurred) != opened(answer.context["pixels"])
    row = AuditRow.objects.get(verb="picture.reveal")
    assert (row.object_id, row.actor.username if row.actor else "") == (str(quarantined.pk), "reviewer")


@pytest.mark.parametrize(
    ("ruling", "state"), [("let_through", PictureState.CHECKED), ("refuse", PictureState.DISCARDED)]
)
def test_ruling_on_a_held_back_picture(ruling: str, state: str, quarantined: Picture, browse: Browse) -> None:
    where = reverse("admin:rule-picture", args=[quarantined.pk])
    assert browse("reviewer").post(where, {"ruling": ruling, "reason": "I looked"}).status_code == 302
    quarantined.refresh_from_db()
    assert quarantined.state == state
    assert browse("reviewer").get(where).status_code == 200


def test_auditors_and_makers_reveal_nothing(quarantined: Picture, browse: Browse) -> None:
    where = reverse("admin:reveal-picture", args=[quarantined.pk])
    assert browse("auditor").post(where).status_code == 404
    assert browse("administrator").post(where).status_code == 404
    assert browse("creator").post(where).status_code == 302
    assert not AuditRow.objects.filter(verb="picture.reveal").exists()


def test_no_page_of_the_desk_shows_a_password_hash(browse: Browse, people: SimpleNamespace) -> None:
    where = reverse("admin:accounts_user_change", args=[people.creator.pk])
    page = browse("administrator").get(where).content.decode()
    assert "creator" in page
    assert "pbkdf2" not in page


def test_the_panel_signs_in_and_out_through_the_house(browse: Browse) -> None:
    assert Client().get("/admin/login/?next=/admin/").headers["Location"] == "/login/?next=/admin/"
    client = browse("reviewer")
    assert client.post("/admin/logout/").status_code == 302
    assert client.get("/admin/desk/").status_code == 302


def test_registers_and_their_columns_are_named_in_the_reader_s_language(sample: Sample, browse: Browse) -> None:
    called = {model.__name__ for model in site._registry} - {ReviewRequest.__name__}
    assert called == set(REGISTERS)
    client = browse("administrator")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    page = client.get(reverse("admin:review_release_changelist")).content.decode()
    for name in ("Relectures et publications", "Décisions sur les modèles", "Demandes et images"):
        assert name in page
    assert "Select release" not in page
    client = browse("auditor")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    page = client.get(reverse("admin:trail_auditrow_changelist")).content.decode()
    assert "audit row" not in page.lower()
    assert {"Quand", "Qui", "Action", "De quoi", "Clé"} <= set(re.findall(r">\s*([^<>]+?)\s*<", page))
