"""The models of a person's organisations, and a custodian's decisions about them.

A model's own page is shown by the app above that knows its pictures (jobs.galleries).
"""

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from studio.catalogue.actions import approve_model, withdraw_model
from studio.catalogue.forms import ApproveForm, WithdrawForm
from studio.catalogue.licence_gate import clauses
from studio.catalogue.models import Lesson, Model
from studio.catalogue.reading import find_model, keeps, teachable
from studio.pages import MemberRequest, attempt

LESSONS_SHOWN = 10


@login_required
@require_safe
def models(request: MemberRequest) -> HttpResponse:
    """Every model of the person's organisations, and what is being taught."""
    found = Model.objects.for_actor(request.user).select_related("organisation", "approved_by", "parent")
    listed = list(found.order_by("organisation__name", "title", "-registered"))
    for model in listed:
        model.may_teach = keeps(request, model) and teachable(model)  # type: ignore[attr-defined]
    lessons = Lesson.objects.for_actor(request.user).select_related("parent", "custodian__user", "model")
    context = {
        "models": listed,
        "lessons": lessons.order_by("-asked")[:LESSONS_SHOWN],
        "several": len({model.organisation_id for model in listed}) > 1,
    }
    return render(request, "studio/models.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def approve(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Approve a model for stated purposes, with its licence and its data in view."""
    model = find_model(request, pk)
    form = ApproveForm(request.POST or None)

    def verb() -> None:
        approve_model(actor=request.user, model=model, at=timezone.now(), **form.cleaned_data)

    return _decide(request, model, form, verb, _("%(title)s may be used now.") % {"title": model.title})


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Withdraw a model, with a reason."""
    model = find_model(request, pk)
    form = WithdrawForm(request.POST or None)

    def verb() -> None:
        withdraw_model(actor=request.user, model=model, at=timezone.now(), reason=form.cleaned_data["reason"])

    return _decide(
        request,
        model,
        form,
        verb,
        _("%(title)s is withdrawn. Nobody can ask it for pictures any more.") % {"title": model.title},
    )


def _decide(
    request: MemberRequest, model: Model, form: forms.Form, verb: Callable[[], None], said: str
) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        status = attempt(form, verb)
        if status == HTTPStatus.OK:
            messages.success(request, said)
            return redirect("model", pk=model.pk)
    approving = isinstance(form, ApproveForm)
    open_for = Model.State.UNAPPROVED if approving else Model.State.APPROVED
    context = {
        "model": model,
        "form": form,
        "approving": approving,
        "may_decide": keeps(request, model) and model.state == open_for,
        "clauses": clauses(model) if approving else [],
        "licences": model.materials.order_by().values_list("licence").annotate(n=Count("pk")).order_by("licence"),
    }
    return render(request, "studio/decide_model.html", context, status=status)
