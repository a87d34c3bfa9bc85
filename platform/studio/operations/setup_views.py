"""The pages of the first steps: what each does and why, one form at a time, and where the waiting is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from studio import pipeline
from studio.accounts.models import Organisation, slug
from studio.catalogue.licences import Use, forbidden
from studio.catalogue.models import Model
from studio.jobs.models import Job
from studio.jobs.states import JOB_ENDS, JobState, PictureState
from studio.operations import first_steps as steps
from studio.operations.models import Setup
from studio.pages import MemberRequest, attempt
from studio.projects.models import Project

PROMPT = "woman farmer, green background"
ENDED_WITHOUT = JOB_ENDS - {JobState.DONE}


class OperatorForm(forms.Form):
    """The first account."""

    username = forms.CharField(
        label=gettext_lazy("Username"), max_length=150, widget=forms.TextInput({"autocomplete": "username"})
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=forms.EmailInput({"autocomplete": "email"}))
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 12 characters; several words are easiest to keep."),
    )


class OrganisationForm(forms.Form):
    """Who publishes."""

    name = forms.CharField(
        label=gettext_lazy("Its name"), max_length=120, help_text=gettext_lazy("It stands in every signed picture.")
    )
    slug = forms.CharField(
        label=gettext_lazy("A short name"),
        max_length=40,
        validators=[slug],
        help_text=gettext_lazy("For addresses and its ledger, like “water-aid”. It never changes."),
    )


class UsesForm(forms.Form):
    """What the model is approved for."""

    uses = forms.MultipleChoiceField(
        label=gettext_lazy("For which uses?"),
        choices=Use.choices,
        initial=[Use.CHARITABLE],
        widget=forms.CheckboxSelectMultiple,
    )


class PolicyForm(UsesForm):
    """A project, and the policy to begin with."""

    project = forms.CharField(label=gettext_lazy("A first project"), max_length=120)
    sector = forms.ChoiceField(
        label=gettext_lazy("What does the organisation do?"),
        choices=[(key, key.capitalize()) for key in pipeline.SECTORS],
    )
    field_order = ("project", "sector", "uses")


class PromptForm(forms.Form):
    """The first picture."""

    prompt = forms.CharField(label=gettext_lazy("What should it show?"), initial=PROMPT, max_length=300)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the first steps stand: `at` is the one that is next, `waiting` that a worker has to do something first."""

    at: str
    waiting: bool = False
    job: Job | None = None
    picture: Any = None


ORDER = ("organisation", "keys", "model", "policy", "approval", "picture", "release", "finish")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """The first account, for whoever holds the link. Its secret is no part of the path, which logs have."""
    setup = steps.find_setup(request.GET.get("key", ""))
    if setup is None:
        return render(request, "studio/setup_closed.html", status=HTTPStatus.GONE)
    form = OperatorForm(request.POST if request.method == "POST" else None)
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    if form.is_valid():
        try:
            status = attempt(form, lambda: steps.become_operator(setup=setup, at=timezone.now(), **form.cleaned_data))
        except steps.SetupClosedError:
            return render(request, "studio/setup_closed.html", status=HTTPStatus.GONE)
        if status == HTTPStatus.OK:
            messages.success(request, _("Your account is made. Sign in with it; then it goes on."))
            return redirect(f"{reverse('account_login')}?next={reverse('setup')}")
    return render(request, "studio/setup_begin.html", {"form": form}, status=status)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: MemberRequest) -> HttpResponse:
    """All steps, with the form of the one that is next."""
    if not request.user.is_superuser:
        raise PermissionDenied(_("The first steps are the operator's."))
    found = Setup.objects.select_related("organisation", "draft", "helper", "job").order_by("-made").first()
    if found is None or found.finished:
        return render(request, "studio/setup_closed.html", {"done": bool(found)})
    standing = _standing(found)
    kind = FORMS.get(standing.at, forms.Form)
    form = kind(request.POST if request.method == "POST" else None)
    status: int = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    # A form of a step that is done by now (a second click, the page of yesterday) changes nothing.
    if form.is_bound and request.POST.get("step") != standing.at:
        return redirect("setup")
    if form.is_valid():
        status = attempt(form, lambda: _do(request, found, standing, form))
        if status == HTTPStatus.OK:
            # Who gets roles signs in anew, but for the one who gave them to themselves here.
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)
            return redirect("setup")
    context = {
        "setup": found,
        "standing": standing,
        "done": ORDER[: ORDER.index(standing.at)],
        "form": form,
        **_shown(found, standing),
    }
    return render(request, "studio/setup.html", context, status=status)


def _standing(setup: Setup) -> Standing:
    organisation = setup.organisation
    if organisation is None:
        return Standing("organisation")
    if not pipeline.trust_folder(organisation.slug).exists():
        return Standing("keys", waiting=setup.keys_wanted)
    if not Model.objects.filter(organisation=organisation, state=Model.State.APPROVED).exists():
        return Standing("model")
    if setup.draft is None:
        return Standing("policy")
    project = Project.objects.filter(organisation=organisation).first()
    if project is None or not project.policies.exists():
        return Standing("approval")
    return _of_the_picture(setup)


def _of_the_picture(setup: Setup) -> Standing:
    job, picture = setup.job, steps.picture_of(setup)
    if job is None or (picture is None and (job.state in ENDED_WITHOUT or _nothing_left(job))):
        return Standing("picture", job=job)
    if picture is None:
        return Standing("release", waiting=True, job=job)
    if picture.state == PictureState.RELEASED:
        return Standing("finish", job=job, picture=picture)
    asked = hasattr(picture, "release")
    return Standing("release", waiting=asked, job=job, picture=picture)


def _nothing_left(job: Job) -> bool:
    """Whether a request has ended and no picture of it can come any more."""
    return job.state == JobState.DONE and not job.pictures.exclude(state=PictureState.DISCARDED).exists()


def _do(request: MemberRequest, setup: Setup, standing: Standing, form: forms.Form) -> object:
    by: dict[str, Any] = {"actor": request.user, "at": timezone.now()}
    organisation = setup.organisation
    if organisation is None:
        return steps.found(setup=setup, **by, **form.cleaned_data)
    here: dict[str, Any] = {"setup": setup, "organisation": organisation}
    verbs: dict[str, Callable[[], object]] = {
        "keys": lambda: steps.want_keys(setup=setup, **by),
        "model": lambda: steps.take_model(organisation=organisation, uses=form.cleaned_data["uses"], **by),
        "policy": lambda: steps.write_policy(**here, **by, **form.cleaned_data),
        "approval": lambda: steps.let_policy_be_approved(**here, **by),
        "picture": lambda: steps.ask_picture(
            setup=setup,
            project=Project.objects.filter(organisation=organisation).earliest("created"),
            prompt=form.cleaned_data["prompt"],
            **by,
        ),
        "release": lambda: steps.let_picture_be_approved(**here, **by),
        "finish": lambda: steps.finish(setup=setup, **by),
    }
    return verbs[standing.at]()


FORMS: dict[str, type[forms.Form]] = {
    "organisation": OrganisationForm,
    "model": UsesForm,
    "policy": PolicyForm,
    "picture": PromptForm,
}


def _shown(setup: Setup, standing: Standing) -> dict[str, Any]:
    """What the page of a step tells besides."""
    organisation: Organisation | None = setup.organisation
    if standing.at == "keys" and organisation:
        return {"folder": pipeline.trust_folder(organisation.slug), "log": organisation.log, "clock": settings.TSA_URL}
    if standing.at == "model":
        facts = pipeline.describe_model(pipeline.starter_folder(), slug=pipeline.starter_slug())
        return {"model": facts, "clauses": forbidden([facts["licence"]], Use.values)}
    return {}
