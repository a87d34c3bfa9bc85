"""What the public sees without signing in: the check, its JSON, the record of a released picture, and how one is made.

No personal data stands on any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studio import pipeline
from studio.accounts.rules import sole_publisher
from studio.audit.asking import RefusedError, take_turn, timed, uploaded, uploads, without_ledger
from studio.audit.documents import document
from studio.audit.explaining import Explanation, explain
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.limits import CHECKS_A_MINUTE
from studio.review.models import Release

MOST_FILES = 8
TOO_MANY = gettext_noop("It was not checked: %(most)s files are checked at once. Send it again with the next ones.")
NO_FILE = _("Choose a picture first; then we can check it.")
HEADINGS = {
    HTTPStatus.BAD_REQUEST: _("No picture was chosen"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("That is too large"),
    HTTPStatus.TOO_MANY_REQUESTS: _("Please wait a moment"),
    HTTPStatus.SERVICE_UNAVAILABLE: _("There is no answer at present"),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One file's answer as the page shows it; with a `refusal` there is none."""

    file: str
    answer: Mapping[str, Any] | None = None
    record: Picture | None = None
    refusal: RefusedError | None = None

    @property
    def verdict(self) -> str:
        """The verdict; empty where the file was not checked."""
        return self.answer["verdict"] if self.answer else ""

    @property
    def explanation(self) -> Explanation | None:
        """The verdict in the words of a lay person."""
        return explain(self.verdict, signer=self.answer["signer"]) if self.answer else None

    @property
    def recovered(self) -> Release | None:
        """The release whose credential the file has lost."""
        return self.record.release if self.record and self.verdict == "ours-recovered" else None


# A check changes nothing and knows nobody; and the upload limit must see the body before anything else reads it.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The check page; as JSON for whoever prefers that."""
    if request.method != "POST":
        return render(request, "studio/check.html", _about())
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return check_json(request)
    try:
        found = _all_checked(request)
    except RefusedError as refusal:
        return _refused_page(request, refusal)
    refused = next((one.refusal for one in found if one.refusal), None)
    if refused and len(found) == 1:
        return _refused_page(request, refused)
    about = _about()
    houses = {one.record.job.project.organisation for one in found if one.record}
    # Where several organisations publish, the answer wears the colour of the one that it names.
    publisher = houses.pop() if len(houses) == 1 else about["publisher"]
    status = HTTPStatus.OK if refused is None or any(one.answer for one in found) else refused.status
    page = render(request, "studio/check.html", about | {"publisher": publisher, "found": found}, status=status)
    return timed(page, refused) if refused else page


def _all_checked(request: HttpRequest) -> list[Checked]:
    """The answer for each file that was sent; one that gets none leaves the others theirs. Raises RefusedError."""
    take_turn(request)
    files = uploads(request)
    if not files:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(NO_FILE))
    return [_checked(request, name, file, place) for place, (name, file) in enumerate(files)]


def _checked(request: HttpRequest, name: str, file: UploadedFile | BytesIO, place: int) -> Checked:
    """One file's answer. Each is a question of its own; the first one's turn was taken before the files were read."""
    try:
        if place >= MOST_FILES:
            raise RefusedError(HTTPStatus.BAD_REQUEST, gettext(TOO_MANY) % {"most": MOST_FILES})
        if place:
            take_turn(request)
        answer = _answered(name, file.read())
    except RefusedError as refusal:
        return Checked(name, refusal=refusal)
    return Checked(name, answer, _public_record(answer["record"]))


@csrf_exempt
@never_cache
@require_POST
def check_json(request: HttpRequest) -> JsonResponse:
    """The same answer as one object; a check that was not made has `error` and no `verdict`."""
    try:
        return JsonResponse(verified(request))
    except RefusedError as refusal:
        return timed(JsonResponse({"error": refusal.reason}, status=refusal.status), refusal)


def verified(request: HttpRequest) -> dict[str, Any]:
    """What can be said about the file that was sent, as JSON has it. Raises RefusedError."""
    take_turn(request)
    upload = uploaded(request)
    if upload is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(NO_FILE))
    return _answered(*upload)


def _answered(name: str, data: bytes) -> dict[str, Any]:
    try:
        return {"file": name, **pipeline.verify_stranger(data).to_json()}
    except pipeline.LedgerUnavailableError as error:
        raise without_ledger(error) from error


def _about() -> dict[str, Any]:
    """Whose pictures are checked here, by name and colour where it is one organisation's, and the largest file."""
    sole = sole_publisher()
    return {
        "sole": sole,
        "publisher": sole,
        "limit": settings.UPLOAD_LIMIT_BYTES,
        "most": MOST_FILES,
        "checks_a_minute": CHECKS_A_MINUTE,
    }


def _refused_page(request: HttpRequest, refusal: RefusedError) -> HttpResponse:
    context = _about() | {"refusal": refusal.reason, "refused": HEADINGS[refusal.status]}
    return timed(render(request, "studio/check.html", context, status=refusal.status), refusal)


def _public_record(urn: str | None) -> Picture | None:
    """The released picture with this record name, if there is one."""
    try:
        pk = UUID((urn or "").removeprefix("urn:uuid:"))
    except ValueError:
        return None
    joined = ("job__project__organisation", "release")
    return Picture.objects.public().filter(pk=pk).select_related(*joined, "withdrawal").first()


@require_safe
def record(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is public about a released picture: who stands for it, what made it, and whether it is still in force."""
    joined = ("job__project__organisation", "job__model", "job__campaign", "release__decision__request")
    picture = get_object_or_404(Picture.objects.public().select_related(*joined, "withdrawal"), pk=pk)
    context = {
        "picture": picture,
        "organisation": picture.job.project.organisation,
        "publisher": picture.job.project.organisation,
        "model": picture.job.model,
        "release": picture.release,
        "description": picture.release.decision.request.alt_text,
        "in_force": picture.state == PictureState.RELEASED,
        "withdrawal": getattr(picture, "withdrawal", None),
        "renditions": picture.release.renditions.filter(at__isnull=False),
    }
    return render(request, "studio/record.html", context)


@require_safe
def making(request: HttpRequest) -> HttpResponse:
    """How a picture is made, for everybody who asks for one, approves one or wonders about one."""
    return render(
        request, "studio/document.html", {"title": gettext("How a picture is made"), "text": document("diffusion")}
    )
