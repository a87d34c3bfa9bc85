"""What a person fills in to make a token."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import User
from studio.accounts.rules import organisations_of
from studio.api.actions import LONGEST
from studio.api.models import Scope
from studio.projects.models import Campaign, Project

USUAL_DAYS = 90


class TokenForm(forms.Form):
    """A token for a program: what it may do, for how long. `owner` makes it, at `at`."""

    name = forms.CharField(
        label=_("Which program will use it?"), max_length=80, help_text=_("A name by which you know it again.")
    )
    organisation = forms.ModelChoiceField(Project.objects.none(), label=_("In which organisation?"), empty_label=None)
    scopes = forms.MultipleChoiceField(
        label=_("What may it do?"),
        choices=Scope.choices,
        initial=list(Scope.values),
        widget=forms.CheckboxSelectMultiple,
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        label=_("Campaign for requests that name none"),
        required=False,
        empty_label=_("None: each request names its own"),
        help_text=_("Clients made for OpenAI cannot name a campaign; give them one here."),
    )
    expires = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput({"type": "date"}),
        help_text=format_lazy(_("At most {days} days from today."), days=LONGEST.days),
    )

    def __init__(self, *args: Any, owner: User, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = organisations_of(owner).order_by("name")
        campaigns = Campaign.objects.filter(project__in=Project.objects.for_actor(owner))
        self.fields["organisation"].queryset = mine  # type: ignore[attr-defined]
        self.fields["campaign"].queryset = campaigns.select_related("project").order_by("project__name", "name")  # type: ignore[attr-defined]
        self.fields["campaign"].label_from_instance = lambda one: f"{one.project.name}: {one.name}"  # type: ignore[attr-defined]
        if mine.count() == 1:
            self.fields["organisation"].widget = forms.HiddenInput()
            self.fields["organisation"].initial = mine.first()
        self.fields["expires"].initial = (at + timedelta(days=USUAL_DAYS)).date()

    def words(self) -> dict[str, Any]:
        """The arguments of `actions.make_token` but for who and when."""
        last: date = self.cleaned_data["expires"]
        return self.cleaned_data | {"expires": datetime.combine(last, time.max, tzinfo=timezone.get_current_timezone())}
