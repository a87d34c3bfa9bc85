"""Which pictures a gallery shows and in what order: newest first, narrowed by a form, leaf by leaf.

- Nothing is shown that `Picture.objects.visible_to` would not show; the form narrows, it never widens.
- A leaf is found by the moment and key of the last picture seen, so it costs the same however many there are.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation, User
from studio.catalogue.models import Model
from studio.jobs.models import FACETS, Picture, Star
from studio.jobs.states import VISIBLE, PictureState
from studio.leaves import Leaf, leaf
from studio.projects.models import Campaign, Project

A_LEAF = 24
# What a card tells; recipes and sealed words stay where they are.
TOLD = ("index", "state", "width", "height", "created", "flagged", "job__submitted", "job__campaign__name")
# Which field of the form asks for which facet, the narrowest first.
FIELDS = {name: "maker" if name == "requester" else name for name in FACETS}


class GalleryForm(forms.Form):
    """What a gallery is narrowed to; everything may be left out."""

    state = forms.ChoiceField(label=_("Status"), required=False)
    project = forms.ModelChoiceField(Project.objects.none(), label=_("Project"), required=False)
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), required=False)
    maker = forms.ModelChoiceField(Membership.objects.none(), label=_("Made by"), required=False)
    model = forms.ModelChoiceField(Model.objects.none(), label=_("Model"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))
    starred = forms.BooleanField(label=_("Only those I starred"), required=False)
    flagged = forms.BooleanField(label=_("Only those a screen noted"), required=False)

    def __init__(self, asked: QueryDict, *, organisation: Organisation) -> None:
        super().__init__(asked)
        states = [(state.value, state.label) for state in PictureState if state in VISIBLE]
        rows: dict[str, QuerySet[Any]] = {
            "project": organisation.projects.order_by("name"),
            "campaign": Campaign.objects.filter(project__organisation=organisation).order_by("name"),
            "maker": organisation.memberships.select_related("user").order_by("user__username"),
            "model": Model.objects.filter(organisation=organisation).order_by("title", "-registered"),
        }
        self.fields["state"].choices = [("", _("Any")), *states]  # type: ignore[attr-defined]
        for name, found in rows.items():
            self.fields[name].queryset = found  # type: ignore[attr-defined]
            self.fields[name].empty_label = _("Any")  # type: ignore[attr-defined]
        self.fields["maker"].label_from_instance = lambda member: str(member.user)  # type: ignore[attr-defined]
        self.fields["model"].label_from_instance = lambda model: model.title  # type: ignore[attr-defined]

    def clean(self) -> None:
        """A span of days has a beginning before its end."""
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since > until:
            self.add_error("until", _("It lies before the first day; choose a later one."))

    def narrow(self, pictures: "QuerySet[Picture]", user: User) -> "QuerySet[Picture]":
        """Those of `pictures` that are asked for; a field that has to be mended narrows nothing."""
        wanted = self.cleaned_data
        if wanted.get("state"):
            pictures = pictures.filter(state=wanted["state"])
        chosen = {name: wanted[field] for name, field in FIELDS.items() if wanted.get(field)}
        # The narrowest is found in its index. The others are looked for in the request: SQLite keeps no statistics, and
        # of two indexes it may take the wrong one.
        for place, (name, value) in enumerate(chosen.items()):
            pictures = pictures.filter(**{f"job__{name}" if place else name: value})
        if wanted.get("since"):
            pictures = pictures.filter(created__gte=_midnight(wanted["since"]))
        if wanted.get("until"):
            pictures = pictures.filter(created__lt=_midnight(wanted["until"] + timedelta(days=1)))
        if wanted.get("starred"):
            # From the few that are starred to their pictures, never the other way round.
            pictures = pictures.filter(pk__in=list(Star.objects.filter(user=user).values_list("picture", flat=True)))
        return pictures.filter(flagged=True) if wanted.get("flagged") else pictures

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return any(self.cleaned_data.values())


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def pictures_of(user: User, organisation: Organisation) -> "QuerySet[Picture]":
    """All that `user` may see of one organisation's pictures."""
    return Picture.objects.visible_to(user).filter(organisation=organisation)


def leaf_of(pictures: "QuerySet[Picture]", user: User, cursor: str) -> Leaf[Picture]:
    """One leaf of cards, newest first; a cursor that is none of ours begins at the beginning."""
    rows = pictures.select_related("job__campaign").only(*TOLD).prefetch_related("review_requests")
    try:
        found = leaf(rows, moment="created", cursor=cursor, limit=A_LEAF)
    except ValidationError:
        found = leaf(rows, moment="created", cursor=None, limit=A_LEAF)
    mark(found.rows, user)
    return found


def mark(pictures: Iterable[Picture], user: User) -> None:
    """Say of each picture whether `user` starred it, and how its maker last described it."""
    shown = list(pictures)
    starred = set(Star.objects.filter(user=user, picture__in=shown).values_list("picture", flat=True))
    for picture in shown:
        asked = sorted(picture.review_requests.all(), key=lambda one: one.at)
        picture.starred = picture.pk in starred  # type: ignore[attr-defined]
        picture.described = asked[-1].alt_text if asked else ""  # type: ignore[attr-defined]
