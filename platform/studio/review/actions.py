"""What makers ask of reviewers, what a reviewer decides, and the release and the withdrawal that follow.

Every decision is a ledger entry, bound to the bytes that were looked at (`deciding`).
"""

from collections.abc import Collection
from datetime import date, datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio.accounts.models import Role, User
from studio.accounts.rules import holds, membership_of
from studio.jobs import bell
from studio.jobs.models import Job, Picture, Shaper
from studio.jobs.states import PictureState, advance
from studio.review import describing
from studio.review.commenting import answer_all
from studio.review.deciding import Said, Voice, hold_still, lock, put_on_record, required
from studio.review.flags import is_flagged
from studio.review.looking import refuse_while_looked_at
from studio.review.models import HoldRuling, Release, ReviewDecision, ReviewRequest, Withdrawal, turn_of
from studio.review.plans import is_about, plan_in_force
from studio.review.rules import may_review
from studio.review.withdrawing import standing_against, take_back
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

Outcome = ReviewDecision.Outcome


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
    before: int | None = None,
) -> ReviewRequest:
    """Ask for approval of a recorded picture. Whoever has decided about this request before cannot become its maker.

    `before` is how often it had been submitted when these words were written: if it is another number now, they were
    sent already, and nothing is submitted. None is for who asks the rows themselves.

    Raises PermissionDenied, ValidationError, StaleStateError.
    """
    job = picture.job
    holds(actor, job.project.organisation, Role.CREATOR).enforce()
    words = required(purpose=purpose, channel=channel, alt_text=alt_text)
    with transaction.atomic():
        lock(job)
        if has_decided(actor, job):
            raise PermissionDenied(_("You decided about this request before, so somebody else must submit it."))
        picture.refresh_from_db()
        if before is not None and picture.review_requests.count() != before:
            raise StaleStateError(picture.pk, picture.state)
        again = picture.state == PictureState.CHANGES_REQUESTED
        start = PictureState.CHANGES_REQUESTED if again else PictureState.RECORDED
        advance(Picture, picture.pk, start, PictureState.IN_REVIEW, changed=at)
        stage = plan_in_force(job.project, at=at).stages.get(place=1)
        request = ReviewRequest.objects.create(
            organisation=job.project.organisation,
            picture=picture,
            maker=actor,
            stage=stage,
            checklist=checklist,
            due=due,
            turn=turn_of(picture),
            at=at,
            flagged=is_flagged(picture),
            **words,
        )
        answer_all(picture, by=request)
        Shaper.objects.get_or_create(job=job, user=actor, how="submission")
        note(actor=actor, verb="review.submit", subject=picture, organisation=job.project.organisation_id, at=at)
        transaction.on_commit(lambda: bell.ring_description(request.pk))
    return request


def has_decided(user: User, job: Job) -> bool:
    """Whether `user` has ruled or decided about anything of this request."""
    ruled = HoldRuling.objects.filter(job=job, reviewer=user)
    decisions = ReviewDecision.objects.filter(picture__job=job)
    outside = decisions.filter(invitation__outsider__email__iexact=user.email) if user.email else decisions.none()
    return ruled.exists() or decisions.filter(reviewer=user).exists() or outside.exists()


def decide(
    *,
    actor: User,
    request: ReviewRequest,
    outcome: str,
    reason: str,
    seen_sha256: str,
    at: datetime,
    reasons: Collection[str] = (),
) -> ReviewDecision:
    """Decide about a picture in review, at the stage that it has come to.

    `seen_sha256` is the file the reviewer looked at; another file since then voids the decision. `reasons` are codes of
    `reasons.REASONS`. Raises PermissionDenied, ValidationError (also while somebody else looks at it), StaleStateError
    (somebody else decided first, or it was submitted again).
    """
    organisation = request.picture.job.project.organisation

    def speak(now: ReviewRequest) -> Voice:
        hold_still(actor, organisation)
        may_review(actor, now).enforce()
        refuse_while_looked_at(actor, now, at=at)
        return Voice(reviewer=actor, pseudonym=membership_of(actor, organisation).pseudonym)

    said = Said(outcome=outcome, reason=reason, reasons=tuple(reasons), seen_sha256=seen_sha256)
    return put_on_record(request=request, speak=speak, said=said, at=at)


def release(*, actor: User, picture: Picture, at: datetime) -> Release:
    """Ask for the release of an approved picture; the signing worker makes the second file and then it is public.

    A second call returns the first release. Raises PermissionDenied, ValidationError.
    """
    organisation = picture.job.project.organisation
    holds(actor, organisation, Role.REVIEWER, Role.ADMINISTRATOR, Role.CREATOR).enforce()
    decision = ReviewDecision.objects.filter(picture=picture, outcome=Outcome.APPROVED, final=True).first()
    if decision is None:
        raise ValidationError({"picture": _("Only an approved picture can be released; submit it for review first.")})
    if not is_about(decision, picture):
        raise ValidationError(
            {"picture": _("The approval was for another file, policy or recipe; it needs a new one.")}
        )
    if describing.is_final(decision.request):
        raise ValidationError({"picture": _("Its description says what may not go out; submit it again with another.")})
    if recall := standing_against(picture):
        raise ValidationError(
            {
                "picture": _("%(title)s was recalled (%(public_reason)s); it is not released.")
                % {"title": recall.title, "public_reason": recall.public_reason}
            }
        )
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
    return take_back(actor=actor, picture=picture, public_reason=reason, at=at)
