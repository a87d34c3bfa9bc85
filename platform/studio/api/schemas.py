"""The shapes of what a program reads and writes; the OpenAPI document is drawn from them.

Times are RFC 3339 in UTC, digests lowercase hex, addresses absolute, seeds text because JSON readers round numbers
beyond 2**53.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from studio.accounts.models import Role
from studio.api.models import Scope
from studio.jobs.states import JobState, PictureState

LARGEST_SEED = 2**63 - 1


class Strict(Schema):
    """What is sent to us: a field that we do not know is a mistake, not a wish to be passed over."""

    model_config = ConfigDict(extra="forbid")


class MistakeOut(Schema):
    """A field that has to be mended, and how."""

    field: str
    message: str


class Problem(Schema):
    """Why something was refused (RFC 9457): `detail` says what to do, `errors` where, `job` names a request."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[MistakeOut]
    job: str | None = None


class TokenOut(Schema):
    """The token in use, its owner, and the roles that they hold at this moment."""

    name: str
    scopes: list[Scope]
    expires: datetime
    person: str
    organisation: UUID
    organisation_name: str
    roles: list[Role]
    campaign: UUID | None = Field(description="Where requests go that name no campaign.")


class PolicyOut(Schema):
    """The policy that new requests of a project come under."""

    id: UUID
    number: int
    name: str
    digest: str
    label: str
    published: datetime
    page: str


class OrganisationOut(Schema):
    """A publisher: one log of provenance, one chain of signatures."""

    id: UUID
    slug: str
    name: str
    log: str


class ProjectOut(Schema):
    """A line of work. `left` of its `budget` of pictures may still be asked for; without a policy it takes none."""

    id: UUID
    slug: str
    name: str
    organisation: UUID
    budget: int
    left: int
    label: str
    policy: PolicyOut | None
    page: str


class CampaignOut(Schema):
    """Why pictures are made: purpose, languages and channels."""

    id: UUID
    slug: str
    name: str
    project: UUID
    purpose: str
    languages: list[str]
    channels: list[str]
    created: datetime
    page: str


class ModelOut(Schema):
    """A model that may be asked for pictures."""

    id: UUID
    slug: str
    title: str
    licence: str
    purposes: str
    languages: list[str]
    defaults: dict[str, Any]
    digest: str
    page: str


class Ask(Strict):
    """A request for pictures. What is left out is the model's own default; the limits are those of the create page."""

    campaign: UUID | None = Field(None, description="Where it belongs; the token's own campaign where left out.")
    prompt: str
    negative_prompt: str = ""
    language: str | None = Field(None, description="Of these words; one of the campaign's, by default its first.")
    model: str | None = Field(None, description="Slug or id of an approved model; by default the first of the list.")
    count: int = Field(1, description="How many pictures, from 1 to 16.")
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = Field(None, allow_inf_nan=False)
    seed: int | None = Field(None, ge=0, le=LARGEST_SEED, description="Drawn from the Idempotency-Key where left out.")


class AskFrom(Ask):
    """The same from a picture, which comes beside it as `reference`."""

    rights: str = Field(description="Where the picture is from, and by what right it is used.")
    strength: float | None = Field(None, allow_inf_nan=False, description="How much of it is painted over: 0.05 to 1.")


class PictureOut(Schema):
    """A picture that may be shown: signed and recorded. `file` is its signed file, for the token's owner alone."""

    id: UUID
    job: UUID
    campaign: UUID
    project: UUID
    index: int
    state: PictureState
    width: int
    height: int
    seed: str
    media_type: str
    sha256: str
    created: datetime
    changed: datetime
    url: str
    file: str
    provenance: str
    released_file: str | None
    page: str


class PrintOut(Schema):
    """A picture of a request, in any state. `url` is there once it may be shown, `waiting` says what it waits for."""

    id: UUID
    index: int
    state: PictureState
    waiting: str
    url: str | None
    file: str | None


class JobOut(Schema):
    """A request and where it stands. `prompt` is told to whoever wrote it; `reasons` and `changes` are the screens'."""

    id: UUID
    state: JobState
    moving: bool = Field(description="Whether it, or one of its pictures, will move on without anybody's doing.")
    campaign: UUID
    project: UUID
    model: str
    policy: str = Field(description="The digest of the policy that it came under.")
    asked_by: str
    prompt: str | None
    language: str
    spec: dict[str, Any]
    count: int
    progress: int
    progress_total: int
    place: int | None = Field(description="Its place in the queue while it waits there.")
    failure: str
    reasons: list[str]
    changes: list[str]
    pictures: list[PrintOut]
    submitted: datetime
    started: datetime | None
    ended: datetime | None
    url: str
    events: str
    page: str


class Cost(Schema):
    """Pictures of the project's budget."""

    pictures: int
    left: int
    enough: bool


class Queue(Schema):
    """What a request would come behind."""

    ahead: int
    mine: int


class Verdict(Schema):
    """What the policy says about the words: `allow`, `annotate`, `review` (a person decides) or `block`."""

    action: str
    reasons: list[str]
    changes: list[str]


class DryRun(Schema):
    """What would become of a request. `verdict` is null when the screens did not answer in time; nothing was kept."""

    cost: Cost
    queue: Queue
    policy: PolicyOut
    verdict: Verdict | None
    unknown_words: list[str]
    model: str
    language: str
    spec: dict[str, Any]


class CheckOut(Schema):
    """What can be said about a file, by anybody: the verdict, and what it rests on."""

    file: str
    verdict: str
    integrity: str
    signer: str
    ledger: str
    status: str
    record: str | None
    reasons: list[str]


class EntryOut(Schema):
    """An entry of the ledger about a picture, as it stands there."""

    kind: str
    sequence: int
    at: str
    leaf: str
    entry: dict[str, Any]


class ScreeningOut(Schema):
    """What a screen decided, without scores."""

    subject: str
    action: str
    reasons: list[str]
    at: datetime


class DecisionOut(Schema):
    """What a reviewer decided, bound to the bytes that they saw."""

    outcome: str
    reason: str
    sha256: str
    at: datetime
    stage: str = Field("", description="The stage of the review at which it was decided.")
    final: bool = Field(
        True, description="Whether it moved the picture on; an approval that others must join does not."
    )


class Provenance(Schema):
    """Where a picture comes from: what made it, under which policy, what was decided, and where the ledger says so."""

    picture: PictureOut
    record: str
    organisation: OrganisationOut
    manifest: str
    pixel_sha256: str
    recipe: dict[str, Any]
    recipe_digest: str
    model: ModelOut
    policy: PolicyOut
    materials: dict[str, Any] = Field(description="What taught the model, in numbers and licences.")
    screenings: list[ScreeningOut]
    decisions: list[DecisionOut]
    released: DecisionOut | None = Field(description="The release: its file's digest and its moment.")
    withdrawn: str | None = Field(description="The public reason, where it was withdrawn.")
    entries: list[EntryOut]


class Projects(Schema):
    """All of the token's organisation."""

    items: list[ProjectOut]


class Organisations(Schema):
    """The token's organisation."""

    items: list[OrganisationOut]


class Campaigns(Schema):
    """Campaigns, newest first; `next` is the cursor of the next leaf."""

    items: list[CampaignOut]
    next: str | None


class Models(Schema):
    """The approved ones, in the order of the create page."""

    items: list[ModelOut]


class Jobs(Schema):
    """Requests, newest first; `next` is the cursor of the next leaf."""

    items: list[JobOut]
    next: str | None


class Pictures(Schema):
    """Pictures, newest first; `next` is the cursor of the next leaf."""

    items: list[PictureOut]
    next: str | None
