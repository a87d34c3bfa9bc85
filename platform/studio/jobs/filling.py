"""The create page filled in from something of before: a picture to vary or replace, or a request to ask anew.

Words go only to whoever may read them; somebody else's picture is varied without them. What is no longer to be had
(a model that was withdrawn) is left out, and the page says what it took over.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from studio.catalogue.models import Model
from studio.jobs.descent import NONE, Descent
from studio.jobs.forms import OF_THE_MODEL, AskForm
from studio.jobs.models import Job, Picture
from studio.jobs.reading import find_job, readable_words
from studio.pages import MemberRequest
from studio.projects.models import Campaign

JOINED = ("job__campaign", "job__model", "job__project__organisation", "job__requester__user")


@dataclass(frozen=True, slots=True)
class Filling:
    """What the form begins with. `origin` is the picture it comes from; `worded` says whether its words came too."""

    initial: dict[str, Any] = field(default_factory=dict)
    origin: Picture | None = None
    worded: bool = False


NOTHING = Filling()


def filling(request: MemberRequest, campaign: Campaign) -> Filling:
    """What `?picture=…&as=…` or `?request=…` asks for; nothing where neither is there. Raises Http404."""
    if key := request.GET.get("picture"):
        return _of_picture(request, campaign, _uuid(key))
    if key := request.GET.get("request"):
        job = find_job(request, _uuid(key))
        initial, worded = _of_job(request, job)
        return Filling(initial | {"count": job.count, "seed": job.spec.get("seed", "")}, None, worded)
    return NOTHING


def _of_picture(request: MemberRequest, campaign: Campaign, pk: UUID) -> Filling:
    origin = find_origin(request, campaign, pk)
    relation = request.GET.get("as", "").upper()
    if relation not in Job.Relation.values:
        relation = Job.Relation.VARIATION
    initial, worded = _of_job(request, origin.job)
    own = {"count": 1, "seed": origin.seed, "origin": origin.pk, "relation": relation}
    return Filling(initial | own, origin, worded)


def find_origin(request: MemberRequest, campaign: Campaign, pk: UUID) -> Picture:
    """A picture of the same organisation that the person may see, or 404."""
    seen = Picture.objects.visible_to(request.user).filter(organisation=campaign.project.organisation_id)
    return get_object_or_404(seen.select_related(*JOINED), pk=pk)


def _of_job(request: MemberRequest, job: Job) -> tuple[dict[str, Any], bool]:
    typed = readable_words(request, job)
    initial = {name: job.spec[name] for name in OF_THE_MODEL if name in job.spec} | {"language": job.language}
    if job.model.state == Model.State.APPROVED:
        initial["model"] = job.model_id
    if typed is None:
        return initial, False
    return initial | {"prompt": typed.prompt, "negative_prompt": typed.negative_prompt}, True


def descent_of(request: MemberRequest, form: AskForm) -> Descent:
    """What the sent form says it comes from. Raises Http404 for a picture that is none of the person's."""
    key, relation = form.cleaned_data["origin"], form.cleaned_data["relation"]
    if key is None or not relation:
        return NONE
    return Descent(origin=find_origin(request, form.campaign, key), relation=relation)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404(_("Nothing has this key.")) from error
