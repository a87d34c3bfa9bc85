"""Looking through pictures: the gallery, two side by side, stars, and the small pictures that pages are made of."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from studio import blobs
from studio.accounts.models import Organisation, Role
from studio.accounts.rules import organisations_of, roles_of
from studio.jobs import bell
from studio.jobs.comparing import compared
from studio.jobs.gallery import GalleryForm, leaf_of, mark, pictures_of
from studio.jobs.models import Picture, Star
from studio.pages import MemberRequest

A_YEAR = 365 * 24 * 3600
TWO = 2
JOINED = ("job__campaign", "job__project__organisation", "job__model", "job__requester__user")


@login_required
@require_safe
def gallery(request: MemberRequest) -> HttpResponse:
    """An organisation's pictures, newest first; with a cursor, and asked by htmx, only the next leaf of them."""
    mine = list(organisations_of(request.user).order_by("name"))
    if not mine:
        return render(request, "studio/gallery.html", {"organisations": mine})
    organisation = _chosen(mine, request.GET.get("organisation", ""))
    form = GalleryForm(request.GET, organisation=organisation)
    form.is_valid()
    pictures = form.narrow(pictures_of(request.user, organisation), request.user)
    found = leaf_of(pictures, request.user, request.GET.get("cursor", ""))
    context = {
        "organisation": organisation,
        "organisations": mine,
        "form": form,
        "leaf": found,
        "older": _older(request, found.after),
        "may_create": Role.CREATOR in roles_of(request.user, organisation),
    }
    part = bool(request.GET.get("cursor")) and "HX-Request" in request.headers
    return render(request, "studio/parts/cards.html" if part else "studio/gallery.html", context)


def _chosen(mine: list[Organisation], slug: str) -> Organisation:
    if not slug:
        return mine[0]
    found = next((organisation for organisation in mine if organisation.slug == slug), None)
    if found is None:
        raise Http404(_("No organisation of yours has this name."))
    return found


def _older(request: MemberRequest, cursor: str | None) -> str:
    """The query of the next leaf, with everything that narrows; empty on the last."""
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return query.urlencode()


@login_required
@require_safe
def compare(request: MemberRequest) -> HttpResponse:
    """Two pictures side by side, and in what their recipes differ."""
    keys = list(dict.fromkeys(request.GET.getlist("picture")))
    if len(keys) != TWO:
        messages.info(request, _("Tick two pictures, no more and no fewer, and compare them again."))
        return redirect("gallery")
    try:
        wanted = [UUID(key) for key in keys]
    except ValueError as error:
        raise Http404(_("No picture has this key.")) from error
    found = (
        Picture.objects.visible_to(request.user)
        .select_related(*JOINED)
        .prefetch_related("review_requests")
        .in_bulk(wanted)
    )
    if len(found) != TWO:
        raise Http404(_("One of them is no picture that you may see."))
    pair = [found[key] for key in wanted]
    mark(pair, request.user)
    return render(request, "studio/compare.html", {"pair": pair, "rows": compared(request, *pair)})


@login_required
@require_POST
def star(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Star a picture or take the star away: a bookmark of one's own, no decision and nobody else's business."""
    picture = get_object_or_404(Picture.objects.visible_to(request.user).only("pk"), pk=pk)
    wanted = request.POST.get("on") == "1"
    if wanted:
        Star.objects.get_or_create(user=request.user, picture=picture, defaults={"at": timezone.now()})
    else:
        Star.objects.filter(user=request.user, picture=picture).delete()
    if "HX-Request" in request.headers:
        picture.starred = wanted  # type: ignore[attr-defined]
        return render(request, "studio/parts/star.html", {"picture": picture})
    back = request.POST.get("back", "")
    own = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back) if own else redirect("picture", pk=pk)


@login_required
@require_safe
def small(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The small picture, for whoever may see the picture; the whole file as long as there is none.

    Nothing is decoded here: what is missing is asked of a worker, and the next look finds it.
    """
    wanted = Picture.objects.visible_to(request.user).only("sha256", "media_type")
    picture = get_object_or_404(wanted, pk=pk)
    try:
        response = _inline(blobs.small(pk).read(), "image/webp")
    except FileNotFoundError:
        bell.ring_small(pk)
        return _whole(picture)
    patch_cache_control(response, private=True, max_age=A_YEAR, immutable=True)
    return response


def _whole(picture: Picture) -> HttpResponse:
    try:
        response = _inline(blobs.get(picture.sha256), picture.media_type)
    except blobs.BlobError:
        # The picture's own page says so; a gallery shows its description.
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _inline(data: bytes, media_type: str) -> HttpResponse:
    """A small picture has no credential: it is shown, never handed out under a name."""
    headers = {"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(data, content_type=media_type, headers=headers)
