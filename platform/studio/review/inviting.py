"""Somebody outside the organisation decides about one picture at one stage, by a link that works once and for a time.

- The link's token is random with 256 bits and kept as its SHA-256 alone; it stands in the message and nowhere else.
- No maker comes in this way, and no member: their addresses are compared, when they are invited and when they decide.
- In the ledger an outsider is the pseudonym that the organisation keeps for them, as a member is, beside whoever asked
  them.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urljoin

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from studio.accounts.models import Membership, Organisation, User
from studio.accounts.rules import membership_of
from studio.jobs.models import Job, Shaper
from studio.review.deciding import JOINED, Said, Voice, lock, put_on_record, required
from studio.review.models import Invitation, Outsider, ReviewDecision, ReviewRequest
from studio.review.rules import may_invite
from studio.trail.actions import note

LONGEST_HOURS = 336
MOST_AN_HOUR = 20
LONGEST_NAME = 80
_TOKEN_BYTES = 32


def send(*, actor: User, review: ReviewRequest, email: str, hours: int, root: str, at: datetime) -> Invitation:
    """Invite an address and send it the link; `root` is this installation's own address.

    Where the message cannot be sent the link is taken back at once. Raises PermissionDenied, ValidationError.
    """
    if not 1 <= hours <= LONGEST_HOURS:
        raise ValidationError({"hours": _("Choose between one hour and %(most)s.") % {"most": LONGEST_HOURS}})
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = invite(
        actor=actor, review=review, email=email, token=token, expires=at + timedelta(hours=hours), at=at
    )
    link = urljoin(root, reverse("outside", args=[token]))
    try:
        _send_message(invitation, link)
    except OSError as error:
        revoke(actor=actor, invitation=invitation, at=at)
        remedy = _("The message could not be sent (%(kind)s), so the link was taken back. Try again later.") % {
            "kind": type(error).__name__
        }
        raise ValidationError({"email": remedy}) from error
    return invitation


def invite(
    *, actor: User, review: ReviewRequest, email: str, token: str, expires: datetime, at: datetime
) -> Invitation:
    """Write an invitation down, by which `token` opens the picture; `send` is what tells somebody.

    Raises PermissionDenied, ValidationError.
    """
    organisation = review.picture.job.project.organisation
    address = email.strip().lower()
    with transaction.atomic():
        lock(review.picture.job)
        review = ReviewRequest.objects.select_related(*JOINED).get(pk=review.pk)
        may_invite(actor, review).enforce()
        _check(actor, review, address, at)
        outsider, _created = Outsider.objects.get_or_create(organisation=organisation, email=address)
        invitation = Invitation.objects.create(
            request=review,
            stage=review.stage,
            outsider=outsider,
            invited_by=actor,
            digest=digest_of(token),
            at=at,
            expires=expires,
        )
        note(
            actor=actor,
            verb="review.invite",
            subject=review.picture,
            organisation=organisation.pk,
            at=at,
            outsider=str(outsider.pseudonym),
            stage=review.stage.name,
            expires=expires.isoformat(),
        )
    return invitation


def _check(actor: User, review: ReviewRequest, address: str, at: datetime) -> None:
    """Raise ValidationError where this address cannot be asked, or the person has asked too many lately."""
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from error
    if reason := _unsuitable(address, review, review.picture.job.project.organisation):
        raise ValidationError({"email": reason})
    lately = Invitation.objects.filter(invited_by=actor, at__gt=at - timedelta(hours=1))
    if lately.count() >= MOST_AN_HOUR:
        raise ValidationError(
            {"email": _("You have invited %(most)s times within an hour; wait a little.") % {"most": MOST_AN_HOUR}}
        )


def _unsuitable(address: str, review: ReviewRequest, organisation: Organisation) -> str:
    """Why this address cannot be asked; empty when it can."""
    if review.ended is not None:
        return _("It no longer waits for anybody.")
    if is_of_a_maker(address, review.picture.job):
        return _("This address is that of somebody who shaped the picture, and they never decide about it.")
    if _is_of_a_member(address, organisation):
        return _("This address is that of a member of %(name)s; members decide on the desk.") % {
            "name": organisation.name
        }
    earlier = Invitation.objects.filter(request=review, outsider__email=address, revoked=None)
    if earlier.filter(used__isnull=False).exists():
        return _("They have decided about it already; nobody counts twice in one review.")
    if earlier.filter(stage=review.stage).exists():
        return _("They are invited already. Take that invitation back first if its message was lost.")
    return ""


def plain(address: str) -> str:
    """An address as two of them are compared: small letters, without what follows a plus."""
    name, _at, host = address.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{host}"


def is_of_a_maker(address: str, job: Job) -> bool:
    """Whether somebody who shaped the request has this address."""
    makers = Shaper.objects.filter(job=job).exclude(user__email="").values_list("user__email", flat=True)
    return plain(address) in {plain(email) for email in makers}


def _is_of_a_member(address: str, organisation: Organisation) -> bool:
    members = Membership.objects.filter(organisation=organisation).exclude(user__email="")
    return plain(address) in {plain(email) for email in members.values_list("user__email", flat=True)}


def _send_message(invitation: Invitation, link: str) -> None:
    context = {
        "organisation": invitation.outsider.organisation,
        "campaign": invitation.request.picture.job.campaign,
        "stage": invitation.stage,
        "link": link,
        "expires": invitation.expires,
    }
    subject = _("%(organisation)s asks for your decision about a picture") % {"organisation": context["organisation"]}
    send_mail(subject, render_to_string("studio/outside_message.txt", context), None, [invitation.outsider.email])


def revoke(*, actor: User, invitation: Invitation, at: datetime) -> None:
    """Take an invitation back, unless it was used; twice is once. Raises PermissionDenied."""
    review = invitation.request
    may_invite(actor, review).enforce()
    organisation = review.picture.job.project.organisation_id
    with transaction.atomic():
        if Invitation.objects.filter(pk=invitation.pk, used=None, revoked=None).update(revoked=at):
            note(actor=actor, verb="review.uninvite", subject=review.picture, organisation=organisation, at=at)


def digest_of(token: str) -> str:
    """What is kept of a token: SHA-256, lowercase hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def invited(token: str) -> Invitation | None:
    """The invitation with this token, whether its link still opens anything or not."""
    joined = ("stage", "outsider__organisation", "invited_by", "request__stage", "request__picture__job__campaign")
    return Invitation.objects.filter(digest=digest_of(token)).select_related(*joined).first()


def closed(invitation: Invitation, *, at: datetime) -> str:
    """Why the link opens nothing any more; empty as long as it does."""
    if invitation.used is not None:
        return _("Your decision is on record. The link has done its work.")
    if invitation.revoked is not None:
        return _("The invitation was taken back.")
    if invitation.expires <= at:
        return _("The link has expired. If your decision is still wanted, ask for another one.")
    if invitation.request.ended is not None or invitation.request.stage_id != invitation.stage_id:
        return _("The decision has been taken without you in the meantime. Thank you all the same.")
    return ""


def decide_outside(
    *,
    invitation: Invitation,
    name: str,
    outcome: str,
    reason: str,
    seen_sha256: str,
    at: datetime,
    reasons: Collection[str] = (),
) -> ReviewDecision:
    """The decision of whoever holds the link, under the name they give; the link has then done its work.

    A reason is compulsory whatever the outcome. Raises PermissionDenied when the link opens nothing, ValidationError,
    StaleStateError.
    """
    given = required(name=name)["name"][:LONGEST_NAME]
    if not reasons:
        required(reason=reason)

    def speak(now: ReviewRequest) -> Voice:
        current = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if hindrance := closed(current, at=at):
            raise PermissionDenied(hindrance)
        outsider, organisation = current.outsider, now.picture.job.project.organisation
        if _unsuitable_now(outsider, now, organisation):
            raise PermissionDenied(_("You had a part in this picture or are a member, so you cannot decide by a link."))
        Invitation.objects.filter(pk=current.pk).update(used=at, name=given)
        current.refresh_from_db()
        inviter = membership_of(current.invited_by, organisation).pseudonym
        return Voice(pseudonym=outsider.pseudonym, invitation=current, invited_by=inviter)

    said = Said(outcome=outcome, reason=reason, reasons=tuple(reasons), seen_sha256=seen_sha256)
    return put_on_record(request=invitation.request, speak=speak, said=said, at=at)


def _unsuitable_now(outsider: Outsider, review: ReviewRequest, organisation: Organisation) -> bool:
    return is_of_a_maker(outsider.email, review.picture.job) or _is_of_a_member(outsider.email, organisation)
