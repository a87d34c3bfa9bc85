"""The whole loop with the real model, screens, signatures and ledger, inside one process."""

from datetime import datetime

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError

from studio import blobs, pipeline
from studio.accounts.actions import grant_role
from studio.accounts.models import Role, SubjectKey, User
from studio.audit.integrity import problems
from studio.jobs import finishing, screening
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import Sample
from studio.projects.models import Campaign, Project
from studio.quarantine import Kind
from studio.review.actions import decide, release, submit_for_review, withdraw
from studio.review.models import ReviewRequest
from studio.review.releasing import finish_release
from studio.review.rulings import rule_on_hold
from studio.trail.actions import pending, settle
from studio.trail.errors import StaleStateError
from tests.studio.files import sealed_file
from tests.studio.making import later, make
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
    assert not sealed_file(Kind.PIXELS, picture.pk).exists()
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
    campaign: Campaign, sample: Sample, now: datetime, settings: LazySettings
) -> None:
    url = settings.LEDGER_URL
    pipeline.ledger.cache_clear()
    settings.LEDGER_URL = "sqlite:////nonexistent/ledger.sqlite3"
    job = ask(campaign, now)
    (picture,) = make(job, now)
    assert picture.state in {PictureState.CHECKED, PictureState.SIGNED}
    assert picture.waiting
    assert not Picture.objects.visible_to(sample.people["creator"]).exists()
    pipeline.ledger.cache_clear()
    settings.LEDGER_URL = url
    assert finishing.finish(picture.pk, clock=lambda: later(now)) == PictureState.RECORDED
    assert Job.objects.get(pk=job.pk).state == JobState.DONE


def test_no_word_of_the_prompt_is_outside_the_vault(campaign: Campaign, sample: Sample, now: datetime) -> None:
    (picture,) = make(ask(campaign, now, prompt="woman farmer, zygomorph background"), now)
    assert "zygomorph" not in repr(picture.recipe).lower()
    assert picture.recipe["words"] == picture.job.prompt_commitment
    assert picture.recipe["spec"]["steps"] == 2
    signed = blobs.get(picture.sha256)
    assert b"zygomorph" not in signed.lower()
    assert not [entry for entry in pipeline.entries(sample.organisation.log) if b"zygomorph" in entry.canonical]
    Project.objects.update(publish_prompts=True)
    (published,) = make(ask(campaign, now, prompt="woman farmer, zygomorph background"), now)
    assert b"zygomorph" in blobs.get(published.sha256)


def test_who_decided_cannot_become_a_maker(campaign: Campaign, sample: Sample, now: datetime) -> None:
    reviewer = sample.people["reviewer"]
    grant_role(
        actor=sample.people["administrator"], user=reviewer, organisation=sample.organisation, role=Role.CREATOR, at=now
    )
    first, second = make(ask(campaign, now, count=2), now)
    request = in_review(first, sample.people["creator"], now)
    decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=first.sha256, at=now)
    with pytest.raises(PermissionDenied, match="decided about this request before"):
        in_review(second, reviewer, now)


def test_an_answered_request_for_review_is_stale(campaign: Campaign, sample: Sample, now: datetime) -> None:
    creator, reviewer = sample.people["creator"], sample.people["reviewer"]
    (picture,) = make(ask(campaign, now), now)
    old = in_review(picture, creator, now)
    decide(
        actor=reviewer,
        request=old,
        outcome="CHANGES_REQUESTED",
        reason="Say where.",
        seen_sha256=picture.sha256,
        at=now,
    )
    in_review(picture, creator, now)
    with pytest.raises(StaleStateError):
        decide(actor=reviewer, request=old, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)


def test_a_screen_that_fails_holds_the_request(
    campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("weights gone")

    monkeypatch.setattr(pipeline, "screen_prompt", broken)
    job = ask(campaign, now)
    assert screening.screen(job.pk, at=now) == JobState.HELD
    assert job.screenings.get().reasons == ["It could not be screened, so a person has to look at it."]
    assert pipeline.sensitive(job.screenings.get().decision), "no preview of what nobody has judged"


def test_erased_words_end_a_request(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    SubjectKey.objects.all().delete()
    assert screening.screen(job.pk, at=now) == JobState.FAILED


def test_a_missing_key_leaves_the_picture_unseen_and_heals(
    campaign: Campaign, sample: Sample, now: datetime, settings: LazySettings
) -> None:
    trust = settings.TRUST_DIR
    settings.TRUST_DIR = trust / "nowhere"
    (picture,) = make(ask(campaign, now), now)
    assert picture.state == PictureState.CHECKED
    assert picture.waiting.startswith("It waits for its signature; an administrator has to look. (")
    assert str(trust) not in picture.waiting
    settings.TRUST_DIR = trust
    assert finishing.finish(picture.pk, clock=lambda: now) == PictureState.CHECKED, "the pause is not over"
    assert finishing.finish(picture.pk, clock=lambda: later(now)) == PictureState.RECORDED
