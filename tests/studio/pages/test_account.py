"""One's own account, and signing in and out."""

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.catalogue.models import Model
from studio.operations.sample import PASSWORD, Sample
from studio.trail.models import AuditRow

Browse = Callable[[str], Client]
NEW = "printing-house-nine"


def change(client: Client, **typed: str) -> int:
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW} | typed
    return client.post(reverse("account"), form).status_code


def test_signing_in_leads_where_one_wanted_to_go(sample: Sample) -> None:
    client = Client()
    wrong = client.post("/login/", {"login": "creator", "password": "wrong"})
    assert "do not belong together" in wrong.content.decode()
    form = {"login": "creator", "password": PASSWORD, "next": "/account/"}
    assert client.post("/login/", form).headers["Location"] == "/account/"
    assert client.post("/login/", form | {"next": "https://example.org/"}).headers["Location"] == "/"
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == "/"


def test_the_account_names_the_roles(browse: Browse) -> None:
    page = browse("reviewer").get(reverse("account")).content.decode()
    assert "Sample Aid" in page
    assert "Reviewer" in page


def test_a_new_password_ends_other_sessions(browse: Browse) -> None:
    here, elsewhere = browse("creator"), browse("creator")
    assert change(here) == 302
    assert User.objects.get(username="creator").check_password(NEW)
    assert here.get(reverse("account")).status_code == 200
    assert elsewhere.get(reverse("account")).status_code == 302
    assert AuditRow.objects.filter(verb="user.password").exists()


def test_mistakes_change_nothing(browse: Browse) -> None:
    client = browse("creator")
    assert change(client, old_password="wrong") == 422
    assert change(client, new_password2="different") == 422
    assert change(client, new_password1="short", new_password2="short") == 422
    assert User.objects.get(username="creator").check_password(PASSWORD)


def test_a_custodian_approves_a_model(browse: Browse, sample: Sample) -> None:
    sample.model.decisions.all().delete()
    Model.objects.update(state=Model.State.UNAPPROVED, approved_by=None)
    where, form = (
        reverse("admin:catalogue_model_changelist"),
        {"action": "approve", "_selected_action": [sample.model.pk]},
    )
    for role in ("auditor", "administrator", "reviewer"):
        browse(role).post(where, form)
        assert Model.objects.get().state == Model.State.UNAPPROVED
    assert browse("custodian").post(where, form).status_code == 302
    assert Model.objects.get().state == Model.State.APPROVED
