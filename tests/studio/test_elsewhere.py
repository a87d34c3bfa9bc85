"""An organisation's own sign-in, with a real OpenID Connect provider on the loopback interface."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.operations.sample import Sample
from tests.ports import free_port

KNOWN = {"sub": "s-1", "email": "creator@aid.example", "email_verified": True, "name": "Somebody"}
PEOPLE = (
    KNOWN,
    {"sub": "s-2", "email": "stranger@aid.example", "email_verified": True},
    {"sub": "s-3", "email": "auditor@aid.example", "email_verified": False},
)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The issuer's address."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("oidc-provider-mock")), "--port", str(port)]
    for person in PEOPLE:
        command += ["--user-claims", json.dumps(person)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                httpx.get(f"{address}/.well-known/openid-configuration")
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield address
        process.terminate()


@pytest.fixture
def door(sample: Sample, provider: str, settings: LazySettings) -> str:
    """The product, set up with it; the value is the address of the button."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    app = {
        "provider_id": "organisation",
        "name": "Aid's account",
        "client_id": "imprimatur",
        "secret": "secret",
        "settings": {"server_url": provider},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    User.objects.filter(username="creator").update(email="creator@aid.example")
    User.objects.filter(username="auditor").update(email="auditor@aid.example")
    return reverse("openid_connect_login", args=["organisation"])


def come_in(client: Client, door: str, sub: str, **choice: str) -> tuple[int, str]:
    """Press the button, say there who one is, come back: the answer's status, and where it leads or what it says."""
    sent = client.post(door)
    assert sent.status_code == 302
    there = sent.headers["Location"]
    assert "code_challenge=" in there
    back = httpx.post(there, data={"sub": sub, **choice})
    answer = client.get(f"{urlsplit(back.headers['location']).path}?{urlsplit(back.headers['location']).query}")
    return answer.status_code, answer.headers.get("Location") or answer.content.decode()


def test_somebody_with_an_account_comes_in(door: str) -> None:
    client = Client()
    assert "Sign in with Aid&#x27;s account" in client.get("/login/").content.decode()
    assert client.get(door).status_code == 200, "a link alone sends nobody there"
    assert come_in(client, door, "s-1") == (302, "/")
    assert "creator" in client.get("/account/").content.decode()
    assert SocialAccount.objects.get().user.username == "creator"
    assert come_in(Client(), door, "s-1") == (302, "/")


@pytest.mark.parametrize("sub", ["s-2", "s-3"])
def test_nobody_gets_an_account_and_an_unproved_address_opens_none(door: str, sub: str) -> None:
    people = User.objects.count()
    client = Client()
    status, page = come_in(client, door, sub)
    assert (status, "There is no account for you here" in page) == (200, True)
    assert client.get("/account/").status_code == 302
    assert User.objects.count() == people
    assert not SocialAccount.objects.exists()


def test_who_was_sent_away_stays_outside(door: str) -> None:
    come_in(Client(), door, "s-1")
    User.objects.filter(username="creator").update(is_active=False)
    client = Client()
    come_in(client, door, "s-1")
    assert client.get("/account/").status_code == 302


def test_the_second_step_holds_for_them_too(door: str) -> None:
    Authenticator.objects.create(user=User.objects.get(username="creator"), type="totp", data={"secret": ""})
    client = Client()
    assert come_in(client, door, "s-1") == (302, reverse("mfa_authenticate"))
    assert client.get("/account/").status_code == 302


def test_turning_back(door: str) -> None:
    client = Client()
    # This provider's refusal says to nobody whose it is, so no more is known than that nobody came.
    status, page = come_in(client, door, "s-1", action="deny")
    assert (status, "That did not work" in page) == (401, True)
    assert "You turned back" in client.get(reverse("socialaccount_login_cancelled")).content.decode()
    assert "did not work" in client.get(reverse("socialaccount_login_error")).content.decode()
