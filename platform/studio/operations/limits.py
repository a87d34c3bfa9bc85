"""The page of an organisation's limits: quotas of its people, and what each project may spend and is for."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from studio.accounts.actions import set_quota
from studio.accounts.models import Quota
from studio.accounts.people import administered_organisation
from studio.catalogue.licences import Use
from studio.catalogue.models import ProjectUse
from studio.jobs.actions import spent_by_project
from studio.pages import MemberRequest, attempt
from studio.projects.actions import MOST_PICTURES, set_terms
from studio.projects.models import Project


def _most(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST_PICTURES, required=False)


class QuotaForm(forms.Form):
    """The quotas of an organisation."""

    person_day = _most(gettext_lazy("Each person, in a day"))
    person_month = _most(gettext_lazy("Each person, in a month"))
    day = _most(gettext_lazy("Everybody together, in a day"))
    month = _most(gettext_lazy("Everybody together, in a month"))


class TermsForm(forms.Form):
    """What one project may spend, and is for."""

    budget = forms.IntegerField(
        label=gettext_lazy("Pictures in all"), min_value=0, max_value=MOST_PICTURES, widget=forms.NumberInput
    )
    uses = forms.MultipleChoiceField(
        label=gettext_lazy("What are its pictures for?"), choices=Use.choices, widget=forms.CheckboxSelectMultiple
    )


@login_required
@require_http_methods(["GET", "POST"])
def limits(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Everything on one page; a form saves its own part."""
    organisation = administered_organisation(request, pk)
    projects = list(Project.objects.filter(organisation=organisation).order_by("name"))
    chosen = request.POST.get("project") if request.method == "POST" else None
    quota = Quota.objects.filter(organisation=organisation).first()
    standing = {name: getattr(quota, name, None) for name in QuotaForm.base_fields}
    saving = request.method == "POST" and chosen is None
    form = QuotaForm(request.POST if saving else None, initial=standing)
    status: int = HTTPStatus.OK
    if saving:
        status = _save(
            form,
            lambda: set_quota(actor=request.user, organisation=organisation, at=timezone.now(), **form.cleaned_data),
        )
    uses = dict(
        ProjectUse.objects.filter(project__in=[project.pk for project in projects]).values_list("project", "uses")
    )
    spent, rows = spent_by_project(projects), []
    for project in projects:
        mine = chosen == str(project.pk)
        initial = {"budget": project.budget, "uses": uses.get(project.pk, [])}
        terms = TermsForm(request.POST if mine else None, initial=initial, prefix=None, auto_id=f"id_{project.slug}_%s")
        if mine:
            status = _save(terms, lambda: _set(request, project, terms))  # noqa: B023  called before the next turn
        rows.append({"project": project, "form": terms, "spent": spent.get(project.pk, 0), "said": project.pk in uses})
    if request.method == "POST" and status == HTTPStatus.OK:
        messages.success(request, _("It holds from now on."))
        return redirect("organisation-limits", pk=pk)
    context = {"organisation": organisation, "form": form, "rows": rows}
    return render(request, "studio/limits.html", context, status=status)


def _save(form: forms.Form, verb: Callable[[], object]) -> int:
    return attempt(form, verb) if form.is_valid() else HTTPStatus.UNPROCESSABLE_ENTITY


def _set(request: MemberRequest, project: Project, form: forms.Form) -> None:
    set_terms(actor=request.user, project=project, at=timezone.now(), **form.cleaned_data)
