"""Quotas, budgets and the licence gate: on the page of limits, at a request, at an approval, and for programs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from studio.accounts.models import Quota
from studio.catalogue.actions import approve_model
from studio.catalogue.licences import LICENCES, Use, forbidden, licence_of
from studio.catalogue.models import Model, ProjectUse
from studio.jobs import quotas
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.operations.sample import Sample
from studio.projects.actions import set_terms
from studio.projects.models import Campaign, Project
from studio.trail.models import AuditRow
from tests.studio.api.program import program_of
from tests.studio.lessons import register_copy
from tests.studio.requests import FAST, ask

Browse = Callable[[str], Client]
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@pytest.fixture
def place(sample: Sample) -> str:
    """The page of the sample's limits."""
    return reverse("organisation-limits", args=[sample.organisation.pk])


@pytest.fixture
def non_commercial(sample: Sample, tmp_path: Path, now: datetime) -> Model:
    """A model under a licence that forbids commercial use, not approved yet."""
    model = register_copy(sample, tmp_path / "child", now, parent=sample.model)
    Model.objects.filter(pk=model.pk).update(licence="flux-1-dev-non-commercial-license")
    model.refresh_from_db()
    return model


def test_limits_are_for_administrators(place: str, browse: Browse, outsider: Client) -> None:
    assert Client().get(place).status_code == 302
    assert outsider.get(place).status_code == 404
    assert outsider.post(place, {"day": "1"}).status_code == 404
    assert browse("creator").get(place).status_code == 403
    assert browse("auditor").post(place, {"day": "1"}).status_code == 403
    assert browse("administrator").get(place).status_code == 200


def test_an_administrator_sets_them(place: str, browse: Browse, sample: Sample, campaign: Campaign) -> None:
    client = browse("administrator")
    assert client.post(place, {"person_day": "5", "month": "", "day": "-1"}).status_code == 422
    assert client.post(place, {"person_day": "5", "month": "100", "day": ""}).status_code == 302
    quota = Quota.objects.get()
    assert (quota.person_day, quota.month, quota.day) == (5, 100, None)
    terms = {"project": str(sample.project.pk), "budget": "40", "uses": ["charitable"]}
    assert client.post(place, terms | {"uses": []}).status_code == 422
    assert client.post(place, terms).status_code == 302
    sample.project.refresh_from_db()
    assert sample.project.budget == 40
    assert ProjectUse.objects.get().uses == ["charitable"]
    assert {"quota.set", "project.terms"} <= set(AuditRow.objects.values_list("verb", flat=True))


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"person_day": 3}, "you may ask for in a day, 1 are left"),
        ({"person_month": 3}, "you may ask for in a month, 1 are left"),
        ({"day": 3}, "your organisation may ask for in a day, 1 are left"),
        ({"month": 3}, "your organisation may ask for in a month, 1 are left"),
    ],
)
def test_a_quota_is_counted_and_said(limit: dict[str, int], told: str, sample: Sample, campaign: Campaign) -> None:
    Quota.objects.create(organisation=sample.organisation, **limit)
    first = ask(campaign, NOON, count=2)
    with pytest.raises(quotas.OverQuotaError) as refusal:
        ask(campaign, NOON, count=2)
    assert told in refusal.value.message_dict["count"][0]
    assert Job.objects.count() == 1
    assert refusal.value.renews == (
        datetime(2026, 4, 1, tzinfo=UTC) if "month" in told else datetime(2026, 3, 15, tzinfo=UTC)
    )
    ask(campaign, refusal.value.renews, count=2)
    Job.objects.filter(pk=first.pk).update(state=JobState.CANCELLED)
    ask(campaign, NOON, count=1)


def test_a_persons_quota_is_their_own(sample: Sample, campaign: Campaign) -> None:
    Quota.objects.create(organisation=sample.organisation, person_day=2)
    ask(campaign, NOON, count=2)
    other = sample.people["administrator"]
    with pytest.raises(ValidationError):
        ask(campaign, NOON, count=1)
    other.memberships.get().grants.create(role="creator")
    ask(campaign, NOON, count=2, actor=other)


def test_the_page_that_asks_says_which_limit(sample: Sample, campaign: Campaign, browse: Browse, now: datetime) -> None:
    Quota.objects.create(organisation=sample.organisation, person_day=1)
    page = browse("creator").get(reverse("create", args=[campaign.pk])).content.decode()
    form = {
        "prompt": "woman farmer", "language": "en", "model": sample.model.pk, "idempotency_key": "k", "count": "2",
        "width": "256", "height": "256", "steps": "2", "guidance": "4.0",
    }  # fmt: skip
    refused = browse("creator").post(reverse("create", args=[campaign.pk]), form)
    assert refused.status_code == 422
    assert "Of the 1 pictures you may ask for in a day, 1 are left" in refused.content.decode()
    assert "pictures you may ask for in a day are left" in page


def test_a_program_is_told_when_to_come_back(sample: Sample, campaign: Campaign, people: SimpleNamespace) -> None:
    Quota.objects.create(organisation=sample.organisation, day=1)
    program = program_of(people.creator, sample.organisation, campaign=campaign)
    wish = {"prompt": "woman farmer", "language": "en", **FAST, "count": 2}
    refused = program.post("/jobs", wish)
    assert refused.status_code == 429
    assert refused.json()["type"].endswith("quota-spent")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400


def test_every_clause_says_where_it_stands() -> None:
    for licence in LICENCES.values():
        for clause in licence.clauses:
            assert clause.place
            assert clause.uses <= set(Use)
    assert licence_of("Apache-2.0") == LICENCES["apache-2.0"]
    assert licence_of("creativeml-openrail++-m") == LICENCES["openrail++"]
    assert licence_of("somebody's own") is None
    assert not forbidden(["mit", "somebody's own"], Use.values)


def test_a_model_is_not_approved_for_what_its_licence_forbids(
    non_commercial: Model, sample: Sample, browse: Browse
) -> None:
    client, where = browse("custodian"), reverse("model-approve", args=[non_commercial.pk])
    page = client.get(where).content.decode()
    assert "sections 1(c), 2(b) and 4(a)" in page
    words = {"purposes": "Posters."}
    refused = client.post(where, words | {"uses": ["charitable", "commercial"]})
    assert refused.status_code == 422
    assert "may be used only without payment" in refused.content.decode()
    assert client.post(where, words).status_code == 422
    assert client.post(where, words | {"uses": ["charitable"]}).status_code == 302
    non_commercial.refresh_from_db()
    assert non_commercial.state == Model.State.APPROVED


def test_a_request_is_refused_with_the_clause(
    non_commercial: Model, sample: Sample, campaign: Campaign, now: datetime
) -> None:
    approve_model(actor=sample.people["custodian"], model=non_commercial, uses=["charitable"], at=now)
    with pytest.raises(ValidationError, match="nobody has said what this project is for"):
        ask(campaign, now, model=non_commercial)
    declare(sample, sample.project, now, "commercial")
    with pytest.raises(ValidationError, match=r"FLUX.1 \[dev\].*sections 1\(c\), 2\(b\) and 4\(a\)"):
        ask(campaign, now, model=non_commercial)
    ask(campaign, now, model=sample.model)
    declare(sample, sample.project, now, "charitable")
    ask(campaign, now, model=non_commercial)


def test_a_model_that_was_taught_comes_under_its_parents_licence(
    non_commercial: Model, sample: Sample, campaign: Campaign, now: datetime
) -> None:
    Model.objects.filter(pk=non_commercial.pk).update(licence="mit")
    Model.objects.filter(pk=sample.model.pk).update(licence="cc-by-nc-4.0")
    non_commercial.refresh_from_db()
    with pytest.raises(ValidationError, match="NonCommercial"):
        approve_model(actor=sample.people["custodian"], model=non_commercial, uses=["commercial"], at=now)


def test_a_use_that_was_not_approved_is_refused(
    sample: Sample, campaign: Campaign, tmp_path: Path, now: datetime
) -> None:
    model = register_copy(sample, tmp_path / "child", now, parent=sample.model)
    approve_model(actor=sample.people["custodian"], model=model, uses=["charitable"], at=now)
    declare(sample, sample.project, now, "charitable", "medical")
    with pytest.raises(ValidationError, match="is not approved for what this project is for"):
        ask(campaign, now, model=model)


def declare(sample: Sample, project: Project, at: datetime, *uses: str) -> None:
    set_terms(actor=sample.people["administrator"], project=project, budget=1000, uses=uses, at=at)


def test_yesterdays_pictures_count_for_the_month_alone(sample: Sample, campaign: Campaign) -> None:
    Quota.objects.create(organisation=sample.organisation, person_day=2, person_month=3)
    ask(campaign, NOON - timedelta(days=1), count=2)
    found = quotas.allowances(campaign.project.jobs.get().requester, at=NOON)
    assert [(one.monthly, one.left) for one in found] == [(True, 1), (False, 2)]
