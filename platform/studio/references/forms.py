"""What an administrator fills in about a picture to protect."""

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.offering import MOST_BYTES
from studio.references.models import Protected


class ProtectForm(forms.Form):
    """One picture. It is not looked at here: the worker reads it."""

    picture = forms.FileField(
        label=_("The picture"),
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP. It is read once and not kept: only what a copy is recognised by stays."),
    )
    kind = forms.ChoiceField(label=_("What is it?"), choices=Protected.Kind.choices)
    title = forms.CharField(
        label=_("Its name"), max_length=120, help_text=_("Reviewers read it beside a picture that comes near.")
    )
    why = forms.CharField(
        label=_("Why is it protected?"),
        max_length=500,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text=_("Whose rights, or which agreement."),
    )
    owner = forms.CharField(label=_("Who is asked about it?"), max_length=120)
    expires = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text=_("It holds to the end of this day. Left empty, it holds until somebody takes it out."),
    )

    def clean_picture(self) -> bytes:
        """The file's bytes, if they are not too many."""
        file = self.cleaned_data["picture"]
        most = min(MOST_BYTES, settings.UPLOAD_LIMIT_BYTES)
        if file.size > most:
            raise forms.ValidationError(
                gettext("The file is larger than %(filesizeformat)s; choose a smaller one.")
                % {"filesizeformat": filesizeformat(most)}
            )
        data: bytes = file.read()
        return data

    def words(self) -> dict[str, Any]:
        """Everything but the file."""
        return {name: value for name, value in self.cleaned_data.items() if name != "picture"}
