"""What a custodian fills in: a decision about a model, and a lesson."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.catalogue.actions import AS_LICENSED, LONGEST_WORDS
from studio.catalogue.lesson_files import LONGEST_PAPER, MANIFEST, MOST_PICTURES, Handed, Papers
from studio.catalogue.licences import Use
from studio.catalogue.teaching import DEFAULT_STEPS, FEWEST_STEPS, LONGEST_CONCEPT, MOST_STEPS
from studio.languages import language


class ApproveForm(forms.Form):
    """For what a model may be used."""

    purposes = forms.CharField(
        label=_("For what may it be used here?"),
        initial=AS_LICENSED,
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Everybody who chooses it reads this; it stays on record with your name."),
    )
    uses = forms.MultipleChoiceField(
        label=_("For which uses?"),
        choices=Use.choices,
        initial=[Use.CHARITABLE],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Projects that are for anything else cannot choose it. What its licence forbids is refused here."),
        error_messages={"required": _("Choose at least one use; a model for nothing needs no approval.")},
    )


class WithdrawForm(forms.Form):
    """Why a model is used no longer."""

    reason = forms.CharField(
        label=_("Why is it withdrawn?"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("It stays on record with your name. Pictures that it made are not withdrawn by this."),
    )


class ManyFilesInput(forms.FileInput):
    """Several files at once."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Cleans to the list of the chosen files."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        """Every file for itself; their sum as well, because they arrive in one form."""
        files = [super(ManyFilesField, self).clean(file, initial) for file in data or [None]]
        total, most = sum(file.size for file in files), settings.UPLOAD_LIMIT_BYTES
        if total > most:
            here, there = filesizeformat(total), filesizeformat(most)
            raise forms.ValidationError(
                gettext("Together they have %(here)s; %(there)s is the most. Save them smaller.")
                % {"here": here, "there": there}
            )
        return files


class TeachForm(forms.Form):
    """One lesson. `languages` are those in which the model can be told what the concept is called."""

    concept = forms.CharField(
        label=_("A name for the concept, and for the new model"),
        max_length=LONGEST_CONCEPT,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Small letters, digits and hyphens, like “solar-cooker”."),
    )
    # Never shown: what is wrong with the words of all languages together is said here.
    words = forms.CharField(required=False, widget=forms.HiddenInput)
    pictures = ManyFilesField(
        label=_("Pictures that show it"),
        widget=ManyFilesInput({"accept": f"image/png,image/jpeg,image/webp,.jsonl,{MANIFEST}"}),
        error_messages={"required": _("Choose the pictures that show it, at least one; ten and more teach better.")},
    )
    licence = forms.CharField(
        label=_("Licence"),
        required=False,
        max_length=LONGEST_PAPER,
        help_text=_("Under which licence may they be used to teach a model? Like “CC-BY-4.0”, or “our own work”."),
    )
    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=LONGEST_PAPER,
        help_text=_("Who made them, or where they are from."),
    )
    consent = forms.CharField(
        label=_("Consent"),
        required=False,
        max_length=LONGEST_PAPER,
        help_text=_("Where the consent of the people in them is filed; or why none is needed: “no person is shown”."),
    )
    caption = forms.CharField(
        label=_("Caption"),
        required=False,
        max_length=LONGEST_PAPER,
        widget=forms.TextInput({"dir": "auto"}),
    )
    steps = forms.IntegerField(
        label=_("Steps of training"),
        initial=DEFAULT_STEPS,
        min_value=FEWEST_STEPS,
        max_value=MOST_STEPS,
        help_text=_("More teach it more firmly, and take longer."),
    )

    def __init__(self, *args: Any, languages: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = tuple(languages)
        most = filesizeformat(settings.UPLOAD_LIMIT_BYTES)
        self.fields["pictures"].help_text = gettext(
            "PNG, JPEG or WebP, up to %(number)s of them, together at most %(size)s. They stay sealed until the lesson "
            "has ended, then erased; their digests and papers stay on record."
        ) % {"number": MOST_PICTURES, "size": most}
        self.fields["caption"].help_text = (
            gettext("What they show, in words the model knows. Left empty, it is the first word from above.")
            if self.languages
            else gettext("What they show, as you would later ask for it.")
        )
        for code in self.languages:
            attributes = {"lang": code, "dir": "auto", "autocomplete": "off"}
            self.fields[_field_of(code)] = forms.CharField(
                label=language(code), required=False, max_length=200, widget=forms.TextInput(attributes)
            )

    @property
    def word_fields(self) -> list[forms.BoundField]:
        """What the concept is called, a field for each language."""
        return [self[_field_of(code)] for code in self.languages]

    def spoken(self) -> list[str]:
        """The words as LANGUAGE:WORD; several of one language stand between commas."""
        typed = ((code, self.cleaned_data[_field_of(code)]) for code in self.languages)
        return [f"{code}:{word.strip()}" for code, text in typed for word in text.split(",") if word.strip()]

    def handed(self) -> list[Handed]:
        """The chosen files."""
        return [Handed(file.name or "", file.read()) for file in self.cleaned_data["pictures"]]

    def answers(self) -> Papers:
        """What was answered for all pictures."""
        words = self.spoken()
        caption = self.cleaned_data["caption"] or (words[0].partition(":")[2] if words else "")
        return Papers(**{name: self.cleaned_data[name] for name in ("licence", "source", "consent")}, caption=caption)


def _field_of(code: str) -> str:
    return f"word_{code.replace('-', '_')}"
