"""How projects are reviewed, on the desk: the plan in force, and a new one for what is submitted from then on."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from studio.accounts.models import Membership, Role
from studio.pages import MemberRequest, attempt
from studio.projects.models import Project
from studio.review.models import ReviewPlan
from studio.review.plans import LONGEST_NAME, MOST_NEEDED, MOST_STAGES, StageDraft, plan_in_force, set_plan
from studio.site import organisations_as, site


class StageForm(forms.Form):
    """One stage. A row without a name is no stage."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=LONGEST_NAME, required=False, widget=forms.TextInput({"dir": "auto"})
    )
    needed = forms.IntegerField(
        label=gettext_lazy("Approvals needed"), min_value=1, max_value=MOST_NEEDED, initial=1, required=False
    )
    deciders = forms.ModelMultipleChoiceField(
        Membership.objects.none(),
        label=gettext_lazy("Who may decide"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nobody ticked: every reviewer."),
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reviewers = Membership.objects.filter(organisation=project.organisation_id, grants__role=Role.REVIEWER)
        people = self.fields["deciders"]
        people.queryset = reviewers.select_related("user").order_by("user__username")  # type: ignore[attr-defined]
        people.label_from_instance = lambda member: member.user.get_username()  # type: ignore[attr-defined]

    def draft(self) -> StageDraft | None:
        """The stage; None for an empty row."""
        typed = self.cleaned_data
        if not typed.get("name"):
            return None
        return StageDraft(typed["name"], typed.get("needed") or 1, tuple(typed.get("deciders", ())))


@require_safe
def plans(request: MemberRequest) -> HttpResponse:
    """The projects, each with how it is reviewed."""
    organisations = organisations_as(request.user, [Role.ADMINISTRATOR, Role.REVIEWER, Role.AUDITOR])
    if not organisations.exists():
        raise PermissionDenied(_("This page is for administrators, reviewers and auditors."))
    projects = Project.objects.filter(organisation__in=organisations.values("pk")).select_related("organisation")
    newest = ReviewPlan.objects.filter(project__in=projects).prefetch_related("stages__deciders__user")
    by_project: dict[UUID, ReviewPlan] = {}
    for plan in newest:
        by_project.setdefault(plan.project_id, plan)
    mine = set(organisations_as(request.user, [Role.ADMINISTRATOR]).values_list("pk", flat=True))
    rows = [
        (project, by_project.get(project.pk), project.organisation_id in mine) for project in projects.order_by("name")
    ]
    return _page(request, "admin/desk/plans.html", {"title": _("Stages of review"), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One project's plan, and a new version of it."""
    own = organisations_as(request.user, [Role.ADMINISTRATOR]).values("pk")
    project = get_object_or_404(Project.objects.select_related("organisation"), pk=pk, organisation__in=own)
    rows = _rows(request, project)
    outer = forms.Form(request.POST or None)
    if request.method != "POST":
        return _show(request, project, rows, outer, HTTPStatus.OK)
    valid = [row.is_valid() for row in rows]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if all(valid) and outer.is_valid():
        stages = [draft for row in rows if (draft := row.draft())]
        status = attempt(outer, lambda: set_plan(actor=request.user, project=project, stages=stages, at=timezone.now()))
    if status != HTTPStatus.OK:
        return _show(request, project, rows, outer, status)
    messages.success(request, _("It holds for what is submitted from now on."))
    return redirect("admin:review-plan", project.pk)


def _rows(request: MemberRequest, project: Project) -> list[StageForm]:
    """A row for each stage there is, and empty ones up to the most there may be."""
    if request.method == "POST":
        return [StageForm(request.POST, project=project, prefix=f"stage-{n}") for n in range(MOST_STAGES)]
    stages = list(plan_in_force(project, at=timezone.now()).stages.prefetch_related("deciders"))
    filled = [
        {"name": stage.name, "needed": stage.needed, "deciders": [member.pk for member in stage.deciders.all()]}
        for stage in stages
    ]
    rows = filled + [{}] * (MOST_STAGES - len(filled))
    return [StageForm(initial=row, project=project, prefix=f"stage-{n}") for n, row in enumerate(rows)]


def _show(
    request: MemberRequest, project: Project, rows: list[StageForm], form: forms.Form, status: int
) -> HttpResponse:
    filled = [bool(row["name"].value()) or bool(row.errors) for row in rows]
    context = {
        "title": _("Stages of review"),
        "project": project,
        "rows": [(row, shown or place == 0) for place, (row, shown) in enumerate(zip(rows, filled, strict=True))],
        "form": form,
        "history": ReviewPlan.objects.filter(project=project).select_related("author").prefetch_related("stages")[:20],
    }
    return _page(request, "admin/desk/plan.html", context, status)


def _page(request: MemberRequest, template: str, context: dict[str, Any], status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, template, site.each_context(request) | context, status=status)


urlpatterns = [
    path("desk/stages/", site.admin_view(plans), name="review-plans"),
    path("desk/stages/<uuid:pk>/", site.admin_view(plan), name="review-plan"),
]
