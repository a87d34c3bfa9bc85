"""Appeals: a blocked request again, held for a person with no part in the first answer, whose ruling takes effect."""

from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.accounts.actions import grant_role
from studio.accounts.models import Role, User
from studio.accounts.roles import give
from studio.audit.integrity import problems
from studio.jobs import finishing, screening, words
from studio.jobs.appealing import appeal, may_appeal
from studio.jobs.models import Job, Screening
from studio.jobs.states import JobState
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import Sample
from studio.policies import rehearsing
from studio.policies.actions import preview
from studio.policies.models import PolicyDraft
from studio.policies.proposing import allowable
from studio.policies.publishing import publish_draft
from studio.policies.rules import may_approve
from studio.policies.scope import Scope
from studio.projects.models import Campaign, Project
from studio.review.answering import grant_with_term
from studio.review.rules import may_decide
from studio.review.rulings import rule_on_hold
from studio.trail.actions import pending, settle
from studio.trail.models import AuditRow
from tests.studio.making import make
from tests.studio.policies import enact
from tests.studio.requests import ask

PURPOSE = "A drill for nurses, who have to recognise it."


@pytest.fixture
def blocked(campaign: Campaign, now: datetime) -> Job:
    """A request that the policy blocks."""
    job = ask(campaign, now, prompt=REQUESTS[0])
    assert screening.screen(job.pk, at=now) == JobState.BLOCKED
    job.refresh_from_db()
    return job


@pytest.fixture
def maker(sample: Sample) -> User:
    """Who asked."""
    return sample.people["creator"]


def held_again(blocked: Job, maker: User, at: datetime) -> Job:
    """The appeal, screened."""
    again = appeal(actor=maker, job=blocked, purpose=PURPOSE, at=at)
    assert screening.screen(again.pk, at=at) == JobState.HELD
    return Job.objects.get(pk=again.pk)


def test_an_appeal_is_held_for_a_person_with_its_words_and_purpose(blocked: Job, maker: User, now: datetime) -> None:
    again = held_again(blocked, maker, now)
    typed = words.open_words(again)
    assert (typed.prompt, typed.purpose) == (REQUESTS[0], PURPOSE)
    assert again.screenings.get().action == "block"
    assert again.request_digest != blocked.request_digest


def test_a_granted_appeal_is_made_and_every_step_is_in_the_ledger(
    blocked: Job, maker: User, sample: Sample, now: datetime
) -> None:
    again = held_again(blocked, maker, now)
    ruling = rule_on_hold(
        actor=sample.people["reviewer"], job=again, let_through=True, reason="It is for a drill.", at=now
    )
    for intent in pending():
        settle(intent, at=now)
    entry = pipeline.entry(pipeline.entry_id(sample.organisation.log, "decision", str(ruling.pk)))
    assert entry is not None
    assert (entry.body["about"], entry.body["outcome"]) == ("appeal", "let through")
    assert entry.body["appeal_of"] == str(blocked.pk)
    assert Job.objects.get(pk=again.pk).state == JobState.QUEUED
    assert not list(problems(now=now))
    assert len(make(again, now)) == 1


def test_an_invented_event_let_through_carries_the_simulation_band(
    blocked: Job, maker: User, sample: Sample, campaign: Campaign, now: datetime
) -> None:
    again = held_again(blocked, maker, now)
    assert campaign.project.label == Project.Label.TEXT
    page = Client()
    page.force_login(sample.people["reviewer"])
    assert "SIMULATION" in page.get(reverse("admin:rule-request", args=[again.pk])).content.decode()
    rule_on_hold(actor=sample.people["reviewer"], job=again, let_through=True, reason="A drill.", at=now)
    (banded,) = make(again, now)
    plain = ask(campaign, now, prompt=REQUESTS[2])
    screening.screen(plain.pk, at=now)
    assert screening.label_of(again) == finishing.circumstances(banded, at=now, entry=banded.pk).label == "simulation"
    assert screening.label_of(plain) == Project.Label.TEXT


def test_a_refused_appeal_is_final(blocked: Job, maker: User, sample: Sample, now: datetime) -> None:
    again = held_again(blocked, maker, now)
    rule_on_hold(actor=sample.people["reviewer"], job=again, let_through=False, reason="No.", at=now)
    again.refresh_from_db()
    assert again.state == JobState.BLOCKED
    with pytest.raises(PermissionDenied, match="final"):
        appeal(actor=maker, job=again, purpose=PURPOSE, at=now)


def test_who_refused_or_wrote_the_policy_does_not_answer(campaign: Campaign, sample: Sample, now: datetime) -> None:
    people = sample.people
    job = ask(campaign, now, prompt=REQUESTS[1])
    assert screening.screen(job.pk, at=now) == JobState.HELD
    rule_on_hold(actor=people["reviewer"], job=job, let_through=False, reason="Undignified.", at=now)
    job.refresh_from_db()
    again = held_again(job, people["creator"], now)
    author = people["administrator"]
    give(author, sample.organisation, Role.REVIEWER)
    refuser, writer = may_decide(people["reviewer"], again), may_decide(author, again)
    assert (refuser.allowed, "You refused" in refuser.reason) == (False, True)
    assert (writer.allowed, "You wrote the policy" in writer.reason) == (False, True)
    third = people["auditor"]
    grant_role(actor=author, user=third, organisation=sample.organisation, role=Role.REVIEWER, at=now)
    assert may_decide(third, again).allowed


def test_a_second_click_makes_no_second_appeal(blocked: Job, maker: User, now: datetime) -> None:
    first = appeal(actor=maker, job=blocked, purpose=PURPOSE, at=now)
    assert appeal(actor=maker, job=blocked, purpose="Other words", at=now) == first
    assert AuditRow.objects.filter(verb="job.submit", object_id=str(first.pk)).count() == 1
    assert not may_appeal(maker, blocked).allowed


def test_an_appeal_says_what_it_is_for(blocked: Job, maker: User, now: datetime) -> None:
    with pytest.raises(ValidationError, match="what the pictures are for"):
        appeal(actor=maker, job=blocked, purpose="  ", at=now)


def test_only_the_maker_appeals_and_only_what_was_blocked(
    blocked: Job, campaign: Campaign, sample: Sample, now: datetime
) -> None:
    with pytest.raises(PermissionDenied, match="Only the person who made"):
        appeal(actor=sample.people["reviewer"], job=blocked, purpose=PURPOSE, at=now)
    with pytest.raises(PermissionDenied, match="Only a blocked request"):
        appeal(actor=sample.people["creator"], job=ask(campaign, now), purpose=PURPOSE, at=now)


def test_what_nobody_may_lift_is_not_appealed_and_blocks_an_appeal(blocked: Job, maker: User) -> None:
    screened = Screening.objects.get(job=blocked)
    screened.decision["findings"][0] |= {"category": "sexual_minors", "action": "block"}
    screened.save(update_fields=["decision"])
    assert screening._end_of_appeal([screened]) == JobState.BLOCKED
    assert "Nobody may let this request through" in may_appeal(maker, blocked).reason


@pytest.fixture
def undignified(campaign: Campaign, sample: Sample, now: datetime) -> Job:
    """An appeal about a request that was blocked for a category in which a project may allow single words."""
    scope = Scope(sample.organisation)
    current = scope.in_force()
    assert current is not None
    stages = {**current.own["stages"]}
    block = {"annotate_at": None, "review_at": None, "block_at": 0.5, "mode": "enforce"}
    stages["prompt"] = {**stages["prompt"], "dignity_stereotype": block}
    enact(scope, {**current.own, "stages": stages}, now)
    job = ask(campaign, now, prompt=REQUESTS[1])
    assert screening.screen(job.pk, at=now) == JobState.BLOCKED
    job.refresh_from_db()
    return held_again(job, sample.people["creator"], now)


def test_a_granted_appeal_may_propose_a_word_that_somebody_else_puts_in_force(
    undignified: Job, sample: Sample, now: datetime
) -> None:
    answerer = sample.people["auditor"]
    grant_role(
        actor=sample.people["administrator"],
        user=answerer,
        organisation=sample.organisation,
        role=Role.REVIEWER,
        at=now,
    )
    assert allowable(undignified) == {"dignity_stereotype": Scope(sample.organisation)}
    until = (now + timedelta(days=30)).isoformat()
    term = {"word": "begging", "category": "dignity_stereotype", "language": "en", "owner": "auditor",
            "reason": "For trainers.", "expires": until}  # fmt: skip

    def grant(**changes: str | None) -> PolicyDraft:
        return grant_with_term(
            actor=answerer, job=undignified, term={**term, **changes}, reason="For trainers.", at=now
        )

    for wrong, field in (
        ({"word": "teapot"}, "word"),
        ({"expires": None}, "expires"),
        ({"category": "hate_extremism"}, "category"),
    ):
        with pytest.raises(ValidationError) as refusal:
            grant(**wrong)
        assert field in refusal.value.message_dict
        undignified.refresh_from_db()
        assert undignified.state == JobState.HELD, "a proposal that fails must leave the appeal unanswered"
    desk, where = Client(), reverse("admin:rule-request", args=[undignified.pk])
    desk.force_login(answerer)
    assert "And allow a word" in desk.get(where).content.decode()
    ends = (now + timedelta(days=30)).date()
    typed = {"ruling": "let_through", "reason": "For trainers.", "word": "begging", "category": "dignity_stereotype"}
    assert desk.post(where, {**typed, "expires": "2020-01-01"}).status_code == 422
    assert desk.post(where, {**typed, "expires": ends.isoformat(), "ruling": "refuse"}).status_code == 422
    assert desk.post(where, {**typed, "expires": ends.isoformat()}).status_code == 302
    draft = PolicyDraft.objects.get(appeal=undignified)
    undignified.refresh_from_db()
    assert undignified.state == JobState.QUEUED
    assert (draft.state, draft.author, draft.appeal) == ("PROPOSED", answerer, undignified)
    assert draft.own["terms"][-1]["word"] == "begging"
    assert not preview(draft).ruling.refused
    assert not may_approve(answerer, draft).allowed
    rehearsal = draft.rehearsals.get()
    while rehearsing.rehearse(rehearsal.pk, at=now):
        pass
    version = publish_draft(
        actor=sample.people["administrator"], draft=draft, seen_digest=preview(draft).digest, at=now
    )
    assert version.document["terms"][-1]["expires"].startswith(f"{ends}T23:59:59")
    assert (version.author, version.approver) == (answerer, sample.people["administrator"])
