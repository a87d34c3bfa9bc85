"""The interface of OpenAI's clients for pictures, as far as its words have a meaning here; the rules are the studio's.

What comes back is the signed and recorded file, which nobody has released: it is for the token's owner. A request that
a person has to look at is refused with 409 and its address. Clients are told not to repeat by themselves what would
come to the same.

The shapes are those of OpenAI's API reference ("Images", "Models"); what has no meaning here is refused by name.
"""

from base64 import b64encode
from functools import partial
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.params.functions import Header
from pydantic import BaseModel, ConfigDict, Field

from studio import blobs
from studio.api import asking, finding, links, making, schemas, showing
from studio.api.authentication import ProgramRequest, makes, reads
from studio.api.refusals import UNKNOWN, Refusal, in_words
from studio.api.service import Service
from studio.catalogue.models import Model
from studio.jobs.models import Job
from studio.jobs.states import VISIBLE, JobState

WAIT_SECONDS = 120
ABOUT = "The part of OpenAI's interface that makes pictures, for clients that know no other."
KINDS = {
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
    HTTPStatus.INTERNAL_SERVER_ERROR: "server_error",
    HTTPStatus.SERVICE_UNAVAILABLE: "server_error",
}
# What means nothing here may be sent as long as it asks for nothing else than what happens.
MEANINGLESS = {
    "quality": ("auto", "standard"),
    "style": (),
    "background": ("auto", "opaque"),
    "moderation": ("auto",),
    "output_format": ("png",),
    "output_compression": ("100",),
    "stream": ("False",),
    "partial_images": ("0",),
    "input_fidelity": (),
}
SIZE = r"^(auto|[1-9]\d{1,3}x[1-9]\d{1,3})$"


class ErrorBody(Schema):
    """What went wrong; `job` is the address of a request that goes on or waits."""

    message: str
    type: str
    param: str | None
    code: str | None
    job: str | None = None


class ErrorOut(Schema):
    """A refusal as these clients read it."""

    error: ErrorBody


class Generate(BaseModel):
    """A request for pictures. The fields after `user` are the studio's own; clients send them as extra fields."""

    model_config = ConfigDict(extra="allow")

    prompt: str
    model: str | None = None
    n: int | None = Field(None, description="How many pictures, 1 to 16.")
    size: str | None = Field(None, pattern=SIZE, description="WIDTHxHEIGHT in pixels, or auto for the model's own.")
    response_format: Literal["url", "b64_json"] | None = None
    user: str | None = Field(None, description="Taken and kept nowhere: the token says who asks.")
    campaign: UUID | None = None
    language: str | None = None
    negative_prompt: str = ""
    steps: int | None = None
    guidance: float | None = Field(None, allow_inf_nan=False)
    seed: int | None = Field(None, ge=0, le=schemas.LARGEST_SEED)


class ImageOut(Schema):
    """One picture: its bytes in base64, or an address that answers for five minutes."""

    b64_json: str | None = None
    url: str | None = None


class ImagesOut(Schema):
    """The pictures of a request. `job` is its address in the studio's own interface."""

    created: int
    data: list[ImageOut]
    job: str


class LikeModel(Schema):
    """A model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class LikeModels(Schema):
    """The models that may be asked."""

    object: Literal["list"]
    data: list[LikeModel]


class Likeness(Service):
    """A service whose refusals have the shape of OpenAI's errors."""

    refused_as = "application/json"

    def refuse(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        """A refusal as an error."""
        first = refusal.mistakes[0].field if refusal.mistakes else None
        error = {
            "message": in_words(refusal.mistakes, names=NAMES) or refusal.detail,
            "type": KINDS.get(refusal.status, "invalid_request_error"),
            "param": NAMES.get(first, first) if first else None,
            "code": CODES.get(refusal.kind, refusal.kind.replace("-", "_")),
            "job": refusal.job or None,
        }
        answer = self.create_response(request, {"error": error}, status=refusal.status)
        for name, value in refusal.headers.items():
            answer[name] = value
        # These clients repeat 408, 409 and 5xx by themselves; only what says when to come again gets better by waiting.
        answer["x-should-retry"] = "true" if "Retry-After" in refusal.headers else "false"
        return answer


NAMES = {"count": "n", "width": "size", "height": "size"}
CODES = {"held": "held_for_review", "blocked": "content_policy_violation", "no-token": "invalid_api_key"}
api = Likeness(title="Imprimatur for OpenAI's clients", version="1", description=ABOUT, urls_namespace="likeness")


def _answers(shown: type[Schema], *refused: int) -> dict[int, Any]:
    return {200: shown, **dict.fromkeys(sorted({401, 403, 429, 503, *refused}), ErrorOut)}


@api.get("/models", response=_answers(LikeModels), auth=reads, operation_id="like_models", url_name="models")
def models(request: ProgramRequest) -> dict[str, Any]:
    """The models that may be asked for pictures."""
    return {"object": "list", "data": [_model(one) for one in finding.models(request)]}


@api.get("/models/{slug}", response=_answers(LikeModel, 404), auth=reads, operation_id="like_model", url_name="model")
def model(request: ProgramRequest, slug: str) -> dict[str, Any]:
    """One of them."""
    for one in finding.models(request):
        if one.slug == slug:
            return _model(one)
    raise Refusal(HTTPStatus.NOT_FOUND, "model-not-found", _("There is no such model; ask for the list of models."))


def _model(one: Model) -> dict[str, Any]:
    made = int(one.registered.timestamp())
    return {"id": one.slug, "object": "model", "created": made, "owned_by": one.organisation.name}


@api.post(
    "/images/generations",
    response=_answers(ImagesOut, 400, 408, 409, 413, 422, 500),
    auth=makes,
    operation_id="generate_images",
    url_name="generations",
)
def generations(
    request: ProgramRequest, wanted: Generate, key: str | None = Header(None, alias="Idempotency-Key")
) -> dict[str, Any]:
    """Ask for pictures, and wait until they are signed and recorded."""
    form = asking.filled(request, _ask(wanted), key=key)
    job = making.made(request, form, seconds=WAIT_SECONDS)
    address = showing.address(request, "api:job", job.pk)
    refuse_unfinished(job, address)
    found = list(finding.pictures(request).filter(job=job).order_by("index"))
    bare = (wanted.response_format or "url") == "b64_json"
    data = [
        {"b64_json": b64encode(blobs.get(one.sha256)).decode()} if bare else {"url": links.address(request, one)}
        for one in found
    ]
    return {"created": int(timezone.now().timestamp()), "data": data, "job": address}


def _ask(wanted: Generate) -> schemas.Ask:
    """The same in the studio's own words. Raises ValidationError naming what means nothing here."""
    _refuse_unknown(wanted.model_extra or {})
    asked: dict[str, Any] = wanted.model_dump(
        include={"prompt", "model", "campaign", "language", "negative_prompt", "steps", "guidance", "seed"}
    )
    if wanted.size not in (None, "auto"):
        asked["width"], asked["height"] = wanted.size.split("x")
    return schemas.Ask(**asked, count=1 if wanted.n is None else wanted.n)


def _refuse_unknown(sent: dict[str, Any]) -> None:
    wrong: dict[str, str] = {}
    for name, value in sent.items():
        neutral = MEANINGLESS.get(name)
        if neutral is None:
            wrong[name] = str(UNKNOWN)
        elif value is not None and str(value) not in neutral:
            only = _("Only these have a meaning here: %(values)s. Leave it out.") % {"values": ", ".join(neutral)}
            wrong[name] = only if neutral else _("It has no meaning here; leave it out.")
    if wrong:
        raise ValidationError(wrong)


def refuse_unfinished(job: Job, address: str) -> None:
    """Raise Refusal unless every picture of the request may be shown."""
    refuse = {
        JobState.BLOCKED: (HTTPStatus.BAD_REQUEST, "blocked", _("The policy blocks this:")),
        JobState.CANCELLED: (HTTPStatus.CONFLICT, "cancelled", _("The request was cancelled.")),
        JobState.FAILED: (HTTPStatus.INTERNAL_SERVER_ERROR, "failed", _("The picture could not be made:")),
        JobState.LOST: (HTTPStatus.INTERNAL_SERVER_ERROR, "lost", _("The request was lost on the way; ask again.")),
    }
    refusal = partial(Refusal, job=address, headers={"Location": address})
    if job.state in refuse:
        status, kind, told = refuse[JobState(job.state)]
        reasons = " ".join(reason for one in job.screenings.all() for reason in one.reasons)
        raise refusal(status, kind, f"{told} {reasons or job.failure}".strip())
    shown = [picture.state in VISIBLE for picture in job.pictures.all()]
    if job.state != JobState.DONE or not all(shown):
        told = _("It is not finished after %(seconds)s seconds, and goes on; its address is in `job`.")
        raise refusal(HTTPStatus.REQUEST_TIMEOUT, "still-working", told % {"seconds": WAIT_SECONDS})
