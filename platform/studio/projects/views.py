"""Opening a campaign, and the language of a label. What projects and campaigns hold, the apps above this one show."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from studio.pages import MemberRequest, attempt
from studio.projects import actions
from studio.projects.actions import open_campaign
from studio.projects.forms import CampaignForm, LabelForm
from studio.projects.models import Campaign, Project


@login_required
@require_http_methods(["GET", "POST"])
def new_campaign(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The form, and the campaign it makes."""
    project = get_object_or_404(Project.objects.for_actor(request.user).select_related("organisation"), pk=pk)
    form = CampaignForm(request.POST or None)
    opened: list[Campaign] = []
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        status = attempt(form, lambda: opened.append(_open(request, project, form)))
    if opened:
        return redirect("campaign", pk=opened[0].pk)
    return render(request, "studio/new_campaign.html", {"project": project, "form": form}, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def label_language(request: MemberRequest, pk: UUID) -> HttpResponse:
    """In which language the project's pictures say what they are."""
    project = get_object_or_404(Project.objects.for_actor(request.user).select_related("organisation"), pk=pk)
    form = LabelForm(request.POST or None, initial={"language": project.label_language})
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        status = attempt(form, lambda: _choose(request, project, form))
        if status == HTTPStatus.OK:
            messages.success(request, _("New pictures of this project carry their label in that language from now on."))
            return redirect("project", pk=project.pk)
    return render(request, "studio/label.html", {"project": project, "form": form}, status=status)


def _choose(request: MemberRequest, project: Project, form: LabelForm) -> None:
    actions.choose_label_language(actor=request.user, project=project, at=timezone.now(), **form.cleaned_data)


def _open(request: MemberRequest, project: Project, form: CampaignForm) -> Campaign:
    return open_campaign(actor=request.user, project=project, at=timezone.now(), **form.words(project))
