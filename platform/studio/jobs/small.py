"""The small pictures that galleries show: at most `LONGEST` pixels a side, WebP, made by a worker from the signed file.

They carry no credential, so they are for looking only: shown on our own pages to whoever may see the picture, never
offered as a download, and never a substitute for the file. Each can be made again at any time; losing one loses nothing.
"""

import logging
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from studio import blobs, pipeline
from studio.jobs import bell
from studio.jobs.models import Picture
from studio.jobs.states import VISIBLE
from studio.pages import MemberRequest

logger = logging.getLogger(__name__)
LONGEST = 512
A_YEAR = 365 * 24 * 3600


def make(picture: Picture) -> None:
    """Make the small picture of a signed one, unless it is there; nothing else waits for it, so a failure is logged."""
    path = blobs.small_path(picture.pk)
    if not picture.sha256 or path.exists():
        return
    try:
        blobs.write_whole(path, pipeline.thumbnail(blobs.get(picture.sha256), longest=LONGEST))
    except (blobs.BlobError, pipeline.ProvenanceError, OSError):
        logger.exception("picture %s goes on without its small one", picture.pk)


@login_required
@require_safe
def show(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The small picture, for whoever may see the picture; the whole file as long as there is none.

    Nothing is decoded here: what is missing is asked of a worker, and the next look finds it.
    """
    wanted = Picture.objects.visible_to(request.user).only("pk", "sha256", "media_type", "state")
    picture = get_object_or_404(wanted, pk=pk, state__in=VISIBLE)
    try:
        data, media_type = blobs.small_path(pk).read_bytes(), "image/webp"
    except FileNotFoundError:
        bell.ring_small(pk)
        return _inline(_whole(picture), picture.media_type)
    response = _inline(data, media_type)
    patch_cache_control(response, private=True, max_age=A_YEAR, immutable=True)
    return response


def _whole(picture: Picture) -> bytes:
    try:
        return blobs.get(picture.sha256)
    except blobs.BlobError:
        # The page of the picture says so; a gallery shows a gap.
        return b""


def _inline(data: bytes, media_type: str) -> HttpResponse:
    headers = {"Content-Disposition": "inline", "X-Content-Type-Options": "nosniff"}
    response = HttpResponse(data, content_type=media_type, headers=headers, status=200 if data else 404)
    patch_cache_control(response, private=True)
    return response
