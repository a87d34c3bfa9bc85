"""Erasing a person: what they typed, the pictures of theirs that nobody released, and who they were (GDPR, article 17).

- What they typed is sealed under their key; the key goes, and with it the meaning of every copy, in backups too where
  those are kept apart from it.
- What was released stays, and so do entries and decisions: they name a pseudonym, which leads to nobody then, because
  the membership gets another one.
- What still waits for somebody is not erased under their hands, nor what is held for a court: both are said.
"""

from datetime import datetime
from uuid import uuid4

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from studio.accounts.models import Invitation, Membership, Role, RoleGrant, SubjectKey, User
from studio.accounts.roles import end_sessions
from studio.accounts.rules import holds
from studio.api.models import ApiToken
from studio.audit.models import SavedFilter
from studio.faults import fault
from studio.jobs.erasing import NEED_WORDS, UNRELEASED, erase_picture
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS
from studio.projects.models import Project
from studio.trail.actions import intend, note
from studio.trail.models import AuditRow, Hold, held

ASKED = "a person asked to be erased"
NOBODY = "erased-"


def erase_person(*, actor: User, membership: Membership, at: datetime) -> None:
    """Erase a person from one organisation, and their account where nothing else needs it.

    Their account here must have been closed. Raises PermissionDenied; ValidationError where something of theirs still
    waits for somebody or is held, or where they were erased already; StaleStateError where something has just moved on.
    """
    organisation = membership.organisation
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    jobs = Job.objects.filter(requester=membership)
    _require_ended(membership)
    # Each with an entry of its own; whoever dies in between does it again for what is left.
    for picture in Picture.objects.filter(job__in=jobs, state__in=UNRELEASED).select_related(
        "job__project__organisation"
    ):
        erase_picture(picture, at=at, reason=ASKED)
    with transaction.atomic():
        # No hold is placed meanwhile (`operations.holding`).
        list(Project.objects.select_for_update(no_key=True).filter(pk__in=jobs.values("project")).order_by("pk"))
        everybody = Membership.objects.select_related("user", "organisation").select_for_update(of=("self",))
        membership = everybody.get(pk=membership.pk)
        user = membership.user
        _require_ended(membership)
        typed = jobs.exclude(words=b"").update(words=b"")
        SubjectKey.objects.filter(membership=membership).delete()
        fault("erasure before tombstone")
        body = {"what": "person", "reason": ASKED, "maker": str(membership.pseudonym), "requests": typed}
        intend(log=organisation.log, kind="erasure", row=membership.pseudonym, at=at, body=body)
        _forget_here(membership)
        if not user.is_superuser and not _kept_elsewhere(membership):
            _forget(user)
        note(actor=actor, verb="user.erase", subject=user, organisation=organisation.pk, at=at)


def _require_ended(membership: Membership) -> None:
    if membership.user.username.startswith(NOBODY):
        raise ValidationError(_("They were erased already."))
    if RoleGrant.objects.filter(membership=membership).exists():
        raise ValidationError(_("They still have a role here. Close their account first."))
    pictures = Picture.objects.filter(job__requester=membership)
    moving = Job.objects.filter(requester=membership).exclude(state__in=JOB_ENDS).count()
    waiting = moving + pictures.filter(state__in=NEED_WORDS).count()
    if waiting:
        raise ValidationError(
            _("%(count)s of their requests and pictures still wait for somebody. Decide about them, or cancel them.")
            % {"count": waiting}
        )
    kept = pictures.filter(Q(pk__in=held(Hold.Kind.PICTURE)) | Q(job__project__in=held(Hold.Kind.PROJECT)))
    if kept.exists() or Job.objects.filter(requester=membership, project__in=held(Hold.Kind.PROJECT)).exists():
        raise ValidationError(_("Something of theirs is held for an inquiry. Lift the hold first."))


def _kept_elsewhere(membership: Membership) -> bool:
    """Whether another organisation knows them, and has not erased them itself."""
    others = membership.user.memberships.exclude(pk=membership.pk)
    return any(other.grants.exists() or not _is_erased(other) for other in others)


def _is_erased(membership: Membership) -> bool:
    erased = AuditRow.objects.filter(verb="user.erase", organisation=membership.organisation_id)
    return erased.filter(object_kind="user", object_id=str(membership.user_id)).exists()


def _forget_here(membership: Membership) -> None:
    """What the organisation knew of them beside their pictures."""
    organisation, user = membership.organisation, membership.user
    ApiToken.objects.filter(membership=membership).update(name="", hint="")
    Invitation.objects.filter(Q(accepted_by=user) | Q(email__iexact=user.email), organisation=organisation).update(
        email=""
    )
    about = Q(actor=user) | Q(object_kind="user", object_id=str(user.pk))
    AuditRow.objects.filter(about, organisation=organisation.pk).update(detail={})
    Membership.objects.filter(pk=membership.pk).update(pseudonym=uuid4())


def _forget(user: User) -> None:
    """The account itself: nobody signs in by it, and it has nobody's name."""
    for owned in (Authenticator, EmailAddress, SocialAccount):
        owned.objects.filter(user=user).delete()
    SavedFilter.objects.filter(owner=user).delete()
    AuditRow.objects.filter(actor=user).update(detail={})
    name = f"{NOBODY}{uuid4().hex[:12]}"
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(
        username=name, first_name="", last_name="", email="", is_active=False, last_login=None, password=user.password
    )
    end_sessions(user)
