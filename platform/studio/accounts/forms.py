"""What an administrator fills in about people, and what somebody invited fills in about themselves."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from studio.accounts.inviting import Newcomer
from studio.accounts.models import Role

DUTIES: Mapping[str, Any] = MappingProxyType(
    {
        Role.CREATOR: _("Creator: asks for pictures and submits them"),
        Role.REVIEWER: _("Reviewer: approves or rejects what others made"),
        Role.AUDITOR: _("Auditor: reads everything, changes nothing"),
        Role.CUSTODIAN: _("Custodian: looks after keys and models"),
        Role.ADMINISTRATOR: _("Administrator: people, projects, policies, limits"),
    }
)


class RolesForm(forms.Form):
    """The roles that somebody has."""

    roles = forms.MultipleChoiceField(
        label=_("What may they do?"),
        choices=list(DUTIES.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class InviteForm(RolesForm):
    """An address, and roles."""

    email = forms.EmailField(
        label=_("E-mail"),
        widget=forms.EmailInput({"autocomplete": "off"}),
        help_text=_("A link that opens once goes there."),
    )
    field_order = ("email", "roles")


class ArriveForm(forms.Form):
    """Somebody new."""

    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none"}),
        help_text=_("Others in the organisation see it. Letters, digits and @ . + - _"),
    )
    first_name = forms.CharField(label=_("First name"), max_length=150, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=150, required=False)
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput({"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One sentence in the place of the library's list: a hint is read, a list of rules is not.
        least = next(
            rule for rule in password_validation.get_default_password_validators() if hasattr(rule, "min_length")
        )
        self.fields["password"].help_text = _("At least %(least)d characters; several words are easiest to keep.") % {
            "least": least.min_length
        }

    def newcomer(self) -> Newcomer:
        """What they wrote."""
        return Newcomer(**self.cleaned_data)
