"""What a creator fills in to ask for pictures."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.catalogue.models import Model
from studio.jobs.models import Job
from studio.jobs.sizes import PRESETS, size_for
from studio.languages import language
from studio.offering import DEFAULT_STRENGTH, MOST_BYTES, Offered, credentialed, read
from studio.projects.models import Campaign

OF_THE_MODEL = ("width", "height", "steps", "guidance")


class AppealForm(forms.Form):
    """Asking a person to look again at a blocked request."""

    purpose = forms.CharField(
        label=_("What are the pictures for?"),
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Say who will see them and why the words are right for it. Only reviewers read this."),
        max_length=2000,
    )


class AskForm(forms.Form):
    """A request for pictures. Limits are the generation spec's to judge, so that none is written twice."""

    prompt = forms.CharField(
        label=_("What should the picture show?"),
        help_text=_("Say what is in it, in what surroundings, and in which style. The words are screened first."),
        widget=forms.Textarea({"rows": 4, "autofocus": True, "dir": "auto"}),
        strip=True,
    )
    language = forms.ChoiceField(label=_("Language of these words"))
    model = forms.ModelChoiceField(Model.objects.none(), label=_("Model"))
    size = forms.ChoiceField(label=_("Where will it be seen?"), required=False, widget=forms.RadioSelect)
    count = forms.IntegerField(
        label=_("Pictures"), initial=4, widget=forms.NumberInput({"min": 1, "inputmode": "numeric"})
    )
    negative_prompt = forms.CharField(
        label=_("What should not be in it?"),
        required=False,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text=_("These words are screened too."),
    )
    width = forms.IntegerField(label=_("Width in pixels"), required=False)
    height = forms.IntegerField(label=_("Height in pixels"), required=False)
    steps = forms.IntegerField(
        label=_("Steps"), required=False, help_text=_("More steps take longer and follow the words more finely.")
    )
    guidance = forms.FloatField(
        label=_("Guidance"), required=False, help_text=_("How strictly the words are followed.")
    )
    seed = forms.CharField(
        label=_("Seed"),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        help_text=_(
            "Leave it empty and one is drawn. Locked to a number, the same words and settings make the same picture."
        ),
    )
    reference = forms.FileField(
        label=_("Start from a picture"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=format_lazy(
            _(
                "PNG, JPEG or WebP, at most {size} MB. It is screened too, kept sealed, and erased once the request "
                "has ended. Not every model can start from one; beside each it says whether it can."
            ),
            size=MOST_BYTES // 2**20,
        ),
    )
    rights = forms.CharField(
        label=_("Where is it from, and by what right is it used?"),
        required=False,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text=_(
            "Its source and licence, or where the consent of the people in it is filed. Needed with a picture."
        ),
    )
    strength = forms.FloatField(
        label=_("How much of it is painted over"),
        required=False,
        initial=DEFAULT_STRENGTH,
        widget=forms.NumberInput({"step": "0.05", "min": "0.05", "max": "1"}),
        help_text=_("From 0.05, where hardly anything changes, to 1, where everything does."),
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=80)
    origin = forms.UUIDField(widget=forms.HiddenInput, required=False)
    relation = forms.ChoiceField(widget=forms.HiddenInput, required=False, choices=[("", ""), *Job.Relation.choices])

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.campaign = campaign
        self.credentialed = b""
        self.initial.setdefault("idempotency_key", str(uuid4()))
        self.fields["language"].choices = [(code, language(code)) for code in _languages(campaign)]  # type: ignore[attr-defined]
        models = self.fields["model"]
        approved = Model.objects.filter(organisation=campaign.project.organisation_id, state=Model.State.APPROVED)
        models.queryset = approved.order_by("title", "-registered")  # type: ignore[attr-defined]
        models.empty_label = None  # type: ignore[attr-defined]
        models.label_from_instance = lambda model: f"{model.title} ({model.licence})"  # type: ignore[attr-defined]
        self.fields["size"].choices = [("", ""), *((preset.name, preset.title) for preset in PRESETS)]  # type: ignore[attr-defined]

    def clean_seed(self) -> int:
        """The seed as a number; an empty one is drawn from the form's key, so sending twice asks for one thing."""
        typed = self.cleaned_data["seed"]
        if not typed:
            return int.from_bytes(sha256(str(self.data.get("idempotency_key", "")).encode()).digest()[:4], "big")
        if not (typed.isascii() and typed.isdecimal() and len(typed) <= 19):
            raise forms.ValidationError(gettext("A seed is a whole number; write it in digits, or leave it empty."))
        return int(typed)

    def clean_reference(self) -> pipeline.Reference | None:
        """The chosen picture as pixels."""
        file = self.cleaned_data["reference"]
        if file is None:
            return None
        most = min(MOST_BYTES, settings.UPLOAD_LIMIT_BYTES)
        if file.size > most:
            raise forms.ValidationError(
                gettext("The file is larger than %(most)s; save it smaller and choose that.")
                % {"most": filesizeformat(most)}
            )
        data = file.read()
        picture = read(data)
        self.credentialed = credentialed(data)
        return picture

    def clean(self) -> None:
        """A channel's size is one that the model makes.

        Words about a picture that is not there mean that it was forgotten: a browser never keeps a chosen file.
        """
        model, size = self.cleaned_data.get("model"), self.cleaned_data.get("size")
        if model and size and size_for(model, size) is None:
            self.add_error("size", gettext("This model cannot make that shape; choose another, or its own size."))
        forgotten = self.cleaned_data.get("rights") and "reference" not in self.errors
        if forgotten and self.cleaned_data["reference"] is None:
            self.add_error("reference", gettext("Choose the picture, or empty the field about where it is from."))

    def offered(self) -> Offered | None:
        """The picture to start from, with what was said about its rights."""
        picture = self.cleaned_data["reference"]
        return Offered(picture, self.cleaned_data["rights"], self.credentialed) if picture else None

    def request(self) -> dict[str, Any]:
        """The fields of a generation spec but for its model; what was left empty is the model's own default."""
        model: Model = self.cleaned_data["model"]
        names = ("prompt", "negative_prompt", "count", "seed", *OF_THE_MODEL)
        typed = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name] is not None}
        if size := size_for(model, self.cleaned_data.get("size") or ""):
            # What somebody wrote in pixels is meant; a channel fills in what they left empty.
            typed = {"width": size.width, "height": size.height} | typed
        if self.cleaned_data["reference"]:
            strength = self.cleaned_data["strength"]
            typed["strength"] = DEFAULT_STRENGTH if strength is None else strength
        return {name: model.defaults[name] for name in OF_THE_MODEL if name in model.defaults} | typed


def _languages(campaign: Campaign) -> Iterable[str]:
    """The campaign's languages first; English, which every screen reads, last if it is not among them."""
    return dict.fromkeys([*campaign.languages, "en"])
