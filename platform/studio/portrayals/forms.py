"""What is filled in to have a grid of prompts drawn."""

from pathlib import Path
from typing import Any

from django import forms

from studio import pipeline
from studio.catalogue.models import Model
from studio.languages import language
from studio.projects.models import Campaign

DRAWN_IN = ("en", "fr", "es", "pt", "zh", "ar")  # of a model's languages, those that a screen reads


class GridForm(forms.Form):
    """Which roles, in which languages. `model` is one that declares its words, so that a grid can be built of them."""

    roles = forms.MultipleChoiceField(
        label="Roles",
        widget=forms.CheckboxSelectMultiple,
        help_text="At most four. Each is drawn as such, as a woman and as a man.",
    )
    languages = forms.MultipleChoiceField(
        label="In which languages",
        widget=forms.CheckboxSelectMultiple,
        help_text="Two or more show whether a model draws other people in another language.",
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approved = Model.objects.filter(
            organisation=campaign.project.organisation_id, state=Model.State.APPROVED
        ).order_by("title", "-registered")
        able = ((model, pipeline.grid_roles(Path(model.folder))) for model in approved)
        found = next(((model, roles) for model, roles in able if roles), None)
        self.model: Model | None = found[0] if found else None
        roles = found[1] if found else {}
        spoken = self.model.languages if self.model else []
        self.fields["roles"].choices = sorted(roles.items(), key=lambda role: role[1])  # type: ignore[attr-defined]
        self.fields["languages"].choices = [  # type: ignore[attr-defined]
            (code, language(code)) for code in DRAWN_IN if code in spoken
        ]
        self.initial.setdefault("languages", ["en"])
