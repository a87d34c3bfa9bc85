"""What reviewers decide, and what makers ask of them.

Every decision is a ledger entry, bound to the bytes that were looked at.
"""

from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from studio.accounts.models import Role, User
from studio.accounts.rules import holds, membership_of
from studio.faults import fault
from studio.jobs import bell
from studio.jobs.finishing import forget
from studio.jobs.models import Job, Picture, Shaper
from studio.jobs.queue import close, rank
from studio.jobs.states import JobState, PictureState, advance
from studio.review.models import HoldRuling, Release, ReviewDecision, ReviewRequest, Withdrawal
from studio.review.rules import may_decide
from studio.trail.actions import intend, note
from studio.trail.errors import StaleStateError

Outcome = ReviewDecision.Outcome


def required(**fields: str) -> dict[str, str]:
    """The fields, stripped. Raises ValidationError naming every one that is empty."""
    stripped = {name: value.strip() for name, value in fields.items()}
    empty = {name: "Please write a few words here." for name, value in stripped.items() if not value}
    if empty:
        raise ValidationError(empty)
    return stripped


def rule_on_hold(*, actor: User, job: Job, let_through: bool, reason: str, at: datetime) -> HoldRuling:
    """Answer a held request. Raises PermissionDenied, ValidationError for an empty reason, StaleStateError."""
    reason = required(reason=reason)["reason"]
    organisation = job.project.organisation
    with transaction.atomic():
        lock(job)
        may_decide(actor, job).enforce()
        if let_through:
            advance(Job, job.pk, JobState.HELD, JobState.QUEUED, rank=rank(at, job.priority))
        else:
            advance(Job, job.pk, JobState.HELD, JobState.BLOCKED, ended=at)
            close(job, outcome=JobState.BLOCKED, at=at, reason="refused by a reviewer")
        ruling = HoldRuling.objects.create(job=job, reviewer=actor, let_through=let_through, reason=reason, at=at)
        _intend_ruling(ruling, actor, job, at)
        note(actor=actor, verb="job.rule", subject=job, organisation=organisation.pk, at=at, let_through=let_through)
        transaction.on_commit(bell.ring_settle)
        if let_through:
            transaction.on_commit(bell.ring_generate)
    return ruling


def rule_on_picture(*, actor: User, picture: Picture, let_through: bool, reason: str, at: datetime) -> HoldRuling:
    """Answer for a picture that the output screen held back. Raises as `rule_on_hold`."""
    job = picture.job
    reason = required(reason=reason)["reason"]
    end = PictureState.CHECKED if let_through else PictureState.DISCARDED
    with transaction.atomic():
        lock(job)
        may_decide(actor, job).enforce()
        advance(Picture, picture.pk, PictureState.QUARANTINED, end, changed=at)
        ruling = HoldRuling.objects.create(
            job=job, picture=picture, reviewer=actor, let_through=let_through, reason=reason, at=at
        )
        _intend_ruling(ruling, actor, job, at)
        note(
            actor=actor,
            verb="picture.rule",
            subject=picture,
            organisation=job.project.organisation_id,
            at=at,
            let_through=let_through,
        )
        transaction.on_commit(bell.ring_settle)
        transaction.on_commit(lambda: bell.ring_seal(picture.pk) if let_through else forget(picture))
    return ruling


def _intend_ruling(ruling: HoldRuling, actor: User, job: Job, at: datetime) -> None:
    organisation = job.project.organisation
    intend(
        log=organisation.log,
        kind="decision",
        row=ruling.pk,
        at=at,
        record=ruling.picture.record if ruling.picture else None,
        body={
            "about": _about(ruling),
            "outcome": "let through" if ruling.let_through else "refused",
            "job": str(job.pk),
            "request": job.request_digest,
            **({"appeal_of": str(job.appeal_of_id)} if job.appeal_of_id else {}),
            "policy": job.policy.digest,
            "reviewer": str(membership_of(actor, organisation).pseudonym),
        },
    )


def _about(ruling: HoldRuling) -> str:
    if ruling.picture:
        return "held picture"
    return "appeal" if ruling.job.appeal_of_id else "held request"


def submit_for_review(
    *,
    actor: User,
    picture: Picture,
    purpose: str,
    channel: str,
    alt_text: str,
    checklist: dict[str, str],
    at: datetime,
    due: date | None = None,
) -> ReviewRequest:
    """Ask for approval of a recorded picture. Whoever has decided about this request before cannot become its maker.

    Raises PermissionDenied, ValidationError, StaleStateError.
    """
    job = picture.job
    holds(actor, job.project.organisation, Role.CREATOR).enforce()
    words = required(purpose=purpose, channel=channel, alt_text=alt_text)
    with transaction.atomic():
        lock(job)
        if has_decided(actor, job):
            raise PermissionDenied("You decided about this request before, so somebody else must submit it.")
        picture.refresh_from_db()
        again = picture.state == PictureState.CHANGES_REQUESTED
        start = PictureState.CHANGES_REQUESTED if again else PictureState.RECORDED
        advance(Picture, picture.pk, start, PictureState.IN_REVIEW, changed=at)
        request = ReviewRequest.objects.create(
            picture=picture, maker=actor, checklist=checklist, due=due, at=at, **words
        )
        Shaper.objects.get_or_create(job=job, user=actor, how="submission")
        note(actor=actor, verb="review.submit", subject=picture, organisation=job.project.organisation_id, at=at)
    return request


def lock(job: Job) -> None:
    """Makers and deciders of one request take turns: held until the transaction ends."""
    Job.objects.select_for_update().get(pk=job.pk)


def has_decided(user: User, job: Job) -> bool:
    """Whether `user` has ruled or decided about anything of this request."""
    ruled = HoldRuling.objects.filter(job=job, reviewer=user)
    return ruled.exists() or ReviewDecision.objects.filter(picture__job=job, reviewer=user).exists()


def decide(
    *, actor: User, request: ReviewRequest, outcome: str, reason: str, seen_sha256: str, at: datetime
) -> ReviewDecision:
    """Decide about a picture in review.

    `seen_sha256` is the file the reviewer looked at; another file since then voids the decision. Raises
    PermissionDenied, ValidationError, StaleStateError (somebody else decided first, or it was submitted again).
    """
    if outcome not in Outcome.values:
        raise ValidationError({"outcome": f"Choose one of: {', '.join(Outcome.labels)}."})
    reason = reason.strip() if outcome == Outcome.APPROVED else required(reason=reason)["reason"]
    picture = Picture.objects.select_related("job__project__organisation", "job__policy").get(pk=request.picture_id)
    job = picture.job
    with transaction.atomic():
        lock(job)
        may_decide(actor, job).enforce()
        picture.refresh_from_db()
        if seen_sha256 != picture.sha256:
            raise ValidationError({"seen_sha256": "The picture changed since you opened it; look at it again."})
        if ReviewDecision.objects.filter(request=request).exists():
            raise StaleStateError(picture.pk, PictureState.IN_REVIEW)
        advance(Picture, picture.pk, PictureState.IN_REVIEW, outcome, changed=at)
        decision = ReviewDecision.objects.create(
            picture=picture,
            request=request,
            reviewer=actor,
            outcome=outcome,
            reason=reason,
            sha256=picture.sha256,
            pixel_sha256=picture.pixel_sha256,
            policy_digest=job.policy.digest,
            recipe_digest=picture.recipe_digest,
            at=at,
        )
        _intend_decision(decision, actor, picture, at)
        organisation = job.project.organisation_id
        note(actor=actor, verb="review.decide", subject=picture, organisation=organisation, at=at, outcome=outcome)
        transaction.on_commit(bell.ring_settle)
    fault("decision before append")
    return decision


def _intend_decision(decision: ReviewDecision, actor: User, picture: Picture, at: datetime) -> None:
    organisation = picture.job.project.organisation
    intend(
        log=organisation.log,
        kind="decision",
        row=decision.pk,
        at=at,
        record=picture.record,
        asset={"sha256": decision.sha256, "pixel_sha256": decision.pixel_sha256, "media_type": picture.media_type},
        body={
            "about": "picture",
            "outcome": decision.outcome,
            "policy": decision.policy_digest,
            "recipe": decision.recipe_digest,
            "reviewer": str(membership_of(actor, organisation).pseudonym),
            "role": Role.REVIEWER,
        },
    )


def release(*, actor: User, picture: Picture, at: datetime) -> Release:
    """Ask for the release of an approved picture; the signing worker makes the second file and then it is public.

    A second call returns the first release. Raises PermissionDenied, ValidationError.
    """
    organisation = picture.job.project.organisation
    holds(actor, organisation, Role.REVIEWER, Role.ADMINISTRATOR, Role.CREATOR).enforce()
    decision = ReviewDecision.objects.filter(picture=picture, outcome=Outcome.APPROVED).first()
    if decision is None:
        raise ValidationError({"picture": "Only an approved picture can be released; submit it for review first."})
    if decision.sha256 != picture.sha256 or decision.recipe_digest != picture.recipe_digest:
        raise ValidationError({"picture": "The approval was for another file or recipe; it needs a new one."})
    with transaction.atomic():
        release, created = Release.objects.get_or_create(
            picture=picture, defaults={"decision": decision, "released_by": actor, "asked": at}
        )
        if created:
            note(actor=actor, verb="release.ask", subject=picture, organisation=organisation.pk, at=at)
            transaction.on_commit(lambda: bell.ring_release(release.pk))
    return release


def withdraw(*, actor: User, picture: Picture, public_reason: str, at: datetime) -> Withdrawal:
    """Recall a released picture; whoever checks the file sees the date and the public reason."""
    organisation = picture.job.project.organisation
    holds(actor, organisation, Role.REVIEWER, Role.ADMINISTRATOR).enforce()
    reason = required(public_reason=public_reason)["public_reason"]
    with transaction.atomic():
        advance(Picture, picture.pk, PictureState.RELEASED, PictureState.WITHDRAWN, changed=at)
        withdrawal = Withdrawal.objects.create(picture=picture, withdrawn_by=actor, public_reason=reason, at=at)
        intend(
            log=organisation.log,
            kind="withdrawal",
            row=withdrawal.pk,
            at=at,
            record=picture.record,
            asset=None,
            body={"public_reason": reason, "by": str(membership_of(actor, organisation).pseudonym)},
        )
        note(actor=actor, verb="release.withdraw", subject=picture, organisation=organisation.pk, at=at)
        transaction.on_commit(bell.ring_settle)
    return withdrawal
