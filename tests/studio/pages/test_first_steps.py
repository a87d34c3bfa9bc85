"""The first steps on a fresh installation: who may take them, each step, both persons, and leaving and coming back."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import roles_of
from studio.audit.integrity import problems
from studio.catalogue.models import Model
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState
from studio.operations import first_steps
from studio.operations.models import Setup
from studio.operations.sample import Sample
from studio.projects.models import PolicyVersion
from studio.review.models import ReviewDecision
from studio.review.releasing import finish_release
from studio.trail.actions import pending, settle
from tests.studio.pages.printing import print_pictures

ACCOUNT = {"username": "head", "email": "head@aid.example", "password": "printing-house-nine"}
FOUND = {"step": "organisation", "name": "Water Aid", "slug": "sample-aid"}


@pytest.fixture
def link(db: None, installation: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]) -> str:
    """What `manage.py setup` prints."""
    settings.DEBUG = True
    settings.LOG_HOST = f"test-{installation.name}"
    call_command("setup", address="https://studio.example/")
    found = re.search(r"https://studio\.example(/setup/begin/\?key=\S+)", capsys.readouterr().out)
    assert found
    return found[1]


@pytest.fixture
def operator(link: str) -> Client:
    """Whoever opened the link, signed in."""
    client = Client()
    assert client.post(link, ACCOUNT).headers["Location"] == "/login/?next=/setup/"
    assert (
        client.post("/login/", {"login": "head", "password": ACCOUNT["password"], "next": "/setup/"}).status_code == 302
    )
    return client


def step(client: Client, **typed: Any) -> str:
    """Fill in the form of the step that is next; the page then."""
    assert client.post("/setup/", typed).status_code == 302, typed
    return client.get("/setup/").content.decode()


def test_only_the_link_opens_it_and_only_once(link: str) -> None:
    assert Client().get("/setup/begin/?key=guessed").status_code == 410
    assert "First steps" in Client().get(link).content.decode()
    assert Client().post(link, ACCOUNT | {"password": "short"}).status_code == 422
    assert Client().post(link, ACCOUNT).status_code == 302
    assert Client().get(link).status_code == 410
    assert Client().post(link, ACCOUNT | {"username": "stranger"}).status_code == 410
    assert list(User.objects.values_list("username", "is_superuser")) == [("head", True)]
    with pytest.raises(CommandError, match="accounts already"):
        call_command("setup")


def test_a_newer_link_ends_the_older(link: str, now: datetime) -> None:
    newer = first_steps.open_setup(at=now)
    assert Client().get(link).status_code == 410
    assert Client().get(f"/setup/begin/?key={newer}").status_code == 200


def test_with_accounts_there_is_nothing_to_set_up(sample: Sample, now: datetime) -> None:
    with pytest.raises(first_steps.SetupClosedError):
        first_steps.open_setup(at=now)
    Setup.objects.create(digest="0" * 64, made=now)
    client = Client()
    client.force_login(sample.people["administrator"])
    assert client.get("/setup/").status_code == 403
    assert Client().get("/setup/").headers["Location"].startswith("/login/")


def test_the_whole_way(operator: Client, authority: Path, settings: LazySettings, now: datetime) -> None:
    assert "The organisation" in operator.get("/setup/").content.decode()
    assert operator.post("/setup/", FOUND | {"slug": "Not A Slug"}).status_code == 422
    kept = settings.TRUST_DIR / "sample-aid"
    hidden = kept.rename(kept.with_name("hidden"))
    page = step(operator, **FOUND)
    head, organisation = User.objects.get(username="head"), Organisation.objects.get()
    assert roles_of(head, organisation) == {Role.ADMINISTRATOR, Role.CUSTODIAN, Role.CREATOR}
    assert "Make keys here" in page
    assert operator.post("/setup/", FOUND | {"slug": "twice"}).status_code == 302
    assert Organisation.objects.count() == 1, "a second click founds nothing"

    assert "The sign worker is asked" in step(operator, step="keys")
    first_steps.make_wanted_keys(at=now)
    assert pipeline.key_standing("sample-aid", now=now).key_id
    hidden.rename(hidden.with_name("former"))

    page = operator.get("/setup/").content.decode()
    assert "apache-2.0" in page
    assert "A project and its policy" in step(operator, step="model", uses=["charitable"])
    assert Model.objects.get().state == Model.State.APPROVED
    page = step(operator, step="policy", project="Wells", sector="humanitarian", uses=["charitable"])
    assert "Nobody puts their own policy in force here" in page
    step(operator, step="approval")
    helper = User.objects.get(username=first_steps.HELPER)
    assert not helper.has_usable_password()
    assert {version.approver for version in PolicyVersion.objects.all()} == {helper}

    page = step(operator, step="picture", prompt="woman farmer, green background")
    assert "It is being screened, made and signed." in page
    print_pictures(Job.objects.get(), now)
    assert "Let it be approved, and release it" in operator.get("/setup/").content.decode()
    step(operator, step="release")
    picture = Picture.objects.get()
    decision = ReviewDecision.objects.get()
    assert (decision.reviewer, picture.state) == (helper, PictureState.APPROVED)
    assert finish_release(picture.release.pk, at=now)
    for intent in pending():
        settle(intent, at=now)

    page = operator.get("/setup/").content.decode()
    assert reverse("record", args=[picture.pk]) in page
    assert Client().get(reverse("record", args=[picture.pk])).status_code == 200
    assert "The first steps are done" in step(operator, step="finish")
    helper.refresh_from_db()
    assert not helper.is_active
    assert not roles_of(helper, organisation)
    for intent in pending():
        settle(intent, at=now)
    assert not list(problems(now=now))


def test_a_picture_that_did_not_come_is_asked_for_again(operator: Client, authority: Path, now: datetime) -> None:
    step(operator, **FOUND)
    step(operator, step="model", uses=["charitable"])
    step(operator, step="policy", project="Wells", sector="health", uses=["charitable"])
    step(operator, step="approval")
    step(operator, step="picture", prompt="woman farmer")
    Job.objects.update(state="FAILED", ended=now)
    assert "The last try led to no picture" in operator.get("/setup/").content.decode()
    assert "It is being screened" in step(operator, step="picture", prompt="a well")
