"""The page of an organisation's colour, and the stylesheet that its public pages wear.

A stylesheet's address holds the colour: it asks no database, tells nothing about anybody, and never goes out of date.
"""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from studio.accounts.actions import set_colour
from studio.accounts.colours import parse, shades
from studio.accounts.colours import stylesheet as tokens
from studio.accounts.people import administered_organisation
from studio.pages import MemberRequest, attempt

VERMILION = "#b92d16"
YEAR_SECONDS = 365 * 24 * 60 * 60


class ColourForm(forms.Form):
    """One colour."""

    colour = forms.CharField(
        label=gettext_lazy("Your colour"),
        max_length=20,
        help_text=gettext_lazy("# and six digits or letters from a to f, as your brand’s guide has it: #0a5c8f."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false", "class": "short"}),
    )

    def clean_colour(self) -> str:
        """The colour as it is kept."""
        return parse(self.cleaned_data["colour"])


@login_required
@require_http_methods(["GET", "POST"])
def colours(request: MemberRequest, pk: UUID) -> HttpResponse:
    """See what a colour becomes (`move=try`, which changes nothing), use it, or go back to vermilion."""
    organisation = administered_organisation(request, pk)
    move = request.POST.get("move", "")
    form = ColourForm(request.POST if move in {"try", "use"} else None, initial={"colour": organisation.colour})
    status: int = HTTPStatus.OK
    if move == "drop" or (move == "use" and form.is_valid()):
        wanted = "" if move == "drop" else form.cleaned_data["colour"]
        status = attempt(
            form, lambda: set_colour(actor=request.user, organisation=organisation, colour=wanted, at=timezone.now())
        )
        if status == HTTPStatus.OK:
            messages.success(request, _("The public pages wear it from now on."))
            return redirect("organisation-colours", pk=pk)
    elif form.is_bound and not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    shown = form.cleaned_data["colour"] if form.is_bound and form.is_valid() else organisation.colour
    light, dark = shades(shown or VERMILION)
    context: dict[str, Any] = {
        "organisation": organisation,
        "form": form,
        "shown": shown,
        "tried": shown != organisation.colour,
        "looks": [(_("In the light scheme"), light), (_("In the dark scheme"), dark)],
    }
    return render(request, "studio/colours.html", context, status=status)


@cache_control(public=True, immutable=True, max_age=YEAR_SECONDS)
@require_safe
def stylesheet(request: HttpRequest, colour: str) -> HttpResponse:
    """The tokens of a colour."""
    return HttpResponse(tokens(f"#{colour}"), content_type="text/css; charset=utf-8")
