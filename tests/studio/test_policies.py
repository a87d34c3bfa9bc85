"""Policies: two people, inheritance, rehearsal, shadow, questions. The screens are the real ones."""

from copy import deepcopy
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from studio import pipeline
from studio.accounts.actions import grant_role
from studio.accounts.models import Role, SubjectKey, User
from studio.accounts.roles import give
from studio.accounts.rules import membership_of
from studio.jobs import screening
from studio.jobs.models import Job, Screening
from studio.operations.sample import Sample
from studio.policies import asking, rehearsing, shadowing
from studio.policies.actions import (
    ask_rehearsal,
    begin_draft,
    change_draft,
    discard_draft,
    preview,
    propose_draft,
    return_draft,
    run_in_shadow,
)
from studio.policies.models import PolicyDraft, ShadowDecision
from studio.policies.publishing import publish_draft
from studio.policies.scope import Scope
from studio.projects.models import Campaign, PolicyVersion
from studio.trail.actions import pending, settle
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.policies import approve, begin, enact, rehearse
from tests.studio.requests import ask

pytestmark = pytest.mark.django_db
FAKED = "news photograph of an invented flood in the city"
HARMLESS = "woman farmer, green background"


@pytest.fixture
def here(sample: Sample) -> Scope:
    """The sample's project."""
    return Scope(sample.organisation, sample.project)


@pytest.fixture
def house(sample: Sample) -> Scope:
    """The sample's organisation."""
    return Scope(sample.organisation)


def changed(own: dict[str, Any], category: str, stage: str = "prompt", **bounds: float | None) -> dict[str, Any]:
    """The policy with other bounds for one category."""
    document = deepcopy(own)
    document["stages"][stage][category] |= bounds
    return document


def refusing(own: dict[str, Any], word: str) -> dict[str, Any]:
    """The policy with one more refused word."""
    term = {"word": word, "kind": "deny", "category": "synthetic_evidence", "owner": "administrator", "reason": "No."}
    return {**own, "terms": [*own["terms"], pipeline.checked_term(term)]}


def test_another_person_approves(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    draft = begin(here, now)
    rehearse(draft, now)
    propose_draft(actor=people.administrator, draft=draft, at=now)
    seen = preview(draft).digest
    for nobody in (people.creator, people.auditor, people.custodian, User.objects.create_superuser("root")):
        with pytest.raises(PermissionDenied):
            publish_draft(actor=nobody, draft=draft, seen_digest=seen, at=now)
    # The author may hold every role and the superuser's bit: it is still their own draft.
    give(people.administrator, here.organisation, Role.REVIEWER)
    User.objects.filter(pk=people.administrator.pk).update(is_superuser=True)
    with pytest.raises(PermissionDenied, match="somebody other than its author"):
        publish_draft(actor=User.objects.get(pk=people.administrator.pk), draft=draft, seen_digest=seen, at=now)
    version = publish_draft(actor=people.reviewer, draft=draft, seen_digest=seen, at=now)
    assert (version.author, version.approver, version.number) == (people.administrator, people.reviewer, 2)
    draft.refresh_from_db()
    assert (draft.state, draft.version) == (PolicyDraft.State.PUBLISHED, version)
    with pytest.raises(StaleStateError):
        propose_draft(actor=people.administrator, draft=draft, at=now)


def test_the_database_refuses_one_person_for_both(here: Scope, people: SimpleNamespace) -> None:
    version = here.in_force()
    assert version is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(approver=version.author)


def test_publishing_is_a_ledger_entry(here: Scope, now: datetime) -> None:
    version = enact(here, changed(here.in_force().own, "self_harm", review_at=0.3, annotate_at=None), now)  # type: ignore[union-attr]
    for intent in pending():
        settle(intent, at=now)
    intent = LedgerIntent.objects.get(kind="policy", row=str(version.pk))
    assert intent.sequence is not None
    assert version.digest.encode() in bytes(intent.canonical)
    assert b'"failed_examples":0' in bytes(intent.canonical)
    assert b"administrator" not in bytes(intent.canonical)


def test_only_the_author_writes(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    draft = begin(here, now)
    other = User.objects.create_user("second")
    grant_role(actor=people.administrator, user=other, organisation=here.organisation, role=Role.ADMINISTRATOR, at=now)
    with pytest.raises(PermissionDenied, match="Only its author"):
        change_draft(actor=other, draft=draft, at=now, label="simulation")
    with pytest.raises(PermissionDenied):
        begin_draft(actor=people.reviewer, scope=here, start="health", at=now)
    propose_draft(actor=people.administrator, draft=draft, at=now)
    with pytest.raises(StaleStateError):
        change_draft(actor=people.administrator, draft=draft, at=now, label="simulation")
    with pytest.raises(ValidationError, match="Say what should be changed"):
        return_draft(actor=other, draft=draft, reason=" ", at=now)
    return_draft(actor=other, draft=draft, reason="Hold real people too.", at=now)
    assert (draft.state, draft.returned) == ("OPEN", "Hold real people too.")
    discard_draft(actor=people.administrator, draft=draft, at=now)
    with pytest.raises(StaleStateError):
        discard_draft(actor=people.administrator, draft=draft, at=now)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("own", {"name": "empty"}),
        ("label", "invisible"),
        ("may_relax", ["sexual_minors"]),
        ("examples", [{"text": "", "expect": "allow"}]),
    ],
)
def test_what_a_draft_may_not_say(here: Scope, people: SimpleNamespace, now: datetime, field: str, value: Any) -> None:
    draft = begin(here, now)
    with pytest.raises(ValidationError) as refused:
        change_draft(actor=people.administrator, draft=draft, at=now, **{field: value})
    assert field in refused.value.message_dict


def test_a_project_never_loosens_without_the_right(here: Scope, house: Scope, now: datetime) -> None:
    loose = changed(here.in_force().own, "synthetic_evidence", review_at=None, block_at=None)  # type: ignore[union-attr]
    draft = begin(here, now, own=loose)
    assert preview(draft).ruling.refused == ("stages.prompt.synthetic_evidence",)
    assert preview(draft).ruling.digest == here.in_force().digest  # type: ignore[union-attr]
    organisation = begin(house, now, start="in-force", may_relax=["synthetic_evidence"])
    rehearse(organisation, now)
    approve(organisation, now)
    assert preview(draft).ruling.refused == ()
    assert preview(draft).ruling.document["stages"]["prompt"]["synthetic_evidence"]["review_at"] is None


def test_the_floor_yields_only_where_the_operator_lets_it(house: Scope, now: datetime, settings: Any) -> None:
    draft = begin(house, now, start="health")
    assert preview(draft).ruling.document["stages"]["prompt"]["violence_graphic"]["block_at"] is None
    settings.FLOOR_MAY_RELAX = ()
    assert preview(draft).ruling.document["stages"]["prompt"]["violence_graphic"]["block_at"] == 0.9
    assert "stages.prompt.violence_graphic" in preview(draft).ruling.refused


def test_an_organisations_version_brings_its_projects_theirs(here: Scope, house: Scope, now: datetime) -> None:
    before = here.in_force()
    assert before is not None
    assert before.rests_on == house.in_force()
    own = changed(house.in_force().own, "ip_style", review_at=0.5)  # type: ignore[union-attr]
    published = enact(house, refusing(own, "Acme Relief"), now)
    after = here.in_force()
    assert after is not None
    assert (after.number, after.rests_on, after.own) == (before.number + 1, published, before.own)
    assert after.document["stages"]["prompt"]["ip_style"]["review_at"] == 0.5
    assert [term["word"] for term in after.document["terms"]] == ["Acme Relief"]
    assert LedgerIntent.objects.filter(kind="policy", row=str(after.pk)).exists()
    again = begin(house, now, start="in-force")
    rehearse(again, now)
    approve(again, now)
    assert here.in_force() == after, "what reads the same makes no new version"


def test_the_label_is_never_weaker_than_the_organisations(here: Scope, house: Scope, now: datetime) -> None:
    draft = begin(house, now, start="in-force", label="simulation")
    rehearse(draft, now)
    approve(draft, now)
    assert here.in_force().label == "simulation"  # type: ignore[union-attr]
    project = begin(here, now, start="in-force", label="text")
    assert preview(project).label == "simulation"
    here.project.refresh_from_db()  # type: ignore[union-attr]
    assert here.project.label == "simulation"  # type: ignore[union-attr]


def test_a_failing_example_forbids_publishing(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    examples = [
        {"text": HARMLESS, "expect": "allow", "language": "en"},
        {"text": HARMLESS + " at noon", "expect": "block", "language": "en"},
    ]
    draft = begin(here, now, examples=examples)
    propose_draft(actor=people.administrator, draft=draft, at=now)
    seen = preview(draft).digest
    with pytest.raises(ValidationError, match="Rehearse it first"):
        publish_draft(actor=people.reviewer, draft=draft, seen_digest=seen, at=now)
    report = rehearse(draft, now).report
    assert [row["met"] for row in report["examples"]] == [True, False]
    with pytest.raises(ValidationError, match="1 example does not come out"):
        publish_draft(actor=people.reviewer, draft=draft, seen_digest=seen, at=now, exception=" ")
    version = publish_draft(
        actor=people.reviewer, draft=draft, seen_digest=seen, at=now, exception="The example is outdated."
    )
    assert version.exception == "The example is outdated."
    assert AuditRow.objects.get(verb="policy.publish", object_id=str(version.pk)).detail["exception"]
    assert b'"failed_examples":1' in bytes(LedgerIntent.objects.get(row=str(version.pk)).canonical)


def test_a_change_voids_the_rehearsal_and_the_approvers_look(
    here: Scope, house: Scope, people: SimpleNamespace, now: datetime
) -> None:
    draft = begin(here, now)
    rehearse(draft, now)
    seen = preview(draft).digest
    change_draft(actor=people.administrator, draft=draft, at=now, label="simulation")
    propose_draft(actor=people.administrator, draft=draft, at=now)
    with pytest.raises(ValidationError, match="changed since you opened it"):
        publish_draft(actor=people.reviewer, draft=draft, seen_digest=seen, at=now)
    with pytest.raises(ValidationError, match="Rehearse it first"):
        publish_draft(actor=people.reviewer, draft=draft, seen_digest=preview(draft).digest, at=now)


def test_a_rehearsal_says_what_would_change(
    here: Scope, campaign: Campaign, people: SimpleNamespace, now: datetime
) -> None:
    jobs = [ask(campaign, now - timedelta(minutes=age), prompt=HARMLESS, seed=age) for age in range(3)]
    for job in jobs:
        screening.screen(job.pk, at=now)
    gone = ask(campaign, now, actor=people.creator, prompt=HARMLESS, seed=9)
    screening.screen(gone.pk, at=now)
    Job.objects.filter(pk=gone.pk).update(words=b"x" * 40)
    draft = begin(here, now, own=refusing(here.in_force().own, "farmer"))  # type: ignore[union-attr]
    wanted = rehearsing.newest_requests(here, 100)
    assert set(wanted) == {job.pk for job in [*jobs, gone]}
    report = rehearse(draft, now, wanted=wanted).report
    assert report["counts"] == {"prompt:allow:block": 3}
    assert report["erased"] == 1
    assert {row["job"] for row in report["changed"]} == {str(job.pk) for job in jobs}
    assert report["changed"][0]["categories"] == ["synthetic_evidence"]
    assert HARMLESS not in str(report)
    assert set(Job.objects.values_list("state", flat=True)) == {"QUEUED"}
    row = AuditRow.objects.get(verb="policy.rehearse", object_id=str(draft.pk))
    assert row.detail == {"requests": 4}


def test_an_organisations_draft_is_rehearsed_under_each_projects_own_policy(
    here: Scope, house: Scope, campaign: Campaign, now: datetime
) -> None:
    enact(here, refusing(here.in_force().own, "farmer"), now)  # type: ignore[union-attr]
    job = ask(campaign, now, prompt=HARMLESS)
    assert screening.screen(job.pk, at=now) == "BLOCKED"
    draft = begin(house, now, start="in-force")
    report = rehearse(draft, now, wanted=[job.pk]).report
    assert report["counts"] == {"prompt:block:block": 1}, "what the project refuses stays refused"
    seen = preview(draft).digest
    enact(here, here.in_force().own | {"name": "Another"}, now)  # type: ignore[union-attr]
    assert preview(draft).digest != seen, "what it would replace in a project has changed"


def test_a_rehearsal_that_was_overtaken_says_so(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    draft = begin(here, now, examples=[{"text": HARMLESS, "expect": "allow", "language": "en"}])
    rehearsal = ask_rehearsal(actor=draft.author, draft=draft, wanted=[], at=now)
    change_draft(actor=people.administrator, draft=draft, at=now, label="simulation")
    assert not rehearsing.rehearse(rehearsal.pk, at=now)
    rehearsal.refresh_from_db()
    assert rehearsal.report["stale"] == rehearsing.STALE


def test_a_rehearsal_left_lying_is_taken_up(here: Scope, now: datetime) -> None:
    draft = begin(here, now, examples=[{"text": HARMLESS, "expect": "allow", "language": "en"}])
    rehearsal = ask_rehearsal(actor=draft.author, draft=draft, wanted=[], at=now)
    assert rehearsing.left_over(now=now + timedelta(minutes=1)) == [rehearsal.pk]
    assert rehearsing._claimed(rehearsal.pk, at=now) is not None
    assert rehearsing._claimed(rehearsal.pk, at=now) is None, "two workers never share one"
    assert rehearsing.left_over(now=now + timedelta(minutes=1)) == []
    assert rehearsing.left_over(now=now + timedelta(minutes=5)) == [rehearsal.pk]


def test_a_shadow_decides_and_never_acts(
    here: Scope, campaign: Campaign, people: SimpleNamespace, now: datetime
) -> None:
    early = ask(campaign, now, prompt=HARMLESS, seed=1)
    screening.screen(early.pk, at=now - timedelta(seconds=5))
    draft = begin(here, now, own=refusing(here.in_force().own, "farmer"))  # type: ignore[union-attr]
    run_in_shadow(actor=people.administrator, draft=draft, on=True, at=now)
    job = ask(campaign, now, prompt=HARMLESS, seed=2)
    assert screening.screen(job.pk, at=now) == "QUEUED"
    assert shadowing.shadow_all(now=now) == 1
    assert shadowing.shadow_all(now=now) == 0
    shadow = ShadowDecision.objects.get()
    assert (shadow.action, shadow.screening) == ("block", Screening.objects.get(job=job))
    job.refresh_from_db()
    assert job.state == "QUEUED"
    standing = shadowing.standing(draft)
    assert standing.rows == [{"before": "allow", "after": "block", "number": 1, "same": False}]
    assert standing.differing == [shadow]
    later = now + timedelta(seconds=10)
    change_draft(actor=people.administrator, draft=draft, at=later, own=here.in_force().own)  # type: ignore[union-attr]
    assert shadowing.standing(draft).decided == 0, "an edited draft begins anew"
    other = begin(here, now)
    run_in_shadow(actor=people.administrator, draft=other, on=True, at=now)
    draft.refresh_from_db()
    assert draft.shadow_since is None, "one draft a place"


def test_a_question_is_answered_for_its_asker_alone(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    asker = membership_of(people.creator, here.organisation)
    document = here.in_force().document  # type: ignore[union-attr]
    question = asking.Question(FAKED, "", "en", "", {"in_force": document})
    pk = asking.ask(asker, question)
    assert FAKED.encode() not in cache.get(f"question-{pk}")[1]
    assert asking.answered(pk, asker) is None
    assert asking.answer(pk, at=now)
    assert not asking.answer(pk, at=now), "a question is read once"
    said = asking.answered(pk, asker)["in_force"]["words"]  # type: ignore[index]
    assert said["action"] in {"review", "block"}
    assert said["changes"]
    assert "score" not in str(said)
    assert asking.answered(pk, membership_of(people.reviewer, here.organisation)) is None
    assert not Screening.objects.exists()


def test_a_picture_is_asked_about_too(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    asker = membership_of(people.administrator, here.organisation)
    picture = pipeline.Reference(bytes(range(256)) * 48, 64, 64)
    documents = {"in_force": here.in_force().document}  # type: ignore[union-attr]
    pk = asking.ask(asker, asking.Question("", "", "en", "", documents, picture))
    assert asking.answer(pk, at=now)
    said = asking.answered(pk, asker)["in_force"]  # type: ignore[index]
    assert set(said) == {"picture"}
    missing = {found["category"] for found in said["picture"]["findings"] if found["coverage"] == "not_screened"}
    assert "violence_graphic" in missing


def test_a_question_of_somebody_erased_is_not_answered(here: Scope, people: SimpleNamespace, now: datetime) -> None:
    asker = membership_of(people.creator, here.organisation)
    pk = asking.ask(asker, asking.Question(FAKED, "", "en", "", {}))
    SubjectKey.objects.filter(membership=asker).delete()
    assert not asking.answer(pk, at=now)
