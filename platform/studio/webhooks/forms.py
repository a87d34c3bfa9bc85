"""What an administrator fills in to add an endpoint."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Organisation, User
from studio.accounts.rules import administered
from studio.webhooks.events import Event


class EndpointForm(forms.Form):
    """An endpoint of one of the organisations that `actor` administers."""

    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("Of which organisation?"), empty_label=None
    )
    address = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput({"placeholder": "https://", "autocomplete": "off"}),
        help_text=_("It begins with https:// and can be reached from the internet."),
    )
    events = forms.MultipleChoiceField(
        label=_("What is it told?"),
        choices=Event.choices,
        initial=list(Event.values),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = administered(actor).order_by("name")
        self.fields["organisation"].queryset = mine  # type: ignore[attr-defined]
        if mine.count() == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.fields["organisation"].initial = mine.first()
