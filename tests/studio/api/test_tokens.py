"""Tokens: what is kept of them, what they open and for how long, and that they never do more than their owner."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse

from studio import limits
from studio.accounts.actions import revoke_role
from studio.accounts.models import Role, User
from studio.api.actions import PREFIX, digest_of, find_token, make_token, revoke_token
from studio.api.models import ApiToken, Scope
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.models import AuditRow
from tests.studio.api.program import Program, program_of

FORM = {"name": "Newsletter", "scopes": ["read", "make"]}


def secret_of(program: Program) -> str:
    return program.headers["authorization"].removeprefix("Bearer ")


def test_a_secret_is_long_known_by_its_beginning_and_kept_nowhere(client: Program) -> None:
    secret = secret_of(client)
    assert secret.startswith(PREFIX)
    assert len(secret) == len(PREFIX) + 43, "256 bits"
    with connection.cursor() as cursor:
        for model in (ApiToken, AuditRow):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608  the table's own name
            assert secret[len(PREFIX) :] not in repr(cursor.fetchall())
    assert ApiToken.objects.get().digest == digest_of(secret)


def test_it_tells_whose_it_is(client: Program, sample: Sample) -> None:
    told = client.get("/me").json()
    assert (told["person"], told["roles"], told["scopes"]) == ("creator", ["creator"], ["read", "make"])
    assert told["organisation"] == str(sample.organisation.pk)


def test_without_a_token_nothing_is_told(sample: Sample) -> None:
    for headers in ({}, {"authorization": "Bearer imprimatur_x"}, {"authorization": "Basic eDp5"}):
        program = Program()
        program.headers = headers
        answer = program.get("/projects")
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "page of your account" in answer.json()["detail"]


def test_a_session_opens_nothing_here(browse: Callable[[str], Client]) -> None:
    assert browse("creator").get("/api/v1/me").status_code == 401


def test_it_ends_on_its_day_and_when_it_is_revoked(
    client: Program, people: SimpleNamespace, sample: Sample, now: datetime
) -> None:
    old = program_of(people.creator, sample.organisation, days=1, at=now - timedelta(days=1, seconds=1))
    assert old.get("/me").status_code == 401
    assert client.get("/me").status_code == 200
    for _ in range(2):
        revoke_token(actor=people.creator, token=client.token, at=now)  # type: ignore[arg-type]
    assert client.get("/me").status_code == 401
    assert AuditRow.objects.filter(verb="token.revoke").count() == 1


def test_it_ends_with_its_owners_account_and_knows_their_roles_of_now(
    client: Program, people: SimpleNamespace, sample: Sample, asked: dict[str, object], now: datetime
) -> None:
    revoke_role(
        actor=people.administrator, user=people.creator, organisation=sample.organisation, role=Role.CREATOR, at=now
    )
    assert client.get("/projects").json() == {"items": []}
    assert client.post("/jobs", asked).status_code == 422, "the campaign is not theirs to see any more"
    User.objects.filter(username="creator").update(is_active=False)
    assert client.get("/me").status_code == 401


def test_it_does_what_it_was_made_for_alone(program: Callable[..., Program], asked: dict[str, object]) -> None:
    looks, makes = program("creator", Scope.READ), program("creator", Scope.MAKE)
    refused = looks.post("/jobs", asked)
    assert (refused.status_code, "scope make" in refused.json()["detail"]) == (403, True)
    assert makes.get("/jobs").status_code == 403
    assert makes.post("/jobs", asked).status_code == 202


def test_only_creators_get_one_that_makes(people: SimpleNamespace, sample: Sample, now: datetime) -> None:
    with pytest.raises(PermissionDenied, match="role of creator"):
        program_of(people.reviewer, sample.organisation, Scope.MAKE)
    with pytest.raises(PermissionDenied, match="needs the role"):
        program_of(User.objects.get(username="operator"), sample.organisation, Scope.MAKE)


def test_a_mistake_names_its_field(people: SimpleNamespace, sample: Sample, now: datetime) -> None:
    for field, wrong in (
        ("name", {"name": "  "}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["approve"]}),
        ("expires", {"expires": now + timedelta(days=366)}),
        ("expires", {"expires": now}),
    ):
        right: dict[str, Any] = {"name": "x", "scopes": ["read"], "expires": now + timedelta(days=1)}
        with pytest.raises(ValidationError) as caught:
            make_token(actor=people.creator, organisation=sample.organisation, at=now, **right | wrong)
        assert list(caught.value.message_dict) == [field]


def test_its_use_is_noted_by_the_minute(client: Program, now: datetime) -> None:
    secret = secret_of(client)
    seen = []
    for at in (now, now + timedelta(seconds=30), now + timedelta(seconds=61)):
        assert find_token(secret, at=at)
        seen.append(ApiToken.objects.get().used)
    assert seen == [now, now, now + timedelta(seconds=61)]


def test_a_token_that_asks_too_often_is_told_when_to_ask_again(
    client: Program, monkeypatch: pytest.MonkeyPatch, asked: dict[str, object]
) -> None:
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_013.0)
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 3)
    monkeypatch.setattr(limits, "MAKES_A_MINUTE", 1)
    assert client.post("/jobs", asked).status_code == 202
    assert client.post("/jobs", asked).status_code == 429
    assert client.get("/me").status_code == 200
    answer = client.get("/me")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(60 - 1_000_000_013 % 60))


def page(client: Client) -> str:
    return client.get(reverse("tokens")).content.decode()


def test_the_page_shows_a_secret_once(browse: Callable[[str], Client], campaign: Campaign, now: datetime) -> None:
    browser = browse("creator")
    assert "You have none" in page(browser)
    form = FORM | {
        "organisation": campaign.project.organisation_id,
        "campaign": campaign.pk,
        "expires": (now + timedelta(days=30)).date().isoformat(),
    }
    shown = browser.post(reverse("tokens"), form)
    assert "no-store" in shown.headers["Cache-Control"]
    token = ApiToken.objects.get()
    assert shown.context["secret"] in shown.content.decode()
    assert find_token(shown.context["secret"], at=now) == token
    assert token.campaign == campaign
    assert shown.context["secret"] not in page(browser)
    assert f"…{token.hint}" in page(browser)
    assert AuditRow.objects.filter(verb="token.make", object_id=str(token.pk)).exists()


def test_the_page_names_what_to_mend(browse: Callable[[str], Client], campaign: Campaign, now: datetime) -> None:
    form = FORM | {"organisation": campaign.project.organisation_id, "expires": "2199-01-01"}
    answer = browse("creator").post(reverse("tokens"), form)
    assert (answer.status_code, "within the next 365 days" in answer.content.decode()) == (422, True)
    answer = browse("reviewer").post(
        reverse("tokens"), form | {"expires": (now + timedelta(days=9)).date().isoformat()}
    )
    assert (answer.status_code, "role of creator" in answer.content.decode()) == (403, True)


def test_owners_and_administrators_revoke(
    client: Program, browse: Callable[[str], Client], outsider: Client, program: Callable[..., Program]
) -> None:
    where = reverse("token-revoke", args=[client.token.pk])  # type: ignore[union-attr]
    for stranger in (outsider, browse("reviewer")):
        assert stranger.post(where).status_code == 404
    assert "Clinic newsletter" not in page(browse("reviewer"))
    assert "By creator" in page(browse("administrator"))
    assert browse("administrator").post(where, follow=True).status_code == 200
    assert client.get("/me").status_code == 401
    assert "by administrator" in page(browse("creator"))
