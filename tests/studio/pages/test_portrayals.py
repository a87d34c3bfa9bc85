"""Representation reports on pages: who asks, what is measured in the worker, what is shown and taken along."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from studio.accounts.models import Role, SubjectKey
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState
from studio.operations.sample import Sample
from studio.portrayals import measuring, rating
from studio.portrayals.actions import EACH, ask_portrayal, draw_grid
from studio.portrayals.models import Portrayal
from studio.portrayals.rating import rate
from studio.projects.models import Campaign, Project
from studio.trail.models import AuditRow
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

pytestmark = pytest.mark.django_db


def measure(portrayal: Portrayal, at: datetime) -> Portrayal:
    """Everything the worker has to do for a report, in this process."""
    while measuring.measure(portrayal.pk, at=at):
        pass
    portrayal.refresh_from_db()
    return portrayal


@pytest.fixture
def pictures(campaign: Campaign, now: datetime) -> list[Picture]:
    """Two pictures of a woman farmer, one of a cow."""
    prompts = (("woman farmer, green background", 2), ("cow", 1))
    return [
        picture
        for words, count in prompts
        for picture in print_pictures(ask(campaign, now, prompt=words, count=count), now)
    ]


@pytest.fixture
def done(pictures: list[Picture], people: SimpleNamespace, campaign: Campaign, now: datetime) -> Portrayal:
    """A report over the campaign."""
    portrayal = ask_portrayal(actor=people.reviewer, project=campaign.project, campaign=campaign, at=now)
    return measure(portrayal, now)


def test_a_report_counts_whom_the_prompts_name_and_is_taken_along(
    done: Portrayal, browse: Callable[[str], Client]
) -> None:
    (row,) = done.report["shares"]["marker"]
    assert (row["name"], row["count"], row["n"]) == ("woman", 1, 1)
    assert (done.unnamed, done.report["scope"]["pictures"]) == (1, 2)
    assert done.report["too_few"] == [{"role": "farmer", "marker": "woman", "n": 2}]
    assert not any(done.sittings.exclude(features=""))
    assert AuditRow.objects.get(verb="portrayal.read").detail == {"opened": 2}
    kept = json.dumps([done.report, list(done.sittings.values("role", "marker", "language"))])
    assert "green" not in kept
    page = browse("auditor").get(reverse("portrayal", args=[done.pk])).content.decode()
    assert page.count('role="img"') == 2
    assert "Farmer, woman" in page
    assert page.count("/signed") == 2
    assert "nothing is inferred from faces" in page
    assert "style=" not in page
    reader = browse("reviewer")
    numbers = reader.get(reverse("portrayal-file", args=[done.pk, "json"]))
    assert json.loads(numbers.content) == done.report | {"checklist": []}
    assert "attachment" in numbers.headers["Content-Disposition"]
    alone = reader.get(reverse("portrayal-file", args=[done.pk, "html"])).content.decode()
    assert alone.count("data:image/png;base64,") == 1
    assert 'src="/' not in alone


def test_two_people_answer_the_checklist_alone_and_their_answers_are_compared(
    done: Portrayal, browse: Callable[[str], Client]
) -> None:
    where, report = reverse("portrayal-checklist", args=[done.pk]), reverse("portrayal", args=[done.pk])
    first, second = (f"seen_{sitting.pk}" for sitting in done.sittings.all())
    sheet = browse("reviewer").get(where).content.decode()
    assert sheet.count('type="checkbox"') == 2 * 5
    assert browse("reviewer").post(where, {first: ["able"]}).status_code == 302
    alone = browse("administrator").get(report).content.decode()
    assert "once a second person has" in alone
    assert "Where they disagree" not in alone
    again = browse("reviewer").post(where, {first: ["able"]})
    assert again.status_code == 422
    assert "answered already" in again.content.decode()
    assert browse("administrator").post(where, {first: ["able"], second: ["cliche"]}).status_code == 302
    assert AuditRow.objects.filter(verb="portrayal.rate").count() == 2
    page = browse("auditor").get(report).content.decode()
    assert "Where they disagree" in page
    assert "Answer the checklist" not in browse("reviewer").get(report).content.decode()
    taken = json.loads(browse("auditor").get(reverse("portrayal-file", args=[done.pk, "json"])).content)["checklist"]
    said = {row["item"].split()[0]: (row["raters"]["first"]["count"], row["disagreement"]["count"]) for row in taken}
    assert said["shown"] in {(1, 0), (0, 0)}
    assert said["dress,"] == (0, 1)
    whole = browse("auditor").get(reverse("portrayal-file", args=[done.pk, "html"])).content.decode()
    assert "first 0% of 2, second 50% of 2" in whole


def test_with_many_groups_each_has_fewer_pictures_on_the_checklist_and_none_has_no_picture(
    done: Portrayal, pictures: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = next(one for one in pictures if not done.sittings.filter(picture=one).exists())
    done.sittings.create(picture=left, role="farmer", marker="zzz", language="en")
    monkeypatch.setattr(rating, "MOST", 2)
    assert [one.marker for one in rating.to_rate(done)] == ["woman", "zzz"]


def test_only_two_who_may_review_answer_the_checklist(
    done: Portrayal, browse: Callable[[str], Client], people: SimpleNamespace, now: datetime
) -> None:
    where = reverse("portrayal-checklist", args=[done.pk])
    assert browse("auditor").get(where).status_code == 403
    assert browse("auditor").post(where, {"seen": "x"}).status_code == 403
    assert browse("creator").get(where).status_code == 404
    for rater in (people.reviewer, people.administrator):
        rate(actor=rater, portrayal=done, seen={}, at=now)
    people.creator.memberships.get().grants.create(role=Role.REVIEWER)
    with pytest.raises(ValidationError, match="Two people have answered"):
        rate(actor=people.creator, portrayal=done, seen={}, at=now)
    unfinished = Portrayal.objects.create(project=done.project, asked_by=people.reviewer, asked=now)
    with pytest.raises(ValidationError, match="no report yet"):
        rate(actor=people.reviewer, portrayal=unfinished, seen={}, at=now)


def test_only_who_may_review_asks_and_reads(
    campaign: Campaign, browse: Callable[[str], Client], outsider: Client, people: SimpleNamespace, now: datetime
) -> None:
    done = ask_portrayal(actor=people.reviewer, project=campaign.project, campaign=campaign, at=now)
    for role in ("creator", "custodian"):
        assert browse(role).get(reverse("portrayal", args=[done.pk])).status_code == 404
        assert browse(role).post(reverse("project-portrayals", args=[done.project_id])).status_code == 403
    assert outsider.get(reverse("portrayal", args=[done.pk])).status_code == 404
    with pytest.raises(PermissionDenied):
        ask_portrayal(actor=people.auditor, project=done.project, campaign=None, at=now)
    answer = browse("administrator").post(reverse("project-portrayals", args=[done.project_id]))
    assert answer.headers["Location"] == reverse("portrayal", args=[Portrayal.objects.first().pk])  # type: ignore[union-attr]


def test_what_names_nobody_or_was_erased_leads_to_no_report(
    campaign: Campaign, people: SimpleNamespace, now: datetime, browse: Callable[[str], Client]
) -> None:
    print_pictures(ask(campaign, now, prompt="woman farmer"), now)
    SubjectKey.objects.all().delete()
    portrayal = measure(ask_portrayal(actor=people.reviewer, project=campaign.project, campaign=None, at=now), now)
    assert (portrayal.erased, portrayal.report) == (1, {})
    assert "names people" in browse("reviewer").get(reverse("portrayal", args=[portrayal.pk])).content.decode()


def test_a_report_that_a_worker_dropped_is_taken_up_again(
    people: SimpleNamespace, campaign: Campaign, now: datetime
) -> None:
    portrayal = ask_portrayal(actor=people.reviewer, project=campaign.project, campaign=campaign, at=now)
    Portrayal.objects.filter(pk=portrayal.pk).update(lease=now + timedelta(seconds=60))
    assert not measuring.measure(portrayal.pk, at=now)
    later = now + timedelta(minutes=3)
    assert measuring.left_over(now=later) == [portrayal.pk]
    assert measure(portrayal, later).fault == measuring.NOTHING


def test_a_grid_is_drawn_as_requests_and_measured_once_they_have_ended(
    campaign: Campaign, sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    portrayal = draw_grid(
        actor=people.creator, campaign=campaign, model=sample.model, roles=["farmer"], languages=["en"], at=now
    )
    jobs = Job.objects.filter(drawn__portrayal=portrayal)
    assert sum(job.count for job in jobs) == 3 * EACH
    assert {job.spec["seed"] for job in jobs} == {7, 8} or {str(job.spec["seed"]) for job in jobs} == {"7", "8"}
    assert not measuring.measure(portrayal.pk, at=now)
    jobs.update(state=JobState.CANCELLED, ended=now)
    assert measure(portrayal, now).fault == measuring.NOTHING


def test_a_grid_wants_room_in_the_budget_and_roles_that_the_model_knows(
    campaign: Campaign, sample: Sample, people: SimpleNamespace, now: datetime, browse: Callable[[str], Client]
) -> None:
    Project.objects.update(budget=10)
    where = reverse("campaign-portrayals", args=[campaign.pk])
    answer = browse("creator").post(where, {"draw": "1", "roles": ["farmer"], "languages": ["en"]})
    assert answer.status_code == 422
    assert "has 10 left" in answer.content.decode()
    assert browse("creator").post(where, {"draw": "1", "languages": ["en"]}).status_code == 422
    with pytest.raises(ValidationError, match="does not know"):
        draw_grid(actor=people.creator, campaign=campaign, model=sample.model, roles=["pope"], languages=["en"], at=now)
    with pytest.raises(PermissionDenied):
        draw_grid(
            actor=people.reviewer, campaign=campaign, model=sample.model, roles=["farmer"], languages=["en"], at=now
        )
    assert not Portrayal.objects.exists()


def test_whoever_had_a_grid_drawn_reads_its_report(
    campaign: Campaign, sample: Sample, people: SimpleNamespace, now: datetime, browse: Callable[[str], Client]
) -> None:
    page = browse("creator").get(reverse("campaign-portrayals", args=[campaign.pk])).content.decode()
    assert "Draw it" in page
    answer = browse("creator").post(
        reverse("campaign-portrayals", args=[campaign.pk]),
        {"draw": "1", "roles": ["farmer"], "languages": ["en", "fr"]},
    )
    assert answer.status_code == 302
    waiting = browse("creator").get(answer.headers["Location"]).content.decode()
    assert "0 of 12 requests have ended" in waiting
    part = browse("creator").get(reverse("portrayal-progress", args=[Portrayal.objects.get().pk]))
    assert "is being drawn" in part.content.decode()
