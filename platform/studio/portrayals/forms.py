"""What is filled in to have a grid of prompts drawn, and to say what is seen in a report's pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.catalogue.models import Model
from studio.languages import language
from studio.portrayals.models import Sitting
from studio.projects.models import Campaign

DRAWN_IN = ("en", "fr", "es", "pt", "zh", "ar")  # of a model's languages, those that a screen reads


class GridForm(forms.Form):
    """Which roles, in which languages. `model` is one that declares its words, so that a grid can be built of them."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At most four. Each is drawn as such, as a woman and as a man."),
    )
    languages = forms.MultipleChoiceField(
        label=_("In which languages"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Two or more show whether a model draws other people in another language."),
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


class ChecklistForm(forms.Form):
    """The items of the checklist under each picture; what is not ticked was not seen."""

    def __init__(self, *args: Any, sittings: Sequence[Sitting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sittings = {f"seen_{one.pk}": one for one in sittings}
        for name in self._sittings:
            self.fields[name] = forms.MultipleChoiceField(
                required=False,
                choices=[(item, words.capitalize()) for item, words in pipeline.CHECKLIST.items()],
                widget=forms.CheckboxSelectMultiple,
            )

    def boxes(self) -> list[tuple[Sitting, forms.BoundField]]:
        """Each picture with its boxes to tick."""
        return [(one, self[name]) for name, one in self._sittings.items()]

    def seen(self) -> dict[int, list[str]]:
        """The ticked items by sitting."""
        return {one.pk: self.cleaned_data[name] for name, one in self._sittings.items()}
