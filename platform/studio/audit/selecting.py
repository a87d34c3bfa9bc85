"""What a register's filter selects: a form's values, the same as plain words for a report, and the rows they mean.

A scope is a JSON object of text values; an absent key filters nothing. The last entry of a selection is fixed by
whoever keeps it, so that a report of a growing log does not grow while it is written.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation
from studio.audit.models import Recorded, Report
from studio.catalogue.models import Model
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState
from studio.projects.models import Campaign, PolicyVersion, Project
from studio.wording import part

KINDS = {
    "picture": _("Picture recorded"),
    "decision": _("Decision"),
    "release": _("Release"),
    "rendition": _("Rendition"),
    "withdrawal": _("Withdrawal"),
    "block": _("Request blocked"),
    "closure": _("Request or picture ended"),
    "policy": _("Policy version"),
    "model": _("Model decision"),
    "key": _("Signing key"),
    "reference": _("Protected picture"),
    "report": _("Report taken out"),
    "erasure": _("Erasure"),
    "access": _("Access by the operator"),
}
OUTCOMES = {
    "APPROVED": _("Approved by a reviewer"),
    "REJECTED": _("Rejected by a reviewer"),
    "CHANGES_REQUESTED": _("Changes requested"),
    "let through": _("Held, then let through"),
    "refused": _("Held, then refused"),
    "BLOCKED": _("Blocked by the policy"),
    "DISCARDED": _("Discarded, never shown"),
    "FAILED": _("Failed"),
    "LOST": _("Lost by its worker"),
    "CANCELLED": _("Cancelled"),
    "approved": _("Model approved"),
    "withdrawn": _("Model withdrawn"),
    "in use": _("Key in use"),
    "revoked": _("Key revoked"),
    **dict(Report.Form.choices),
}
PLAIN = ("kind", "project", "campaign", "model", "policy", "maker", "outcome")
# Of few pictures all entries are looked up; for many, the newest entries are looked through.
FEW = 2000
_DIGEST = re.compile(r"[0-9a-f]{64}")


class RegisterForm(forms.Form):
    """The filters of the register of one organisation."""

    find = forms.CharField(
        label=_("Record, entry or file"), required=False, max_length=80, help_text=_("An id, or a file’s SHA-256.")
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("Where the picture stands"), required=False)
    outcome = forms.ChoiceField(label=_("Verdict"), required=False)
    project = forms.ChoiceField(label=_("Project"), required=False)
    campaign = forms.ChoiceField(label=_("Campaign"), required=False)
    model = forms.ChoiceField(label=_("Model"), required=False)
    policy = forms.ChoiceField(label=_("Policy version"), required=False)
    maker = forms.ChoiceField(label=_("Creator, by role id"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}))

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names_in(organisation)
        self._offer("kind", KINDS)
        self._offer("outcome", OUTCOMES)
        self._offer("state", dict(PictureState.choices))
        for field, choices in self.names.items():
            self._offer(field, choices)

    def _offer(self, field: str, choices: Mapping[str, Any]) -> None:
        self.fields[field].choices = [("", _("All")), *choices.items()]  # type: ignore[attr-defined]

    def clean_find(self) -> str:
        """An id or a digest, in its usual form."""
        given = self.cleaned_data["find"].strip().lower().removeprefix("urn:uuid:")
        if not given or _DIGEST.fullmatch(given):
            return str(given)
        try:
            return str(UUID(given))
        except ValueError as error:
            raise forms.ValidationError(_("Neither an id nor a SHA-256; copy one whole.")) from error

    def clean(self) -> dict[str, Any]:
        """The first day is no later than the last."""
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", _("It lies before the first day."))
        return cleaned

    def scope(self) -> dict[str, str]:
        """What is selected; what does not hold is left out."""
        self.is_valid()
        return {name: str(value) for name, value in getattr(self, "cleaned_data", {}).items() if value}


def names_in(organisation: Organisation) -> dict[str, dict[str, str]]:
    """What ids and digests are called: by field, then by value."""
    projects = Project.objects.filter(organisation=organisation).order_by("name")
    campaigns = Campaign.objects.filter(project__organisation=organisation).order_by("-created")
    models = Model.objects.filter(organisation=organisation).order_by("title", "-registered")
    policies = PolicyVersion.objects.filter(organisation=organisation).select_related("project", "organisation")
    # Where a project has its organisation's policy word for word, what was made there was made under the project's.
    policies = policies.defer("own", "document", "examples").order_by(F("project").asc(nulls_first=True), "number")
    makers = Membership.objects.filter(Exists(Job.objects.filter(requester=OuterRef("pk"))), organisation=organisation)
    return {
        "project": {str(one.pk): one.name for one in projects},
        "campaign": {str(one.pk): one.name for one in campaigns},
        "model": {one.digest: f"{one.title}, {one.revision}" for one in models},
        "policy": {one.digest: f"{one.project or one.organisation}, {one.number}" for one in policies},
        "maker": {str(one.pseudonym): role_id("creator", one.pseudonym) for one in makers},
    }


def role_id(role: str, pseudonym: object) -> str:
    """Somebody by what they were, not by who they are."""
    return f"{part(role)} {str(pseudonym)[:8]}"


def select(organisation: Organisation, scope: Mapping[str, str]) -> QuerySet[Recorded]:
    """The entries of a scope, newest first."""
    everything = Recorded.objects.filter(organisation=organisation)
    rows = everything.filter(**{name: scope[name] for name in PLAIN if scope.get(name)})
    if scope.get("since") or scope.get("until"):
        rows = rows.filter(_within(everything, scope))
    if state := scope.get("state"):
        rows = rows.filter(_standing(everything, organisation, state))
    if found := scope.get("find"):
        rows = rows.filter(_about(everything, found))
    return rows


def _within(everything: QuerySet[Recorded], scope: Mapping[str, str]) -> Q:
    """Entries of some days, and the places that these lie between.

    Time follows the order of the log nearly, not exactly. The two places are read from the index of times; a page is
    then found by its place, as always.
    """
    days = Q()
    if since := parse_date(scope.get("since", "")):
        days &= Q(at__gte=since.isoformat())
    if until := parse_date(scope.get("until", "")):
        days &= Q(at__lt=(until + timedelta(days=1)).isoformat())
    # Bare, PostgreSQL would go through the log from its ends to find them.
    place = F("sequence") + 0
    ends = everything.filter(days).aggregate(first=Min(place), last=Max(place))
    return days & Q(sequence__gte=ends["first"] or 0, sequence__lte=-1 if ends["last"] is None else ends["last"])


def _standing(everything: QuerySet[Recorded], organisation: Organisation, state: str) -> Q:
    """Entries about pictures that stand there now."""
    pictures = Picture.objects.filter(organisation=organisation, state=state)
    few = list(pictures.order_by().values_list("pk", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return Q(sequence__in=list(everything.filter(picture__in=few).order_by().values_list("sequence", flat=True)))
    return Q(Exists(pictures.filter(pk=OuterRef("picture"))))


def _about(everything: QuerySet[Recorded], found: str) -> Q:
    """Entries with this id, about this record, about this file, or with this model or policy.

    It is one of them: asked for in turn, each is found by its index.
    """
    *names, last = ("asset", "model", "policy") if _DIGEST.fullmatch(found) else ("picture", "entry")
    return next((Q((name, found)) for name in names if everything.filter((name, found)).exists()), Q((last, found)))


def in_words(scope: Mapping[str, str], names: Mapping[str, Mapping[str, str]]) -> list[tuple[str, str]]:
    """A scope as pairs of what is filtered and by what, for people."""
    said: dict[str, Mapping[str, Any]] = {
        "kind": KINDS, "outcome": OUTCOMES, "state": dict(PictureState.choices), **names
    }  # fmt: skip
    fields = RegisterForm.base_fields
    return [
        (str(fields[name].label), str(said.get(name, {}).get(value, value)))
        for name, value in scope.items()
        if name in fields
    ]
