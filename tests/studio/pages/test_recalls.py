"""The pages of recalls and of the stages of review: who sees them, what they show first, what they do."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from studio.accounts.models import Membership
from studio.catalogue.actions import withdraw_model
from studio.jobs.models import Job, Picture
from studio.operations.sample import Sample
from studio.review import recalling
from studio.review.models import Recall, ReviewPlan
from studio.review.tasks import recall as next_slice

Browse = Callable[[str], Client]


@pytest.fixture
def where(job: Job, sample: Sample) -> str:
    """The page that shows what a recall of the model would do."""
    return reverse("admin:recall-ask", args=[sample.organisation.slug, "model", job.model.digest])


def test_from_a_withdrawn_model_to_a_recall(
    released: Picture, where: str, browse: Browse, people: SimpleNamespace, now: object
) -> None:
    client = browse("custodian")
    page = reverse("model", args=[released.job.model_id])
    assert where not in client.get(page).content.decode()
    withdraw_model(actor=people.custodian, model=released.job.model, at=now, reason="Its data")  # type: ignore[arg-type]
    assert where in client.get(page).content.decode()
    assert where not in browse("reviewer").get(page).content.decode()
    shown = client.get(where).content.decode()
    assert "1 released picture" in shown
    assert reverse("picture-small", args=[released.pk]) in shown
    assert client.post(where, {"public_reason": ""}).status_code == 422
    assert not Recall.objects.exists()
    begun = client.post(where, {"public_reason": "Its data was not ours."}, follow=True)
    assert "0 of 1 withdrawn" in begun.content.decode()
    recall = Recall.objects.get()
    next_slice(str(recall.pk))
    fragment = client.get(reverse("admin:recall", args=[recall.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "Ended: 1 picture is withdrawn." in fragment
    assert "hx-get" not in fragment
    released.refresh_from_db()
    assert released.state == "WITHDRAWN"
    assert client.get(where).headers["Location"] == reverse("admin:recall", args=[recall.pk])
    assert recall.title in client.get(reverse("admin:recalls")).content.decode()


def test_only_keepers_come_here(released: Picture, where: str, browse: Browse, outsider: Client) -> None:
    for role in ("reviewer", "auditor"):
        assert browse(role).get(reverse("admin:recalls")).status_code == 403
        assert browse(role).post(where, {"public_reason": "No"}).status_code == 403
    assert outsider.get(where).status_code == 404
    assert browse("administrator").get(reverse("admin:recalls")).status_code == 200
    assert browse("custodian").get(where.replace("model", "nothing")).status_code == 404
    assert not Recall.objects.exists()


def test_another_organisations_recall_is_nowhere(
    released: Picture, sample: Sample, people: SimpleNamespace, outsider: Client, now: object
) -> None:
    recall = recalling.ask_recall(
        actor=people.custodian, organisation=sample.organisation, kind="model", target=released.job.model.digest,
        public_reason="No", at=now,  # type: ignore[arg-type]
    )  # fmt: skip
    assert outsider.get(reverse("admin:recall", args=[recall.pk])).status_code == 404
    assert recall.title not in outsider.get(reverse("admin:recalls")).content.decode()


def stage(number: int, **fields: object) -> dict[str, object]:
    return {f"stage-{number}-{name}": value for name, value in fields.items()}


def test_an_administrator_sets_the_stages(sample: Sample, browse: Browse, people: SimpleNamespace) -> None:
    client, page = browse("administrator"), reverse("admin:review-plan", args=[sample.project.pk])
    assert client.get(page).status_code == 200
    member = Membership.objects.get(user=people.reviewer, organisation=sample.organisation)
    wanted = stage(0, name="Medical", needed=1, deciders=[member.pk]) | stage(1, name="Brand", needed=2)
    assert client.post(page, wanted).status_code == 302
    plan = ReviewPlan.objects.filter(project=sample.project).first()
    assert plan is not None
    assert [(one.name, one.needed) for one in plan.stages.all()] == [("Medical", 1), ("Brand", 2)]
    assert list(plan.stages.get(place=1).deciders.all()) == [member]
    shown = browse("reviewer").get(reverse("admin:review-plans")).content.decode()
    assert "Medical (1: reviewer)" in shown
    assert page not in shown
    refused = client.post(page, stage(0, name="Medical", needed=3, deciders=[member.pk]))
    assert refused.status_code == 422
    assert "only 1 may give one" in refused.content.decode()
    assert 'value="Medical"' in refused.content.decode()


def test_nobody_else_sets_them(sample: Sample, browse: Browse, outsider: Client) -> None:
    page = reverse("admin:review-plan", args=[sample.project.pk])
    for client in (browse("reviewer"), browse("auditor"), outsider):
        assert client.post(page, stage(0, name="Mine", needed=1)).status_code == 404
    assert browse("custodian").get(reverse("admin:review-plans")).status_code == 403
