"""Addresses of files that answer for five minutes without a token, for clients that send none when they fetch.

Whoever has one can fetch the file; it ends with the minutes, with the token, and when the token's owner may see the
picture no longer.
"""

from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from studio.api import showing
from studio.api.authentication import ProgramRequest
from studio.api.models import ApiToken
from studio.jobs.models import Picture
from studio.review.views import send_file

SECONDS = 300
_signer = TimestampSigner(salt="studio.api.links")


def address(request: ProgramRequest, picture: Picture) -> str:
    """An address of the picture's signed file, for the owner of the token."""
    return showing.address(request, "link", _signer.sign(f"{picture.pk.hex}.{request.auth.pk.hex}"))


@require_safe
def linked(request: HttpRequest, signed: str) -> HttpResponse:
    """The file; 404 for whatever is not, or no longer, to be had."""
    try:
        key, _, opener = _signer.unsign(signed, max_age=SECONDS).partition(".")
    except BadSignature as error:
        raise Http404 from error
    token = get_object_or_404(ApiToken.objects.live(timezone.now()).select_related("membership__user"), pk=UUID(opener))
    mine = Picture.objects.visible_to(token.owner)
    picture = get_object_or_404(mine.filter(organisation=token.membership.organisation_id), pk=UUID(key))
    answer = send_file(f"{picture.pk}-signed", picture.sha256, picture.media_type, download=True)
    answer["Cache-Control"] = "private, no-store"
    return answer
