"""How an administrator brings people in and gives them roles."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from unfold.forms import UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from studio.accounts.models import Organisation, Role, RoleGrant, User


def administered(user: User) -> QuerySet[Organisation]:
    """Where `user` may give roles. The operator founds organisations, and gives roles only where they hold that one."""
    return Organisation.objects.filter(memberships__user=user, memberships__grants__role=Role.ADMINISTRATOR).distinct()


class PersonForm(UserCreationForm):  # type: ignore[misc]  # unfold ships no types
    """A new person with a first role: somebody without one could do nothing here. `actor` is who fills it in."""

    actor: User
    organisation = forms.ModelChoiceField(Organisation.objects.none(), widget=UnfoldAdminSelectWidget)
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = administered(self.actor)


class GrantForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """A role for somebody who has an account; they become a member by it. `actor` is who fills it in."""

    actor: User
    organisation = forms.ModelChoiceField(Organisation.objects.none(), widget=UnfoldAdminSelectWidget)
    username = forms.CharField(widget=UnfoldAdminTextInputWidget)
    role = forms.ChoiceField(choices=Role.choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = RoleGrant
        fields = ("role",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = administered(self.actor)  # type: ignore[attr-defined]

    def clean_username(self) -> User:
        """The person with this name."""
        name = self.cleaned_data["username"]
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise forms.ValidationError(f"Nobody here signs in as “{name}”; add the person first.")
        return user

    def clean(self) -> dict[str, Any]:
        """Nothing to grant twice."""
        cleaned = super().clean() or self.cleaned_data
        held = {"membership__user": cleaned.get("username"), "membership__organisation": cleaned.get("organisation")}
        if all(held.values()) and RoleGrant.objects.filter(**held, role=cleaned.get("role")).exists():
            raise forms.ValidationError("They hold this role already.")
        return cleaned
