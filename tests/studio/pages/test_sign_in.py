"""Signing in: limits, second steps, asking again, sessions that end, and an organisation's own sign-in."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import LazySettings
from django.core import mail
from django.core.cache import caches
from django.test import Client
from django.urls import reverse

from studio.accounts.actions import grant_role, revoke_role
from studio.accounts.models import Invitation, Membership, Role, User
from studio.operations.sample import PASSWORD, Sample
from studio.trail.models import AuditRow

Browse = Callable[[str], Client]
SECRET = re.compile(r'translate="no">([A-Z2-7]{16,})<')


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: str) -> str:
    """Fill in the form; where it leads, or what it says."""
    answer = client.post(reverse("account_login"), {"login": name, "password": password, **more})
    return answer.headers.get("Location") or answer.content.decode()


def code(secret: str) -> str:
    """What an app shows now."""
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def set_up_app(client: Client) -> str:
    """Set up an app; its secret."""
    found = SECRET.search(client.get(reverse("mfa_activate_totp")).content.decode())
    assert found
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(found[1])})
    assert answer.headers["Location"] == reverse("mfa_view_recovery_codes")
    caches["default"].clear()  # an app's code opens once, and the next one is half a minute away
    return found[1]


@pytest.mark.parametrize("place", ["/login/", "/login/?next=/admin/"])
def test_guessing_is_locked_before_the_tenth_try(sample: Sample, place: str) -> None:
    client = Client()
    for attempt in range(1, 11):
        words = client.post(place, {"login": "reviewer", "password": f"guess {attempt}"}).content.decode()
        if "Too many wrong tries" in words:
            break
    assert attempt < 10
    assert "Too many wrong tries" in sign_in(client, "reviewer"), "the right password must not open it now"
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert "Too many wrong tries" in sign_in(elsewhere, "Reviewer"), "the account is locked from everywhere"
    assert sign_in(elsewhere, "creator") == "/"


def test_one_address_cannot_try_many_accounts(sample: Sample) -> None:
    client = Client(REMOTE_ADDR="203.0.113.5")
    said = [sign_in(client, f"somebody{attempt}", "wrong") for attempt in range(10)]
    assert "Too many wrong tries" not in said[8]
    assert "Too many wrong tries" in said[9]
    assert "Too many wrong tries" in sign_in(client, "creator")
    assert sign_in(Client(REMOTE_ADDR="203.0.113.6"), "creator") == "/"


def test_the_desk_has_no_form_of_its_own(sample: Sample) -> None:
    tried = Client().post("/admin/login/?next=/admin/", {"username": "reviewer", "password": PASSWORD})
    assert tried.headers["Location"] == "/login/?next=/admin/"


def test_guessing_codes_is_locked(sample: Sample) -> None:
    client = Client()
    sign_in(client, "auditor")
    secret = set_up_app(client)
    thief = Client(REMOTE_ADDR="203.0.113.7")
    sign_in(thief, "auditor")
    said = [thief.post(reverse("mfa_authenticate"), {"code": f"{n:06}"}).content.decode() for n in range(9)]
    assert "Too many wrong tries" in said[-1]
    assert "Too many wrong tries" in thief.post(reverse("mfa_authenticate"), {"code": code(secret)}).content.decode()


@pytest.mark.parametrize("name", ["reviewer", "auditor", "custodian", "administrator", "operator"])
def test_roles_that_need_a_second_step_come_no_further_without(
    sample: Sample, settings: LazySettings, name: str
) -> None:
    settings.SECOND_STEP_REQUIRED = True
    client = Client()
    sign_in(client, name)
    for place in ("/", "/account/", "/admin/", "/models/"):
        assert client.get(place).headers["Location"] == reverse("mfa_index"), place
    assert client.post(reverse("tokens"), {}).headers["Location"] == reverse("mfa_index")
    set_up_app(client)
    assert client.get("/account/").status_code == 200
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get("/account/").headers["Location"] == reverse("mfa_index"), "the last one was removed"


def test_a_creator_needs_none_until_they_are_more(sample: Sample, settings: LazySettings, now: datetime) -> None:
    settings.SECOND_STEP_REQUIRED = True
    client, creator = Client(), sample.people["creator"]
    sign_in(client, "creator")
    assert client.get("/account/").status_code == 200
    grant_role(
        actor=sample.people["administrator"], user=creator, organisation=sample.organisation, role=Role.AUDITOR, at=now
    )
    assert client.get("/account/").headers["Location"].startswith("/login/"), "a new role is a new session"
    sign_in(client, "creator")
    assert client.get("/account/").headers["Location"] == reverse("mfa_index")


def test_a_demonstration_only_says_so(sample: Sample) -> None:
    for name, told in {"administrator": True, "creator": False}.items():
        client = Client()
        sign_in(client, name)
        assert ("your role needs a second step" in client.get("/").content.decode()) is told, name


def test_a_role_taken_away_ends_every_session(sample: Sample, browse: Browse, now: datetime) -> None:
    here, there = browse("reviewer"), browse("reviewer")
    reviewer, administrator = sample.people["reviewer"], sample.people["administrator"]
    assert here.get("/account/").status_code == 200
    revoke_role(actor=administrator, user=reviewer, organisation=sample.organisation, role=Role.REVIEWER, at=now)
    assert {client.get("/account/").status_code for client in (here, there)} == {302}
    assert not User.objects.get(username="reviewer").is_staff


def test_a_stale_session_is_asked_again_before_a_secret_is_made(sample: Sample) -> None:
    client = Client()
    sign_in(client, "custodian")
    assert client.get(reverse("mfa_activate_totp")).status_code == 200, "right after signing in it is not asked"
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 3600
    session.save()
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert "This is not your password" in client.post(asked.headers["Location"], {"password": "wrong"}).content.decode()
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == reverse(
        "mfa_activate_totp"
    )
    assert client.get(reverse("mfa_activate_totp")).status_code == 200


@pytest.mark.parametrize(
    "name", ["tokens", "webhooks", "organisation-people", "organisation-person", "organisation-person-erase"]
)
def test_what_makes_secrets_or_rights_asks_again_before_it_does(sample: Sample, name: str) -> None:
    member = Membership.objects.get(user__username="creator")
    parts = {"organisation-people": [sample.organisation.pk]}.get(name, [sample.organisation.pk, member.pk])
    place = reverse(name, args=parts if name.startswith("organisation") else [])
    client = Client()
    sign_in(client, "administrator")
    session = client.session
    session["account_authentication_methods"][0]["at"] -= 3600
    session.save()
    asked = client.post(place, {"move": "close", "name": "creator", "email": "x@aid.example", "roles": ["creator"]})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate")), asked.status_code
    assert member.grants.exists()
    assert not Invitation.objects.exists()


def test_a_forgotten_password(sample: Sample) -> None:
    User.objects.filter(username="creator").update(email="creator@aid.example")
    client = Client()
    for address in ("creator@aid.example", "nobody@aid.example"):
        sent = client.post(reverse("account_reset_password"), {"email": address})
        assert sent.headers["Location"] == reverse("account_reset_password_done"), "who has an account is not told"
    assert len(mail.outbox) == 1
    assert client.get(reverse("account_reset_password_done")).status_code == 200
    found = re.search(r"https?://\S+(/login/password/\S+)", str(mail.outbox[0].body))
    assert found
    form = client.get(found[1]).headers["Location"]
    assert "too short" in client.post(form, {"password1": "short", "password2": "short"}).content.decode()
    new = {"password1": "printing-house-ten", "password2": "printing-house-ten"}
    assert client.post(form, new).headers["Location"] == reverse("account_reset_password_from_key_done")
    assert client.get(reverse("account_reset_password_from_key_done")).status_code == 200
    assert "used already" in Client().get(found[1], follow=True).content.decode()
    assert sign_in(Client(), "creator", "printing-house-ten") == "/"
    assert AuditRow.objects.filter(verb="user.password", actor__username="creator").exists()


def test_nobody_signs_up(sample: Sample) -> None:
    for place in ("/signup/", "/login/signup/", "/account/signup/"):
        assert Client().get(place).status_code == 404, place


def test_a_session_lasts_a_working_day(settings: LazySettings) -> None:
    assert timedelta(seconds=settings.SESSION_COOKIE_AGE) <= timedelta(hours=12)
    assert settings.SESSION_COOKIE_HTTPONLY
