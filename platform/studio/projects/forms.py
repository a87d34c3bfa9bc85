"""What opens a campaign."""

from itertools import chain, count
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.catalogue.models import Model
from studio.languages import language
from studio.projects.models import Project

# Offered beside whatever the approved models read, because campaigns are planned before models are chosen.
ALWAYS = ("ar", "en", "es", "fr", "pt", "sw")


class LabelForm(forms.Form):
    """In which language a project's pictures say on their face that a machine made them; the policy says how."""

    language = forms.ChoiceField(
        label=_("Language of the label"),
        help_text=_("It is drawn before signing. Pictures that are signed already keep the label they have."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = pipeline.label_languages()  # type: ignore[attr-defined]


class CampaignForm(forms.Form):
    """Why pictures are made, in which languages, and where they will be seen."""

    name = forms.CharField(label=_("Name"), max_length=120)
    purpose = forms.CharField(
        label=_("What is it for?"),
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
        help_text=_("Reviewers decide with this in mind, and reports tell it."),
    )
    languages = forms.MultipleChoiceField(label=_("Languages"), widget=forms.CheckboxSelectMultiple)
    channels = forms.CharField(
        label=_("Channels"),
        max_length=200,
        help_text=_("Where the pictures will be seen, separated by commas: poster, radio page, messaging."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        read = Model.objects.filter(state=Model.State.APPROVED).values_list("languages", flat=True)
        codes = sorted({*ALWAYS, *chain.from_iterable(read)})
        self.fields["languages"].choices = sorted(((code, language(code)) for code in codes), key=lambda pair: pair[1])  # type: ignore[attr-defined]

    def clean_channels(self) -> list[str]:
        """The channels one by one, each once."""
        names = (part.strip() for part in self.cleaned_data["channels"].split(","))
        return list(dict.fromkeys(name[:60] for name in names if name))

    def words(self, project: Project) -> dict[str, Any]:
        """The arguments of `projects.actions.open_campaign` but for who, where and when."""
        return {**self.cleaned_data, "slug": free_slug(project, self.cleaned_data["name"])}


def free_slug(project: Project, name: str) -> str:
    """A short name for addresses that no campaign of the project has; names in other scripts get a plain one."""
    stem = slugify(name)[:34].strip("-") or "campaign"
    taken = set(project.campaigns.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem if n == 1 else f"{stem}-{n}" for n in count(1)) if slug not in taken)
