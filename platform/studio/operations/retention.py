"""The page of what an organisation keeps: for how long, what goes next, and what is held."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from studio.accounts.models import Organisation, Retention, Role
from studio.accounts.rules import holds, organisations_of, roles_of
from studio.jobs import erasing
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.operations import holding
from studio.pages import MemberRequest, attempt
from studio.projects.models import Project
from studio.trail.models import Hold

SOON = timedelta(days=7)
READERS = (Role.ADMINISTRATOR, Role.AUDITOR)
HELD_SHOWN = 50
UNMENDED = HTTPStatus.UNPROCESSABLE_ENTITY


def _days(label: Any, hint: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=hint, required=False, min_value=1, max_value=holding.LONGEST_DAYS)


class RetentionForm(forms.Form):
    """For how many days what is kept."""

    held = _days(
        gettext_lazy("Pictures that a screen held back"), gettext_lazy("Empty: as long as the installation keeps them.")
    )
    unreleased = _days(
        gettext_lazy("Finished pictures that nobody released"),
        gettext_lazy("Since something last happened to them. Empty: for good. What is in review or approved waits."),
    )
    words = _days(
        gettext_lazy("What people typed"),
        gettext_lazy("Since their request ended. Empty: for good. Pictures stay; their record then proves no words."),
    )


class HoldForm(forms.Form):
    """What is held, and why."""

    subject = forms.CharField(
        label=gettext_lazy("Project or picture"),
        help_text=gettext_lazy("Choose a project, or paste the id that stands in a picture's address."),
        widget=forms.TextInput({"list": "projects", "autocomplete": "off"}),
    )
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=holding.LONGEST_REASON)

    def clean_subject(self) -> UUID:
        """An id."""
        try:
            return UUID(self.cleaned_data["subject"].strip().rstrip("/").rpartition("/")[2])
        except ValueError as error:
            raise forms.ValidationError(_("This is no id; it looks like 9b1c…-…-….")) from error


@dataclass(frozen=True, slots=True)
class Going:
    """One kind of what goes: how many are due now, and how many more within a week."""

    what: str
    now: int
    soon: int


@login_required
@require_http_methods(["GET", "POST"])
def retention(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Administrators change it, auditors read it."""
    organisation = get_object_or_404(organisations_of(request.user), pk=pk)
    holds(request.user, organisation, *READERS).enforce()
    now = timezone.now()
    move = request.POST.get("move", "days") if request.method == "POST" else ""
    rule = Retention.objects.filter(organisation=organisation).first()
    standing = {name: getattr(rule, name, None) for name in RetentionForm.base_fields}
    form = RetentionForm(request.POST if move == "days" else None, initial=standing)
    hold = HoldForm(request.POST if move == "hold" else None)
    status: int = HTTPStatus.OK
    if move:
        status = _move(request, organisation, move, form, hold, now)
        if status == HTTPStatus.OK:
            messages.success(request, _("It is done, and on record."))
            return redirect("organisation-retention", pk=pk)
    context = {
        "organisation": organisation,
        "form": form,
        "hold": hold,
        "going": _going(organisation, now),
        "held": _named(Hold.objects.filter(organisation=organisation.pk).select_related("placed_by", "lifted_by")),
        "projects": Project.objects.filter(organisation=organisation).order_by("name"),
        "may_change": Role.ADMINISTRATOR in roles_of(request.user, organisation),
        "days": erasing.held_days(rule),
    }
    return render(request, "studio/retention.html", context, status=status)


def _move(
    request: MemberRequest, organisation: Organisation, move: str, form: forms.Form, hold: forms.Form, at: datetime
) -> int:
    by: dict[str, Any] = {"actor": request.user, "organisation": organisation, "at": at}
    if move == "lift":
        bare = forms.Form(request.POST)
        bare.is_valid()
        found = get_object_or_404(Hold, pk=request.POST.get("hold"), organisation=organisation.pk)
        return attempt(bare, lambda: holding.lift_hold(hold=found, **by))
    if move == "days":
        return attempt(form, lambda: holding.keep_for(**by, **form.cleaned_data)) if form.is_valid() else UNMENDED
    return attempt(hold, lambda: holding.place_hold(**by, **hold.cleaned_data)) if hold.is_valid() else UNMENDED


def _going(organisation: Organisation, now: datetime) -> list[Going]:
    """What goes, by kind; the same questions that the sweep asks."""

    def pictures(*states: str, at: datetime) -> int:
        return erasing.due_pictures(*states, now=at).filter(organisation=organisation).count()

    def words(at: datetime) -> int:
        return erasing.due_words(now=at).filter(project__organisation=organisation).count()

    soon = now + SOON
    held, kept = pictures(PictureState.QUARANTINED, at=now), pictures(*erasing.UNRELEASED, at=now)
    return [
        Going(_("pictures held back"), held, pictures(PictureState.QUARANTINED, at=soon) - held),
        Going(_("pictures that nobody released"), kept, pictures(*erasing.UNRELEASED, at=soon) - kept),
        Going(_("requests' words"), words(now), words(soon) - words(now)),
    ]


def _named(rows: Any) -> list[Hold]:
    """Holds with the names of what they hold."""
    found = list(rows[:HELD_SHOWN])
    ids = [row.subject for row in found]
    names = dict(Project.objects.filter(pk__in=ids).values_list("pk", "name"))
    names |= {
        key: _("A picture of %(name)s") % {"name": campaign}
        for key, campaign in Picture.objects.filter(pk__in=ids).values_list("pk", "campaign__name")
    }
    for row in found:
        row.name = names.get(row.subject, str(row.subject))
    return found
