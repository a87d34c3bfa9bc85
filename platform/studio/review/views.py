"""One picture: what it is, how it came to be, what was decided about it, its files, and what its maker can do next."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import PurePath
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from studio import blobs, pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import roles_of
from studio.jobs import process
from studio.jobs.models import Picture, Screening
from studio.jobs.reading import readable_words
from studio.jobs.states import SUBMITTABLE, PictureState
from studio.pages import MemberRequest, attempt
from studio.review import actions, describing
from studio.review.captions import caption_of
from studio.review.commenting import comments_on
from studio.review.delivered import delivered
from studio.review.forms import SubmitForm, WithdrawForm
from studio.review.models import Release, Rendition, ReviewRequest
from studio.review.related import related_to
from studio.trail.models import AuditRow

SENT_BEFORE = gettext_lazy(
    "Nothing was submitted again: this form was sent before, or somebody submitted the picture meanwhile. You now see "
    "where it stands, and what you wrote is kept below."
)
A_YEAR = 365 * 24 * 3600
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp", "image/avif": ".avif"}
JOINED = ("job__project__organisation", "job__campaign", "job__model", "job__policy", "job__requester__user")


def visible_picture(request: MemberRequest, pk: UUID) -> Picture:
    """A picture whose file the person may see, or 404."""
    return get_object_or_404(Picture.objects.visible_to(request.user).select_related(*JOINED), pk=pk)


@login_required
@require_safe
def picture(request: MemberRequest, pk: UUID, tab: str = "recipe") -> HttpResponse:
    """The picture page, open at one of its tabs: each has an address of its own."""
    return show(request, visible_picture(request, pk))


def show(request: MemberRequest, picture: Picture, *, status: int = HTTPStatus.OK, **bound: forms.Form) -> HttpResponse:
    """The page as it stands, with what a form of it was refused for."""
    tab = request.resolver_match.kwargs.get("tab", "recipe") if request.resolver_match else "recipe"
    picture.refresh_from_db(fields=["state", "waiting"])
    roles = roles_of(request.user, picture.job.project.organisation)
    context = {
        "picture": picture,
        "job": picture.job,
        "roles": roles,
        "typed": readable_words(request, picture.job, roles=roles),
        "review": picture.review_requests.select_related("maker", "stage").order_by("-at").first(),
        "decision": picture.decisions.select_related("reviewer", "invitation__outsider").order_by("-at").first(),
        "release": Release.objects.filter(picture=picture).first(),
        "withdrawal": getattr(picture, "withdrawal", None),
        "delivery": delivered(request.user, picture),
        "comments": comments_on(picture),
        "caption": caption_of(picture),
        "tab": tab,
        **ABOUT[tab](request, picture),
        "forms": _forms(picture, roles) | bound,
        "faults": [str(fault) for form in bound.values() for fault in form.non_field_errors()],
    }
    return render(request, "studio/picture.html", context, status=status)


def _recipe(request: MemberRequest, picture: Picture) -> dict[str, Any]:
    return {
        "recipe": json.dumps(picture.recipe, indent=2, ensure_ascii=False, sort_keys=True),
        "process": process.shown(picture),
        "data": data_of(picture),
    }


# What each tab shows beside what the page always does.
ABOUT: Mapping[str, Callable[[MemberRequest, Picture], dict[str, Any]]] = {
    "recipe": _recipe,
    "provenance": lambda request, picture: {},
    "files": lambda request, picture: {},
    "moderation": lambda request, picture: {"screenings": [*picture_screenings(picture), *describing.about(picture)]},
    "history": lambda request, picture: {"history": history(picture)},
    "related": lambda request, picture: {"related": related_to(request.user, picture)},
}


def _forms(picture: Picture, roles: frozenset[str]) -> dict[str, forms.Form]:
    """What this person can do with the picture now; the actions judge again."""
    offered: dict[str, forms.Form] = {}
    if picture.state in SUBMITTABLE and Role.CREATOR in roles:
        offered["submit"] = SubmitForm(picture=picture)
    if picture.state == PictureState.APPROVED and roles & {Role.REVIEWER, Role.ADMINISTRATOR, Role.CREATOR}:
        offered["release"] = forms.Form()
    if picture.state == PictureState.RELEASED and roles & {Role.REVIEWER, Role.ADMINISTRATOR}:
        offered["withdraw"] = WithdrawForm()
    return offered


def picture_screenings(picture: Picture) -> QuerySet[Screening]:
    """What the screens decided about its words and about the picture itself, in that order."""
    return picture.job.screenings.filter(Q(picture=None) | Q(picture=picture)).order_by("at")


def data_of(picture: Picture) -> dict[str, object]:
    """What taught the model that made it, and the models before that one, in numbers and licences."""
    of_a_package = Q(sha256="")
    counts = picture.materials.aggregate(
        pictures=Count("pk", filter=~of_a_package), packages=Count("pk", filter=of_a_package)
    )
    licences = picture.materials.order_by("licence").values_list("licence", flat=True).distinct()
    return {**counts, "licences": list(licences)} if any(counts.values()) else {}


def history(picture: Picture) -> QuerySet[AuditRow]:
    """Everything that was done to the picture or its request, oldest first."""
    about = Q(object_kind="picture", object_id=str(picture.pk)) | Q(object_kind="job", object_id=str(picture.job_id))
    return AuditRow.objects.filter(about).select_related("actor").order_by("at", "pk")


@login_required
@require_safe
def caption(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The description and the caption as a text file, to lie beside the picture wherever it goes."""
    found = visible_picture(request, pk)
    headers = {"Content-Disposition": f'attachment; filename="{pk}.txt"'}
    return HttpResponse(caption_of(found).text, content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
def picture_file(request: MemberRequest, pk: UUID, kind: str) -> HttpResponse:
    """The one road to a file: the signed one and the strip of its making for members, the released one for all."""
    sha256, media_type = FILES[kind](request, pk)
    return send_file(f"{pk}-{kind}", sha256, media_type, download="download" in request.GET)


def send_file(name: str, sha256: str, media_type: str, *, download: bool) -> HttpResponse:
    """A stored file under a name of ours, for private caches alone; 404 when it is missing or was altered."""
    try:
        data = blobs.get(sha256)
    except blobs.BlobError as error:
        raise Http404(_("The file is missing or was altered; an administrator has to look.")) from error
    suffix = SUFFIXES.get(media_type, PurePath(media_type).name)
    manner = "attachment" if download else "inline"
    headers = {
        "Content-Disposition": f'{manner}; filename="{name}{suffix}"',
        "X-Content-Type-Options": "nosniff",
        "ETag": f'"{sha256}"',
    }
    response = HttpResponse(data, content_type=media_type, headers=headers)
    # A digest's bytes never change, but a withdrawn or hidden picture must not stay in a shared cache.
    patch_cache_control(response, private=True, max_age=A_YEAR, immutable=True)
    return response


def _signed(request: MemberRequest, pk: UUID) -> tuple[str, str]:
    picture = get_object_or_404(Picture.objects.visible_to(request.user), pk=pk)
    return picture.sha256, picture.media_type


def _released(request: MemberRequest, pk: UUID) -> tuple[str, str]:
    """A withdrawn file is handed out to members only: strangers who have it can still check it."""
    pictures = Picture.objects.select_related("release")
    picture = pictures.public().filter(pk=pk, state=PictureState.RELEASED).first()
    if picture is None:
        picture = get_object_or_404(pictures.visible_to(request.user), pk=pk, state=PictureState.WITHDRAWN)
    return picture.release.sha256, picture.release.media_type


def _process(request: MemberRequest, pk: UUID) -> tuple[str, str]:
    """The strip is for whoever may see the picture, and only if the picture's entry records it."""
    picture = get_object_or_404(Picture.objects.visible_to(request.user).exclude(process_sha256=""), pk=pk)
    return picture.process_sha256, pipeline.STRIP_MEDIA_TYPE


FILES = {"signed": _signed, "released": _released, "process": _process}


@login_required
@require_safe
@never_cache
def moved(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What a page asks that waits for the signing worker: nothing until the picture moved on, then a fresh page."""
    picture = visible_picture(request, pk)
    if picture.state == request.GET.get("from") or request.GET.get("made") == str(_made(picture)):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _made(picture: Picture) -> int:
    """How many renditions there are to be had."""
    return Rendition.objects.filter(release__picture=picture, at__isnull=False).count()


@login_required
@require_POST
def submit(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Ask for approval. A form that was sent before submits nothing again, and what it says is not lost."""
    picture = visible_picture(request, pk)
    form = SubmitForm(request.POST, picture=picture)
    if not form.is_valid():
        return show(request, picture, status=HTTPStatus.UNPROCESSABLE_ENTITY, submit=form)
    words = form.words()
    before = form.cleaned_data["before"] or 0
    status = attempt(
        form,
        lambda: actions.submit_for_review(
            actor=request.user, picture=picture, at=timezone.now(), before=before, **words
        ),
        stale=SENT_BEFORE,
    )
    stale = status == HTTPStatus.CONFLICT
    if status == HTTPStatus.OK or (stale and _is_submitted(request.user, picture, words)):
        messages.success(request, _("It is with the reviewers now."))
        return redirect("picture", pk=pk)
    if stale:
        form.anew()
    return show(request, picture, status=status, submit=form)


def _is_submitted(maker: User, picture: Picture, words: Mapping[str, Any]) -> bool:
    """Whether the reviewers have it from this maker in these very words: a second click says nothing new."""
    return ReviewRequest.objects.filter(picture=picture, maker=maker, ended=None, **words).exists()


@login_required
@require_POST
def release(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Release an approved picture."""
    picture = visible_picture(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    return _done(
        request,
        picture,
        form,
        "release",
        lambda: actions.release(actor=request.user, picture=picture, at=timezone.now()),
        _("The release is being signed and recorded; it is public in a moment."),
    )


@login_required
@require_POST
def withdraw(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Recall a released picture."""
    picture = visible_picture(request, pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return show(request, picture, status=HTTPStatus.UNPROCESSABLE_ENTITY, withdraw=form)
    return _done(
        request,
        picture,
        form,
        "withdraw",
        lambda: actions.withdraw(actor=request.user, picture=picture, at=timezone.now(), **form.cleaned_data),
        _("It is withdrawn. Whoever checks the file sees the date and your reason."),
    )


def _done(request: MemberRequest, picture: Picture, form: forms.Form, name: str, verb: Any, said: str) -> HttpResponse:
    status = attempt(form, verb)
    if status != HTTPStatus.OK:
        return show(request, picture, status=status, **{name: form})
    messages.success(request, said)
    return redirect("picture", pk=picture.pk)
