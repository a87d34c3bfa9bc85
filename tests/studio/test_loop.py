"""The whole loop with the real model, screens, signatures and ledger, inside one process."""

from datetime import datetime

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from studio import blobs, pipeline
from studio.accounts.actions import grant_role
from studio.accounts.models import Role, User
from studio.audit.integrity import problems
from studio.jobs import screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState, StaleStateError
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.actions import decide, release, rule_on_hold, submit_for_review, withdraw
from studio.review.models import ReviewRequest
from studio.review.releasing import finish_release
from studio.trail.actions import pending, settle
from tests.studio.making import make
from tests.studio.requests import ask


def in_review(picture: Picture, maker: User, at: datetime) -> ReviewRequest:
    """Submit a picture with everything a reviewer wants to know."""
    return submit_for_review(
        actor=maker,
        picture=picture,
        purpose="Poster",
        channel="poster",
        alt_text="A farmer",
        checklist={"dignity": "yes"},
        at=at,
    )


def released(campaign: Campaign, sample: Sample, at: datetime) -> Picture:
    """A picture that went all the way."""
    (picture,) = make(ask(campaign, at), at)
    request = in_review(picture, sample.people["creator"], at)
    reviewer = sample.people["reviewer"]
    decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=at)
    assert finish_release(release(actor=reviewer, picture=picture, at=at).pk, at=at)
    for intent in pending():
        settle(intent, at=at)
    return Picture.objects.select_related("job__project__organisation").get(pk=picture.pk)


def test_from_words_to_a_public_answer(campaign: Campaign, sample: Sample, now: datetime) -> None:
    picture = released(campaign, sample, now)
    assert picture.state == PictureState.RELEASED
    assert not blobs.quarantine_path(picture.pk).exists()
    public = blobs.get(picture.release.sha256)
    answer = pipeline.verify(public)
    assert (answer.verdict, answer.record) == ("ours", picture.record)
    first = pipeline.verify(blobs.get(picture.sha256))
    assert first.verdict == "not-released"
    assert [str(problem) for problem in problems(now=now)] == []


def test_the_release_keeps_the_approved_pixels(campaign: Campaign, sample: Sample, now: datetime) -> None:
    picture = released(campaign, sample, now)
    entries = pipeline.entries_about(picture.record)
    assert [entry.kind for entry in entries] == ["picture", "decision", "release"]
    assert {(entry.asset or {})["pixel_sha256"] for entry in entries} == {picture.pixel_sha256}


def test_a_withdrawn_picture_says_so(campaign: Campaign, sample: Sample, now: datetime) -> None:
    picture = released(campaign, sample, now)
    withdraw(actor=sample.people["reviewer"], picture=picture, public_reason="The text was wrong.", at=now)
    for intent in pending():
        settle(intent, at=now)
    answer = pipeline.verify(blobs.get(picture.release.sha256))
    assert answer.verdict == "withdrawn"
    assert "The text was wrong." in " ".join(answer.reasons)
    assert not list(problems(now=now))


@pytest.mark.parametrize(
    ("prompt", "state"),
    list(zip(REQUESTS, [JobState.BLOCKED, JobState.HELD, JobState.QUEUED, JobState.QUEUED], strict=True)),
)
def test_the_demonstrations_requests_are_decided_as_it_says(
    campaign: Campaign, now: datetime, prompt: str, state: str
) -> None:
    job = ask(campaign, now, prompt=prompt)
    assert screening.screen(job.pk, at=now) == state
    assert screening.screen(job.pk, at=now) == state
    assert bool(job.screenings.get().reasons) == (state != JobState.QUEUED)


def test_a_held_request_waits_for_somebody_else(campaign: Campaign, sample: Sample, now: datetime) -> None:
    job = ask(campaign, now, prompt=REQUESTS[1])
    screening.screen(job.pk, at=now)
    creator = sample.people["creator"]
    with pytest.raises(PermissionDenied, match="role of reviewer"):
        rule_on_hold(actor=creator, job=job, let_through=True, reason="mine", at=now)
    grant_role(
        actor=sample.people["administrator"], user=creator, organisation=sample.organisation, role=Role.REVIEWER, at=now
    )
    with pytest.raises(PermissionDenied, match="You shaped this request"):
        rule_on_hold(actor=creator, job=job, let_through=True, reason="mine", at=now)
    with pytest.raises(ValidationError, match="few words"):
        rule_on_hold(actor=sample.people["reviewer"], job=job, let_through=True, reason=" ", at=now)
    rule_on_hold(actor=sample.people["reviewer"], job=job, let_through=False, reason="Not for a poster.", at=now)
    with pytest.raises(StaleStateError):
        rule_on_hold(actor=sample.people["reviewer"], job=job, let_through=True, reason="after all", at=now)
    job.refresh_from_db()
    assert job.state == JobState.BLOCKED


def test_a_superuser_who_made_it_cannot_approve_it(campaign: Campaign, sample: Sample, now: datetime) -> None:
    operator = User.objects.get(username="operator")
    for role in (Role.CREATOR, Role.REVIEWER):
        grant_role(
            actor=sample.people["administrator"], user=operator, organisation=sample.organisation, role=role, at=now
        )
    (picture,) = make(ask(campaign, now, actor=operator), now)
    request = in_review(picture, sample.people["creator"], now)
    with pytest.raises(PermissionDenied, match="somebody else must decide"):
        decide(actor=operator, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)


def test_a_decision_is_about_the_bytes_that_were_seen(campaign: Campaign, sample: Sample, now: datetime) -> None:
    (picture,) = make(ask(campaign, now), now)
    request = in_review(picture, sample.people["creator"], now)
    reviewer = sample.people["reviewer"]
    with pytest.raises(ValidationError, match="changed since you opened it"):
        decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256="0" * 64, at=now)
    with pytest.raises(ValidationError, match="few words"):
        decide(actor=reviewer, request=request, outcome="REJECTED", reason="", seen_sha256=picture.sha256, at=now)
    decide(actor=reviewer, request=request, outcome="REJECTED", reason="Too dark", seen_sha256=picture.sha256, at=now)
    with pytest.raises(StaleStateError):
        decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)
    with pytest.raises(ValidationError, match="Only an approved picture"):
        release(actor=reviewer, picture=picture, at=now)


def test_changes_requested_go_back_to_the_maker_and_in_again(campaign: Campaign, sample: Sample, now: datetime) -> None:
    (picture,) = make(ask(campaign, now), now)
    creator, reviewer = sample.people["creator"], sample.people["reviewer"]
    decide(
        actor=reviewer, request=in_review(picture, creator, now), outcome="CHANGES_REQUESTED", reason="Say where.",
        seen_sha256=picture.sha256, at=now,
    )  # fmt: skip
    decide(
        actor=reviewer,
        request=in_review(picture, creator, now),
        outcome="APPROVED",
        reason="",
        seen_sha256=picture.sha256,
        at=now,
    )
    picture.refresh_from_db()
    assert picture.state == PictureState.APPROVED


def test_an_unreachable_ledger_shows_nothing_and_heals(
    campaign: Campaign, sample: Sample, now: datetime, settings: object
) -> None:
    from tests.studio.making import later

    url = settings.LEDGER_URL  # type: ignore[attr-defined]
    pipeline.ledger.cache_clear()
    settings.LEDGER_URL = "sqlite:////nonexistent/ledger.sqlite3"  # type: ignore[attr-defined]
    job = ask(campaign, now)
    (picture,) = make(job, now)
    assert picture.state in {PictureState.CHECKED, PictureState.SIGNED}
    assert picture.waiting
    assert not Picture.objects.visible_to(sample.people["creator"]).exists()
    pipeline.ledger.cache_clear()
    settings.LEDGER_URL = url  # type: ignore[attr-defined]
    from studio.jobs import finishing

    assert finishing.finish(picture.pk, at=later(now)) == PictureState.RECORDED
    assert Job.objects.get(pk=job.pk).state == JobState.DONE
