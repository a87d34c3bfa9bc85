"""Teaching a model: the form, and one lesson while it is worked on."""

from http import HTTPStatus
from pathlib import Path
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import pipeline
from studio.catalogue import teaching
from studio.catalogue.forms import TeachForm
from studio.catalogue.models import Lesson, Model
from studio.catalogue.reading import find_lesson, find_model, keeps, teachable
from studio.catalogue.states import LESSON_ENDS, LessonState
from studio.pages import MemberRequest, attempt


@login_required
@require_http_methods(["GET", "POST"])
def teach(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for a lesson. What was typed stays in the form until it is accepted."""
    parent = find_model(request, pk)
    languages = pipeline.spoken_languages(Path(parent.folder))
    if request.method == "GET":
        return _form(request, parent, TeachForm(languages=languages), HTTPStatus.OK)
    form = TeachForm(request.POST, request.FILES, languages=languages)
    if not form.is_valid():
        return _form(request, parent, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    accepted: list[Lesson] = []
    status = attempt(form, lambda: accepted.append(_teach(request, parent, form)))
    if not accepted:
        return _form(request, parent, form, status)
    return redirect("lesson", pk=accepted[0].pk)


def _teach(request: MemberRequest, parent: Model, form: TeachForm) -> Lesson:
    return teaching.teach(
        actor=request.user,
        parent=parent,
        concept=form.cleaned_data["concept"],
        words=form.spoken(),
        handed=form.handed(),
        answers=form.answers(),
        steps=form.cleaned_data["steps"],
        at=timezone.now(),
    )


def _form(request: MemberRequest, parent: Model, form: TeachForm, status: int) -> HttpResponse:
    context = {"parent": parent, "form": form, "may_teach": keeps(request, parent), "teachable": teachable(parent)}
    return render(request, "studio/teach.html", context, status=status)


@login_required
@require_safe
def lesson(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One lesson: where it stands, why, what it is taught from, and what came of it."""
    return _lesson(request, find_lesson(request, pk), forms.Form(), HTTPStatus.OK)


def _lesson(request: MemberRequest, lesson: Lesson, form: forms.Form, status: int) -> HttpResponse:
    return render(request, "studio/lesson.html", _standing(request, lesson) | {"form": form}, status=status)


def _standing(request: MemberRequest, lesson: Lesson) -> dict[str, object]:
    lesson.refresh_from_db(fields=["state", "step", "cancel_requested"])
    waiting = lesson.state == LessonState.WAITING
    ahead = Lesson.objects.filter(state=LessonState.WAITING, asked__lt=lesson.asked).count() if waiting else 0
    return {
        "lesson": lesson,
        "moving": lesson.state not in LESSON_ENDS,
        "ahead": ahead,
        "may_cancel": lesson.state not in LESSON_ENDS and keeps(request, lesson.parent),
        "may_decide": keeps(request, lesson.parent),
        "minutes": None if lesson.left_s is None else round(lesson.left_s / 60),
        "mark": f"{lesson.state}-{lesson.step}-{ahead}-{lesson.cancel_requested:d}",
    }


@login_required
@require_safe
@never_cache
def progress(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The part of the lesson's page that moves; 204 while it looks as it did, so that nothing on the page jumps."""
    context = _standing(request, find_lesson(request, pk))
    if request.GET.get("mark") == context["mark"]:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "studio/parts/lesson_standing.html", context)


@login_required
@require_POST
def cancel(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Stop a lesson."""
    lesson = find_lesson(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    status = attempt(form, lambda: teaching.cancel(actor=request.user, lesson=lesson, at=timezone.now()))
    if status != HTTPStatus.OK:
        return _lesson(request, lesson, form, status)
    messages.info(request, _("The lesson is being cancelled. Nothing of it is kept but this page."))
    return redirect("lesson", pk=lesson.pk)
