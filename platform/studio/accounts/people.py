"""The pages of an organisation's people, for its administrators: who is here, with which roles, and who is invited."""

import logging
from http import HTTPStatus
from smtplib import SMTPException
from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.mail import send_mail
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from studio.accounts import actions, inviting
from studio.accounts.forms import InviteForm, RolesForm
from studio.accounts.models import Invitation, Membership, Organisation, Role
from studio.accounts.rules import holds, organisations_of
from studio.accounts.second_step import STEPS
from studio.accounts.signing_in import asks_again
from studio.pages import MemberRequest, attempt

logger = logging.getLogger(__name__)


def administered_organisation(request: MemberRequest, pk: UUID) -> Organisation:
    """The organisation, for one of its administrators; for strangers there is none."""
    organisation = get_object_or_404(organisations_of(request.user), pk=pk)
    holds(request.user, organisation, Role.ADMINISTRATOR).enforce()
    return organisation


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
@asks_again
def people(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Everybody, and the form that invites; without a mail server the answer shows the invitation's link, once."""
    organisation = administered_organisation(request, pk)
    form = InviteForm(request.POST if request.method == "POST" else None)
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    link = ""
    if form.is_valid():
        made: list[tuple[Invitation, str]] = []
        at = timezone.now()
        status = attempt(
            form,
            lambda: made.append(
                inviting.invite(actor=request.user, organisation=organisation, at=at, **form.cleaned_data)
            ),
        )
        if made:
            link = _send(request, *made[0])
            form = InviteForm()
    steps = Authenticator.objects.filter(user=OuterRef("user"), type__in=STEPS)
    members = (
        Membership.objects.filter(organisation=organisation)
        .select_related("user")
        .prefetch_related("grants")
        .annotate(second_step=Exists(steps))
        .order_by("user__username")
    )
    waiting = organisation.invitations.filter(accepted=None, withdrawn=None).select_related("invited_by")
    context = {
        "organisation": organisation,
        "form": form,
        "link": link,
        "present": [member for member in members if member.grants.all()],
        "gone": [member for member in members if not member.grants.all()],
        "invitations": waiting,
        "now": timezone.now(),
    }
    return render(request, "studio/people.html", context, status=status)


def _send(request: MemberRequest, invitation: Invitation, secret: str) -> str:
    """Mail the link. Returns it for the page where mail goes nowhere, or did not go."""
    link = request.build_absolute_uri(f"{reverse('invitation')}?key={secret}")
    words = {"invitation": invitation, "link": link}
    subject = render_to_string("studio/mail/invitation_subject.txt", words).strip()
    text = render_to_string("studio/mail/invitation.txt", words)
    try:
        send_mail(subject, text, None, [invitation.email])
    except (OSError, SMTPException):
        logger.exception("an invitation could not be mailed")
        messages.error(
            request, _("The mail could not be sent. Hand the link over yourself, or withdraw the invitation.")
        )
        return link
    if not settings.EMAIL_URL:
        return link
    messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
    return ""


@login_required
@require_http_methods(["GET", "POST"])
@asks_again
def person(request: MemberRequest, pk: UUID, member: int) -> HttpResponse:
    """One person: their roles, and what to do when they lose their phone or leave."""
    organisation = administered_organisation(request, pk)
    membership = get_object_or_404(organisation.memberships.select_related("user", "organisation"), pk=member)
    held = [grant.role for grant in membership.grants.all()]
    move = request.POST.get("move", "roles") if request.method == "POST" else ""
    form: forms.Form = RolesForm(request.POST if move == "roles" else None, initial={"roles": held})
    status: int = HTTPStatus.OK
    if move:
        bare = form if move == "roles" else forms.Form(request.POST)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if bare.is_valid():
            status = attempt(bare, lambda: _move(request, membership, move, bare))
        if status == HTTPStatus.OK:
            if membership.user == request.user:
                # Their other sessions are over; this one has just shown that it is they.
                update_session_auth_hash(request, membership.user)
            messages.success(request, _("It is done, and on record. They sign in anew."))
            return redirect("organisation-people", pk=pk)
        if move != "roles":
            form.errors[NON_FIELD_ERRORS] = bare.non_field_errors()
    context = {
        "organisation": organisation,
        "membership": membership,
        "form": form,
        "held": held,
        "second_step": Authenticator.objects.filter(user=membership.user, type__in=STEPS).exists(),
    }
    return render(request, "studio/person.html", context, status=status)


def _move(request: MemberRequest, membership: Membership, move: str, form: forms.Form) -> None:
    at, actor = timezone.now(), request.user
    if move == "close":
        actions.close_account(actor=actor, membership=membership, at=at)
    elif move == "second-step":
        actions.remove_second_step(actor=actor, membership=membership, at=at)
    else:
        actions.change_roles(actor=actor, membership=membership, roles=form.cleaned_data["roles"], at=at)


@login_required
@require_POST
def withdraw(request: MemberRequest, pk: UUID, invitation: UUID) -> HttpResponse:
    """End an invitation that nobody has taken up."""
    organisation = administered_organisation(request, pk)
    found = get_object_or_404(organisation.invitations.select_related("organisation"), pk=invitation)
    inviting.withdraw_invitation(actor=request.user, invitation=found, at=timezone.now())
    messages.success(request, _("The link opens nothing any more."))
    return redirect("organisation-people", pk=pk)
