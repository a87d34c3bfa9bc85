"""The C2PA Soft Binding Resolution API 1.0.0: from a soft binding, or a picture, to the manifest that it lost.

- Only pictures that are released and in force are found, and only their release's manifest is handed out.
- Nothing found is a proof: the hard binding in a recovered manifest is that of another file.
- Questions take turns, and bodies are limited, as on the public check.

`openapi.json` beside this module describes it and is served; a test holds the answers against it.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from studio import blobs, pipeline
from studio.audit.asking import RefusedError, take_turn, timed, uploaded, without_ledger
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.review.models import Release

if TYPE_CHECKING:
    from provenance.resolution import Match

MOST_RESULTS = 50
USUAL_RESULTS = 10
LONGEST_QUERY = 4096
_MANIFEST_ID = re.compile(r"urn:c2pa:[0-9a-f-]{36}(:[\w.-]*)*")
_DOCUMENT = Path(__file__).with_name("openapi.json")
View = Callable[..., HttpResponseBase]


def _public(view: View) -> View:
    """A question from anybody: it takes a turn, changes nothing, and is refused in JSON."""

    @wraps(view)
    def answer(request: HttpRequest, **parts: Any) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return _open_to_all(HttpResponse(status=HTTPStatus.NO_CONTENT))
        try:
            take_turn(request)
            return _open_to_all(view(request, **parts))
        except RefusedError as refusal:
            return _open_to_all(_refused(refusal))
        except pipeline.LedgerUnavailableError as error:
            return _open_to_all(_refused(without_ledger(error)))

    # Nobody is signed in here, and the upload limit must see the body before anything else reads it.
    return csrf_exempt(never_cache(answer))


def _refused(refusal: RefusedError) -> HttpResponse:
    return timed(JsonResponse({"error": refusal.reason}, status=refusal.status), refusal)


def _open_to_all(response: HttpResponseBase) -> HttpResponseBase:
    """Verifiers in browsers ask from other origins; there is no account here that they could misuse."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Headers"] = "Content-Type"
    return response


@require_http_methods(["GET", "POST", "OPTIONS"])
@_public
def by_binding(request: HttpRequest) -> HttpResponse:
    """Manifests with a soft binding: `alg` and `value` in the address, or in a JSON body for long values."""
    if request.method == "GET" and len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
        raise RefusedError(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long; send the value by POST.")
    query = request.GET.dict() if request.method == "GET" else _json_body(request)
    name, value = query.get("alg"), query.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        raise _bad("alg, value: both are needed, as text.")
    return _answer(_asked_for(name, value, most=_most(request)))


@require_http_methods(["POST", "OPTIONS"])
@_public
def by_content(request: HttpRequest) -> HttpResponse:
    """Manifests of what a picture may be: the picture is the body, of a type `image/…`."""
    name, most = request.GET.get("alg"), _most(request)
    known = [known for names in pipeline.soft_binding_algorithms().values() for known in names]
    if name is not None and name not in known:
        raise _bad(f"alg: {name!r} is not supported; {', '.join(known)} can be asked for.")
    if not (request.content_type or "").startswith("image/"):
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Only pictures are looked for: send one as image/….")
    upload = uploaded(request)
    if upload is None:
        raise _bad("The body is empty: send the picture in it.")
    try:
        found = pipeline.matches_by_content(upload[1], most=MOST_RESULTS)
    except pipeline.UnreadableAssetError as error:
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, str(error)) from error
    hint, value = request.GET.get("hintAlg"), request.GET.get("hintValue")
    hinted = _asked_for(hint, value, most=most) if hint is not None and value is not None else []
    return _answer([*found, *hinted][:MOST_RESULTS], most=most)


@require_http_methods(["GET", "OPTIONS"])
@_public
def manifest(request: HttpRequest, manifest_id: str) -> HttpResponse:
    """The manifest store of a released file, or with `returnActiveManifest=true` its active manifest alone."""
    if not _MANIFEST_ID.fullmatch(manifest_id):
        raise _bad("manifestId: that is no C2PA manifest identifier (urn:c2pa:…).")
    released = Release.objects.filter(manifest=manifest_id, picture__state=PictureState.RELEASED).first()
    if released is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, "No released picture has this manifest.")
    active_only = request.GET.get("returnActiveManifest", "false") == "true"
    store = pipeline.manifest_store(blobs.get(released.sha256), released.media_type, active_only=active_only)
    return HttpResponse(store, content_type="application/c2pa")


@require_http_methods(["GET", "OPTIONS"])
@_public
def supported_algorithms(request: HttpRequest) -> HttpResponse:
    """The soft bindings that can be asked for."""
    kinds = pipeline.soft_binding_algorithms()
    return JsonResponse({kind: [{"alg": name} for name in names] for kind, names in kinds.items()})


@require_GET
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of these addresses, for programs."""
    return HttpResponse(_DOCUMENT.read_bytes(), content_type="application/json")


def _bad(reason: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, reason)


def _most(request: HttpRequest) -> int:
    """`maxResults`, however many more are asked for at most `MOST_RESULTS`."""
    text = request.GET.get("maxResults", str(USUAL_RESULTS))
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise _bad("maxResults: a whole number above 0 is needed.")
    return min(int(text), MOST_RESULTS)


def _json_body(request: HttpRequest) -> dict[str, Any]:
    upload = uploaded(request) if request.content_type == "application/json" else None
    try:
        query = json.loads(upload[1]) if upload else None
    except ValueError as error:
        raise _bad("The body is not JSON.") from error
    if not isinstance(query, dict):
        raise _bad("The body must be a JSON object with alg and value, sent as application/json.")
    return query


def _asked_for(name: str, value: str, *, most: int) -> "list[Match]":
    try:
        return pipeline.matches_by_binding(name, value, most=most)
    except ValueError as error:
        raise _bad(str(error)) from error


def _answer(matches: "Iterable[Match]", *, most: int = MOST_RESULTS) -> JsonResponse:
    """The matches whose pictures are released, surest first, each manifest once."""
    scores: dict[str, int] = {}
    for match in matches:
        scores[match.record] = max(match.score, scores.get(match.record, 0))
    keys = [UUID(record.removeprefix("urn:uuid:")) for record in scores]
    released = Picture.objects.filter(pk__in=keys, state=PictureState.RELEASED).select_related("release")
    found = [{"manifestId": it.release.manifest, "similarityScore": scores[it.record]} for it in released]
    return JsonResponse({"matches": sorted(found, key=lambda item: -int(str(item["similarityScore"])))[:most]})
