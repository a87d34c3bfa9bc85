"""What a creator fills in to ask for pictures."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms

from studio.catalogue.models import Model
from studio.jobs.states import JobState
from studio.languages import language
from studio.projects.models import Campaign

OF_THE_MODEL = ("width", "height", "steps", "guidance")


class AskForm(forms.Form):
    """A request for pictures. Limits are the generation spec's to judge, so that none is written twice."""

    prompt = forms.CharField(
        label="What should the picture show?",
        help_text="Say what is in it, in what surroundings, and in which style. The words are screened first.",
        widget=forms.Textarea({"rows": 4, "autofocus": True, "dir": "auto"}),
        strip=True,
    )
    language = forms.ChoiceField(label="Language of these words")
    model = forms.ModelChoiceField(Model.objects.none(), label="Model")
    count = forms.IntegerField(
        label="Pictures", initial=4, widget=forms.NumberInput({"min": 1, "inputmode": "numeric"})
    )
    negative_prompt = forms.CharField(
        label="What should not be in it?",
        required=False,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
        help_text="These words are screened too.",
    )
    width = forms.IntegerField(label="Width in pixels", required=False)
    height = forms.IntegerField(label="Height in pixels", required=False)
    steps = forms.IntegerField(
        label="Steps", required=False, help_text="More steps take longer and follow the words more finely."
    )
    guidance = forms.FloatField(label="Guidance", required=False, help_text="How strictly the words are followed.")
    seed = forms.CharField(
        label="Seed",
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Leave it empty and one is drawn. The same seed, words and settings make the same picture again.",
    )
    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=80)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("idempotency_key", str(uuid4()))
        self.fields["language"].choices = [(code, language(code)) for code in _languages(campaign)]  # type: ignore[attr-defined]
        models = self.fields["model"]
        approved = Model.objects.filter(organisation=campaign.project.organisation_id, state=Model.State.APPROVED)
        models.queryset = approved.order_by("title", "-registered")  # type: ignore[attr-defined]
        models.empty_label = None  # type: ignore[attr-defined]
        models.label_from_instance = lambda model: f"{model.title} ({model.licence})"  # type: ignore[attr-defined]

    def clean_seed(self) -> int:
        """The seed as a number; an empty one is drawn from the form's key, so sending twice asks for one thing."""
        typed = self.cleaned_data["seed"]
        if not typed:
            return int.from_bytes(sha256(str(self.data.get("idempotency_key", "")).encode()).digest()[:4], "big")
        if not (typed.isascii() and typed.isdecimal() and len(typed) <= 19):
            raise forms.ValidationError("A seed is a whole number; write it in digits, or leave it empty.")
        return int(typed)

    def request(self) -> dict[str, Any]:
        """The fields of a generation spec but for its model; what was left empty is the model's own default."""
        model: Model = self.cleaned_data["model"]
        names = ("prompt", "negative_prompt", "count", "seed", *OF_THE_MODEL)
        typed = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name] is not None}
        return {name: model.defaults[name] for name in OF_THE_MODEL if name in model.defaults} | typed


def _languages(campaign: Campaign) -> Iterable[str]:
    """The campaign's languages first; English, which every screen reads, last if it is not among them."""
    return dict.fromkeys([*campaign.languages, "en"])


class StateFilter(forms.Form):
    """Which requests a list shows."""

    requests = forms.ChoiceField(choices=JobState.choices, required=False)
