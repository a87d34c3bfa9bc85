"""Makes requests for tests, the way a creator does."""

from datetime import datetime
from typing import Any

from studio.accounts.models import User
from studio.catalogue.models import Model
from studio.jobs.actions import submit
from studio.jobs.descent import NONE, Descent
from studio.jobs.models import Job
from studio.offering import Offered
from studio.projects.models import Campaign

FAST = {"width": 256, "height": 256, "steps": 2, "guidance": 4.0, "count": 1}


def ask(
    campaign: Campaign,
    at: datetime,
    *,
    actor: User | None = None,
    prompt: str = "woman farmer, green background",
    language: str = "en",
    idempotency_key: str | None = None,
    model: Model | None = None,
    offered: Offered | None = None,
    descent: Descent = NONE,
    **fields: Any,
) -> Job:
    """Submit one request as the sample's creator (or `actor`), with two quick steps unless `fields` say otherwise."""
    actor = actor or User.objects.get(username="creator")
    request = {"prompt": prompt, "seed": 7, **FAST, **fields}
    return submit(
        actor=actor,
        campaign=campaign,
        model=model or Model.objects.get(slug__startswith="starter-"),
        request=request,
        language=language,
        at=at,
        idempotency_key=idempotency_key,
        offered=offered,
        descent=descent,
    )
