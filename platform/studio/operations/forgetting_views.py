"""The page on which an administrator erases a person who asked for it."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from studio.accounts.people import administered_organisation
from studio.accounts.signing_in import asks_again
from studio.operations.forgetting import erase_person
from studio.pages import MemberRequest, attempt


class NameForm(forms.Form):
    """Their user name once more, so that nobody is erased by a slip."""

    name = forms.CharField(
        label=gettext_lazy("Their user name"),
        help_text=gettext_lazy("Write it once more, so that nobody is erased by a slip."),
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none"}),
    )

    def __init__(self, data: dict[str, str] | None, *, expected: str) -> None:
        super().__init__(data)
        self._expected = expected

    def clean_name(self) -> str:
        """The name that is on the page. Raises ValidationError."""
        name = str(self.cleaned_data["name"]).strip()
        if name != self._expected:
            raise ValidationError(_("This is not their user name."))
        return name


@login_required
@require_http_methods(["GET", "POST"])
@asks_again
def erase(request: MemberRequest, pk: UUID, member: int) -> HttpResponse:
    """What goes and what stays, and the form that does it."""
    organisation = administered_organisation(request, pk)
    membership = get_object_or_404(organisation.memberships.select_related("user", "organisation"), pk=member)
    form = NameForm(request.POST if request.method == "POST" else None, expected=membership.user.get_username())
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        status = attempt(form, lambda: erase_person(actor=request.user, membership=membership, at=timezone.now()))
        if status == HTTPStatus.OK:
            messages.success(request, _("They are erased, and the ledger has an entry that says so."))
            return redirect("organisation-people", pk=pk)
    context = {"organisation": organisation, "membership": membership, "form": form}
    return render(request, "studio/person_erase.html", context, status=status)
