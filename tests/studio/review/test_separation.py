"""Separation of duties as a machine of random steps: whoever shaped a picture never decides about it, whatever happens.

People ask, submit, decide, gain and lose roles, invite and withdraw in any order; after every step the books are read:
no decider is among the makers, nobody counts twice, a review ends once, each decision has its entry and its row.
STEPS in the environment is how many steps the machine takes in all (`make separation` takes 5,000); a short form runs
with the suite.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, F
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from studio.accounts.actions import grant_role, revoke_role
from studio.accounts.models import Role, User
from studio.jobs.models import Job, Picture, Shaper
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review import inviting
from studio.review.actions import release, submit_for_review
from studio.review.models import Invitation, ReviewDecision, ReviewRequest
from studio.review.rules import may_decide
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask
from tests.studio.review.reviewing import approve, stages, submit

STEPS = int(os.environ.get("STEPS", "150"))
A_RUN = 50
REFUSED = (PermissionDenied, ValidationError, StaleStateError)
PEOPLE = ("first", "second", "third", "fourth", "root")
WORDS: dict[str, Any] = {"purpose": "Poster", "channel": "poster", "alt_text": "Two stripes.", "checklist": {}}


class Office(RuleBasedStateMachine):
    """One campaign with few pictures and few people, so that they meet often."""

    world: SimpleNamespace
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        # One look comes before the first step.
        Office.steps -= 1
        self.at = self.world.now
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.tokens: list[str] = []
        self.counts = SimpleNamespace(decided=0, refused=0)

    def teardown(self) -> None:
        """Every run begins from the same rows."""
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def attempt(self, deed: Any) -> Any:
        """Do it, or be refused; either way time goes on."""
        self.at += timedelta(seconds=1)
        try:
            with transaction.atomic():
                return deed()
        except REFUSED:
            self.counts.refused += 1
            return None

    @rule(who=st.sampled_from(PEOPLE), role=st.sampled_from([Role.CREATOR, Role.REVIEWER]), give=st.booleans())
    def change_a_role(self, who: str, role: Role, give: bool) -> None:
        """Roles come and go in the middle of everything."""
        world, user = self.world, self.world.people[who]
        verb = grant_role if give else revoke_role
        verb(actor=world.administrator, user=user, organisation=world.organisation, role=role, at=self.at)

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 5))
    def submit_a_picture(self, who: str, which: int) -> None:
        """Whoever submits becomes one of the makers."""
        picture = self.picture(which)
        actor = self.world.people[who]
        self.attempt(lambda: submit_for_review(actor=actor, picture=picture, at=self.at, **WORDS))

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 5), outcome=st.sampled_from(ReviewDecision.Outcome.values))
    def decide_about_one(self, who: str, which: int, outcome: str) -> None:
        """Anybody tries; a superuser as well."""
        review = ReviewRequest.objects.filter(picture=self.picture(which)).order_by("-at").first()
        if review is not None:
            actor = self.world.people[who]
            made = self.attempt(lambda: approve(review, actor, self.at, outcome=outcome, reason="Because"))
            self.counts.decided += made is not None

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 5), address=st.sampled_from([*PEOPLE, "stranger", "guest"]))
    def invite_somebody(self, who: str, which: int, address: str) -> None:
        """Somebody outside, or a maker's own address in another dress."""
        review = ReviewRequest.objects.filter(picture=self.picture(which), ended=None).first()
        if review is None:
            return
        email = f"{address.upper()}+review@example.org" if address in PEOPLE else f"{address}@example.org"
        actor, token = self.world.people[who], f"{len(self.tokens):043}"
        written = self.attempt(
            lambda: inviting.invite(
                actor=actor,
                review=review,
                email=email,
                token=token,
                expires=self.at + timedelta(minutes=1),
                at=self.at,
            )
        )
        if written is not None:
            self.tokens.append(token)

    @rule(which=st.integers(0, 20), outcome=st.sampled_from(ReviewDecision.Outcome.values))
    def decide_by_a_link(self, which: int, outcome: str) -> None:
        """An old link, a used one, or a good one."""
        if not self.tokens:
            return
        invitation = inviting.invited(self.tokens[which % len(self.tokens)])
        assert invitation is not None
        self.attempt(
            lambda: inviting.decide_outside(
                invitation=invitation,
                name="A stranger",
                outcome=outcome,
                reason="Because",
                seen_sha256=invitation.request.picture.sha256,
                at=self.at,
            )
        )

    @rule(who=st.sampled_from(PEOPLE), which=st.integers(0, 5))
    def ask_for_release(self, who: str, which: int) -> None:
        """Only what is approved is released."""
        picture, actor = self.picture(which), self.world.people[who]
        made = self.attempt(lambda: release(actor=actor, picture=picture, at=self.at))
        assert made is None or picture.state in {"APPROVED", "RELEASED"}

    @rule(names=st.permutations(["Medical", "Brand"]), needed=st.integers(1, 2))
    def change_the_plan(self, names: list[str], needed: int) -> None:
        """One stage or two, one approval or two, for what is submitted from then on."""
        wanted = [(name, needed, []) for name in names[:needed]]
        stages(self.world.project, self.world.administrator, self.at, *wanted)  # type: ignore[arg-type]

    def picture(self, which: int) -> Picture:
        """One of the pictures as it stands now."""
        key = self.world.pictures[which % len(self.world.pictures)]
        return Picture.objects.select_related("job__project__organisation", "job__policy").get(pk=key)

    @invariant()
    def no_maker_ever_decided(self) -> None:
        """By any road, at any time."""
        Office.steps += 1
        own = ReviewDecision.objects.filter(picture__job__shapers__user=F("reviewer"))
        assert not own.exists()
        emails = {inviting.plain(shaper.user.email) for shaper in Shaper.objects.select_related("user")}
        deciders = Invitation.objects.filter(used__isnull=False).select_related("outsider")
        shaped = [one for one in deciders if inviting.plain(one.outsider.email) in emails]
        assert not [one for one in shaped if inviting.is_of_a_maker(one.outsider.email, one.request.picture.job)]

    @invariant()
    def the_books_agree(self) -> None:
        """One end, one voice each, one entry and one row for each decision; APPROVED only by a full plan."""
        decisions = ReviewDecision.objects.all()
        assert (
            not decisions.values("request", "reviewer").exclude(reviewer=None).annotate(n=Count("pk")).filter(n__gt=1)
        )
        assert not decisions.filter(final=True).values("request").annotate(n=Count("pk")).filter(n__gt=1)
        assert LedgerIntent.objects.filter(kind="decision").count() == decisions.count()
        assert AuditRow.objects.filter(verb="review.decide").count() == decisions.count()
        for picture in Picture.objects.filter(state="APPROVED"):
            last = decisions.get(picture=picture, outcome="APPROVED", final=True)
            for stage in last.stage.plan.stages.all():
                given = decisions.filter(request=last.request, stage=stage, outcome="APPROVED").count()
                assert given == stage.needed


@pytest.fixture
def world(campaign: Campaign, sample: Sample, now: datetime) -> Iterator[SimpleNamespace]:
    """Five people who may all make and review, one of them a superuser, and two requests with three pictures each."""
    administrator = sample.people["administrator"]
    people = {}
    for name in PEOPLE:
        people[name] = User.objects.create_user(name, email=f"{name}@example.org", is_superuser=name == "root")
        for role in (Role.CREATOR, Role.REVIEWER):
            grant_role(actor=administrator, user=people[name], organisation=sample.organisation, role=role, at=now)
    requests: list[Job] = [
        ask(campaign, now, actor=people[name], count=3, seed=n) for n, name in enumerate(("first", "root"))
    ]
    pictures = [picture.pk for job in requests for picture in print_pictures(job, now)]
    yield SimpleNamespace(
        now=now,
        people=people,
        pictures=pictures,
        administrator=administrator,
        organisation=sample.organisation,
        project=sample.project,
    )


@pytest.mark.timeout(3600)
def test_no_maker_decides_whatever_happens(
    world: SimpleNamespace, record_testsuite_property: Callable[[str, object], None]
) -> None:
    Office.world = world
    Office.steps = 0
    form = settings(
        # Some runs end early.
        max_examples=STEPS // A_RUN + STEPS // 1000 + 1,
        stateful_step_count=A_RUN,
        deadline=None,
        derandomize=os.environ.get("STEPS") is None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Office, settings=form)
    record_testsuite_property("figure", f"{Office.steps:,} steps, 0 decisions by a maker")


def test_the_machine_would_notice(world: SimpleNamespace, now: datetime) -> None:
    """A decision by a maker, forced past the rules, is what the invariant looks for."""
    maker = world.people["first"]
    picture = Picture.objects.get(pk=world.pictures[0])
    review = submit(picture, world.people["second"], now)
    assert not may_decide(maker, picture.job).allowed
    approve(review, world.people["third"], now)
    ReviewDecision.objects.update(reviewer=maker)
    assert ReviewDecision.objects.filter(picture__job__shapers__user=F("reviewer")).exists()
