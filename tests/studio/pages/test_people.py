"""An organisation's people: roles given and taken, invitations, leaving, and what nobody may do."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from studio.accounts import inviting
from studio.accounts.actions import found_organisation, grant_role, remove_second_step
from studio.accounts.models import Invitation, Membership, Role, User
from studio.accounts.rules import roles_of
from studio.operations.sample import Sample
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.signing import signed_in

Browse = Callable[[str], Client]
NEW = {"username": "newcomer", "first_name": "New", "last_name": "", "password": "printing-house-nine"}


@pytest.fixture
def place(sample: Sample) -> str:
    """The page of the sample's people."""
    return reverse("organisation-people", args=[sample.organisation.pk])


def page_of(sample: Sample, user: User) -> str:
    return reverse("organisation-person", args=[sample.organisation.pk, user.memberships.get().pk])


def invited(browse: Browse, place: str, *roles: str) -> str:
    """Invite an address; the link in its mail."""
    mail.outbox.clear()
    form = {"email": "newcomer@aid.example", "roles": list(roles)}
    assert browse("administrator").post(place, form).status_code == 200
    found = re.search(r"https?://[^/]+(/invitation/\?key=\S+)", str(mail.outbox[0].body))
    assert found
    return found[1]


def test_not_even_the_operator_makes_themselves_a_reviewer(sample: Sample, now: datetime) -> None:
    operator = User.objects.get(username="operator")
    grant_role(
        actor=sample.people["administrator"],
        user=operator,
        organisation=sample.organisation,
        role=Role.ADMINISTRATOR,
        at=now,
    )
    with pytest.raises(PermissionDenied, match="Nobody makes themselves a reviewer"):
        grant_role(actor=operator, user=operator, organisation=sample.organisation, role=Role.REVIEWER, at=now)


def test_people_are_for_administrators(place: str, browse: Browse, outsider: Client) -> None:
    assert Client().get(place).headers["Location"].startswith("/login/")
    assert outsider.get(place).status_code == 404
    for role in ("creator", "reviewer", "auditor", "custodian"):
        assert browse(role).get(place).status_code == 403, role
        assert browse(role).post(place, {"email": "x@aid.example", "roles": ["auditor"]}).status_code == 403, role
    page = browse("administrator").get(place).content.decode()
    assert all(name in page for name in ("creator", "reviewer", "auditor", "custodian"))
    assert not Invitation.objects.exists()


def test_the_page_asks_the_same_number_of_questions_for_any_number_of_people(
    place: str,
    browse: Browse,
    sample: Sample,
    now: datetime,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    administrator = sample.people["administrator"]
    for number in range(30):
        user = User.objects.create_user(f"person{number}")
        grant_role(actor=administrator, user=user, organisation=sample.organisation, role=Role.CREATOR, at=now)
    client = browse("administrator")
    with django_assert_max_num_queries(9):
        client.get(place)


def test_roles_are_given_and_taken(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    client, where = browse("administrator"), page_of(sample, people.creator)
    creator = browse("creator")
    assert client.post(where, {"roles": ["creator", "auditor"]}).status_code == 302
    assert roles_of(people.creator, sample.organisation) == {"creator", "auditor"}
    assert creator.get("/account/").status_code == 302, "they sign in anew"
    assert client.post(where, {"roles": ["auditor"]}).status_code == 302
    assert roles_of(people.creator, sample.organisation) == {"auditor"}
    assert set(AuditRow.objects.values_list("verb", flat=True)) >= {"role.grant", "role.revoke"}


def test_nobody_makes_themselves_a_reviewer(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    client, where = browse("administrator"), page_of(sample, people.administrator)
    refused = client.post(where, {"roles": ["administrator", "reviewer"]})
    assert refused.status_code == 403
    assert "Nobody makes themselves a reviewer" in refused.content.decode()
    assert roles_of(people.administrator, sample.organisation) == {"administrator"}
    assert client.post(where, {"roles": ["administrator", "custodian"]}).status_code == 302
    assert client.get("/account/").status_code == 200, "who changes their own roles stays at their screen"


@pytest.mark.parametrize("move", [{"roles": ["creator"]}, {"move": "close"}])
def test_the_last_administrator_stays(
    move: dict[str, str], sample: Sample, browse: Browse, people: SimpleNamespace, now: datetime
) -> None:
    Membership.objects.get(user__username="operator").grants.all().delete()
    client, where = browse("administrator"), page_of(sample, people.administrator)
    kept = client.post(where, move)
    assert kept.status_code == 422
    assert "Somebody must administer the organisation" in kept.content.decode()
    grant_role(
        actor=people.administrator,
        user=people.auditor,
        organisation=sample.organisation,
        role=Role.ADMINISTRATOR,
        at=now,
    )
    assert client.post(where, move).status_code == 302


def test_somebody_leaves_and_comes_back(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    client, where, theirs = browse("administrator"), page_of(sample, people.reviewer), browse("reviewer")
    assert client.post(where, {"move": "close"}).status_code == 302
    assert theirs.get("/account/").status_code == 302
    people.reviewer.refresh_from_db()
    assert not people.reviewer.is_active
    assert (
        "No longer here" in client.get(reverse("organisation-people", args=[sample.organisation.pk])).content.decode()
    )
    assert client.post(where, {"roles": ["auditor"]}).status_code == 302
    people.reviewer.refresh_from_db()
    assert people.reviewer.is_active
    assert roles_of(people.reviewer, sample.organisation) == {"auditor"}


def test_a_lost_phone(sample: Sample, browse: Browse, people: SimpleNamespace, outsider: Client, now: datetime) -> None:
    Authenticator.objects.create(user=people.reviewer, type="totp", data={"secret": ""})
    client, where = browse("administrator"), page_of(sample, people.reviewer)
    assert "lost phone" in client.get(where).content.decode()
    assert client.post(where, {"move": "second-step"}).status_code == 302
    assert not Authenticator.objects.exists()
    other = found_organisation(actor=User.objects.get(username="operator"), slug="third", name="Third", at=now)
    grant_role(
        actor=User.objects.get(username="operator"),
        user=people.reviewer,
        organisation=other,
        role=Role.CUSTODIAN,
        at=now,
    )
    with pytest.raises(PermissionDenied, match="rights elsewhere"):
        membership = sample.organisation.memberships.get(user=people.reviewer)
        remove_second_step(actor=people.administrator, membership=membership, at=now)


def test_an_invitation_opens_one_account(place: str, browse: Browse, sample: Sample) -> None:
    link = invited(browse, place, "reviewer", "creator")
    secret = link.partition("=")[2]
    assert secret not in str(Invitation.objects.values().get()), "the secret is kept nowhere"
    stranger = Client()
    assert "Sample Aid invites you" in stranger.get(link).content.decode()
    for wrong in ({"password": "short"}, {"username": "creator"}, {"username": "a b"}):
        assert stranger.post(link, NEW | wrong).status_code == 422, wrong
    assert stranger.post(link, NEW).headers["Location"] == "/login/"
    newcomer = User.objects.get(username="newcomer")
    assert roles_of(newcomer, sample.organisation) == {"creator", "reviewer"}
    assert newcomer.is_staff
    assert Client().get(link).status_code == 410
    assert Client().post(link, NEW | {"username": "another"}).status_code == 410
    back = Client().post("/login/", {"login": "newcomer@aid.example", "password": NEW["password"]})
    assert back.status_code == 302
    assert set(AuditRow.objects.values_list("verb", flat=True)) >= {"invitation.make", "invitation.accept"}


def test_an_invitation_ends(place: str, browse: Browse, sample: Sample, now: datetime) -> None:
    link = invited(browse, place, "creator")
    assert Client().get(link + "x").status_code == 410
    assert Client().get("/invitation/").status_code == 410
    assert inviting.find_invitation(link.partition("=")[2], at=now + timedelta(days=8)) is None
    row = Invitation.objects.get()
    assert (
        browse("auditor").post(reverse("invitation-withdraw", args=[sample.organisation.pk, row.pk])).status_code == 403
    )
    browse("administrator").post(reverse("invitation-withdraw", args=[sample.organisation.pk, row.pk]))
    assert Client().get(link).status_code == 410


def test_what_an_inviter_may_no_longer_give_is_not_given(place: str, browse: Browse, people: SimpleNamespace) -> None:
    link = invited(browse, place, "administrator")
    Membership.objects.get(user=people.administrator).grants.all().delete()
    refused = Client().post(link, NEW)
    assert refused.status_code == 422
    assert "administers the organisation no more" in refused.content.decode()
    assert not User.objects.filter(username="newcomer").exists()
    assert Invitation.objects.get().accepted is None


def test_somebody_known_joins_with_their_account(place: str, browse: Browse, outsider: Client, sample: Sample) -> None:
    link = invited(browse, place, "auditor")
    assert outsider.post(link).status_code == 302
    user = User.objects.get(username="outsider")
    assert roles_of(user, sample.organisation) == {"auditor"}


def test_an_administrator_does_not_invite_themselves_to_review(
    place: str, browse: Browse, people: SimpleNamespace
) -> None:
    User.objects.filter(pk=people.administrator.pk).update(email="head@aid.example")
    refused = browse("administrator").post(place, {"email": "head@aid.example", "roles": ["reviewer"]})
    assert refused.status_code == 403
    link = invited(browse, place, "reviewer")
    assert browse("administrator").post(link).status_code == 403


def test_the_operator_names_an_administrator_by_command(sample: Sample, people: SimpleNamespace) -> None:
    name = ("name_administrator", sample.organisation.slug, "auditor")
    with pytest.raises(CommandError, match="Only the operator"):
        call_command(*name, operator="administrator", reason="I may anyway.")
    with pytest.raises(CommandError, match="Say why"):
        call_command(*name, operator="operator", reason=" ")
    with pytest.raises(CommandError, match="check both usernames"):
        call_command(*name[:2], "nobody", operator="operator", reason="The last one has left.")
    call_command(*name, operator="operator", reason="The last one has left.")
    assert "administrator" in roles_of(people.auditor, sample.organisation)
    assert LedgerIntent.objects.filter(kind="access").count() == 1


def test_a_program_of_somebody_who_left_is_refused(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    browse("administrator").post(page_of(sample, people.custodian), {"move": "close"})
    gone = signed_in(User.objects.get(username="custodian"))
    assert gone.get("/account/").status_code == 302
