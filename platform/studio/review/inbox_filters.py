"""What a reader wants to see of the inbox: the filters as a form, in an address, and as conditions of a query.

Filters narrow what `readers` lets somebody read, and never widen it. They stand in the address of every page that
belongs to the list, so a reviewer who narrowed it goes on from one picture to the next within it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from studio.accounts.models import Membership
from studio.projects.models import Project
from studio.review.models import ReviewRequest, Stage
from studio.review.readers import Reader

A_WEEK = timedelta(days=7)
WAITING = "waiting"
SHOWN = [(WAITING, gettext_lazy("Waiting")), ("decided", gettext_lazy("Decided")), ("all", gettext_lazy("All"))]
DUE = [
    ("overdue", gettext_lazy("Overdue")),
    ("today", gettext_lazy("Due today")),
    ("week", gettext_lazy("Due within a week")),
]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see; empty is everything. `shown` is waiting, decided or all.

    `due` is a key of `DUE` and narrows only what waits; `project` is a project's slug, `maker` a membership's key,
    `stage` a stage's name, whichever plan it is of.
    """

    shown: str = WAITING
    due: str = ""
    project: str = ""
    maker: int = 0
    stage: str = ""
    words: str = ""
    own: bool = False
    flagged: bool = False


class FilterForm(forms.Form):
    """The filters. Whatever is not understood narrows nothing; what there is no choice about is not asked."""

    due = forms.ChoiceField(choices=DUE, required=False, widget=forms.HiddenInput)
    shown = forms.ChoiceField(label=gettext_lazy("Show"), choices=SHOWN, required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    maker = forms.TypedChoiceField(label=gettext_lazy("Made by"), required=False, coerce=int, empty_value=None)
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), required=False)
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=80, widget=forms.TextInput({"dir": "auto"})
    )
    own = forms.BooleanField(label=gettext_lazy("Only where I am named"), required=False)
    flagged = forms.BooleanField(label=gettext_lazy("Only flagged"), required=False)

    def __init__(self, asked: QueryDict, *, who: Reader) -> None:
        super().__init__(asked or None)
        found: dict[str, Sequence[tuple[int | str, str]]] = {
            "project": _projects(who),
            "maker": _makers(who),
            "stage": _stages(who),
        }
        for name, choices in found.items():
            self.fields[name].choices = [("", _("Any")), *choices]  # type: ignore[attr-defined]
            if len(choices) < 2:
                del self.fields[name]

    def filters(self) -> Filters:
        """As the inbox takes them."""
        if not self.is_bound:
            return Filters()
        self.is_valid()
        return Filters(**{name: value for name, value in self.cleaned_data.items() if value})

    def scope(self) -> list[tuple[str, str]]:
        """What is set, in words: the filter and its value, empty for a tick."""
        told = []
        for field in self:
            value = self.cleaned_data.get(field.name) if self.is_bound else ""
            if value and not field.is_hidden:
                choices = dict(getattr(field.field, "choices", ()))
                told.append((str(field.label), "" if value is True else str(choices.get(value, value))))
        return told


def _projects(who: Reader) -> list[tuple[str, str]]:
    rows = Project.objects.filter(organisation__in=who.organisations).order_by("name")
    return list(rows.values_list("slug", "name"))


def _makers(who: Reader) -> list[tuple[int, str]]:
    rows = Membership.objects.filter(organisation__in=who.organisations).order_by("user__username")
    return list(rows.values_list("pk", "user__username"))


def _stages(who: Reader) -> list[tuple[str, str]]:
    rows = Stage.objects.filter(plan__project__organisation__in=who.organisations).order_by("name")
    return [(name, name) for name in rows.values_list("name", flat=True).distinct()]


def in_address(asked: QueryDict, **instead: str) -> str:
    """The filters of an address as they stand in another one, some of them changed, with the question mark."""
    found = {name: instead.get(name, asked.get(name)) for name in FilterForm.base_fields}
    kept = {name: value for name, value in found.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def filtered(reviews: QuerySet[ReviewRequest], wanted: Filters, who: Reader, *, day: date) -> QuerySet[ReviewRequest]:
    """Those of the reviews that the filters ask for on this day."""
    if wanted.shown != "all":
        reviews = reviews.filter(ended__isnull=wanted.shown != "decided")
    if wanted.due and wanted.shown == WAITING:
        reviews = reviews.filter(due_on(day)[wanted.due])
    if wanted.project:
        reviews = reviews.filter(picture__project__in=Project.objects.filter(slug=wanted.project))
    if wanted.maker:
        reviews = reviews.filter(picture__requester=wanted.maker)
    if wanted.stage:
        reviews = reviews.filter(stage__name=wanted.stage)
    if wanted.own:
        reviews = reviews.filter(stage__in=who.stages)
    if wanted.flagged:
        reviews = reviews.filter(flagged=True)
    if wanted.words:
        words = Q(purpose__icontains=wanted.words) | Q(alt_text__icontains=wanted.words)
        reviews = reviews.filter(words | Q(picture__campaign__name__icontains=wanted.words))
    return reviews


def due_on(day: date) -> dict[str, Q]:
    """What each key of `DUE` means on this day; a week is seven days from it on."""
    return {"overdue": Q(due__lt=day), "today": Q(due=day), "week": Q(due__gte=day, due__lt=day + A_WEEK)}
