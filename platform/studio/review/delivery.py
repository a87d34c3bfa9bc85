"""Renditions on the web: asking for one, and the road to its file."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.pages import MemberRequest, attempt
from studio.review.models import Rendition
from studio.review.rendering import ask_for_rendition
from studio.review.views import send_file, show, visible_picture


@login_required
@require_POST
def ask(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Have the signing worker make a rendition."""
    picture = visible_picture(request, pk)
    form = forms.Form(request.POST)
    form.is_valid()
    shape = request.POST.get("shape", "")
    status = attempt(
        form, lambda: ask_for_rendition(actor=request.user, picture=picture, shape=shape, at=timezone.now())
    )
    if status != HTTPStatus.OK:
        return show(request, picture, status=status, rendition=form)
    messages.success(request, _("It is being made, signed and recorded; it is here in a moment."))
    return redirect("picture", pk=picture.pk)


@require_safe
def rendition_file(request: MemberRequest, pk: UUID, shape: str) -> HttpResponse:
    """A rendition: for everybody while its picture is in force, for members afterwards."""
    pictures = Picture.objects.all()
    picture = pictures.public().filter(pk=pk, state=PictureState.RELEASED).first()
    if picture is None:
        picture = get_object_or_404(pictures.visible_to(request.user), pk=pk, state=PictureState.WITHDRAWN)
    found = get_object_or_404(Rendition, release__picture=picture, shape=shape, at__isnull=False)
    return send_file(f"{pk}-{shape}", found.sha256, found.media_type, download="download" in request.GET)
