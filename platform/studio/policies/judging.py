"""What a policy's document would say about a past request or an example: the same screens as in service, no effect.

Runs in the control worker, where the screens are loaded. Words are opened to be screened, as the vault's rules allow,
and go no further: what comes back holds none of them.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from studio import pipeline
from studio.accounts.models import Organisation
from studio.catalogue.models import Model
from studio.jobs import words
from studio.jobs.models import Job, Screening
from studio.references.registering import compared_with

logger = logging.getLogger(__name__)


def usual_folder(organisation: Organisation) -> Path | None:
    """The folder of the model that texts are tried with, where nobody chose one: a closed vocabulary counts."""
    approved = Model.objects.filter(organisation=organisation, state=Model.State.APPROVED)
    folder = approved.order_by("title", "-registered").values_list("folder", flat=True).first()
    return Path(folder) if folder else None


def judge_words(
    prompt: str, negative: str, *, document: Mapping[str, Any], language: str, folder: Path | None, at: datetime
) -> pipeline.Screened:
    """The policy's word about a text; where the screen fails, that a person must look."""
    decision_id = uuid4()
    try:
        return pipeline.screen_prompt(
            prompt, negative, document=document, decision_id=decision_id, at=at, language=language, folder=folder
        )
    except Exception as error:
        logger.exception("a text could not be tried")
        return pipeline.unscreened("prompt", decision_id=decision_id, at=at, error=type(error).__name__)


def judge_pixels(
    picture: pipeline.Reference, *, document: Mapping[str, Any], organisation: Organisation, at: datetime
) -> pipeline.Screened:
    """The policy's word about a picture; where the screen fails, that a person must look."""
    decision_id = uuid4()
    try:
        return pipeline.screen_picture(
            picture.pixels,
            picture.width,
            picture.height,
            document=document,
            references=compared_with(organisation, at=at),
            decision_id=decision_id,
            at=at,
        )
    except Exception as error:
        logger.exception("a picture could not be tried")
        return pipeline.unscreened("picture", decision_id=decision_id, at=at, error=type(error).__name__)


def judge_request(job: Job, *, document: Mapping[str, Any], at: datetime) -> pipeline.Screened:
    """The policy's word about the words of a past request. Raises ErasedError."""
    typed = words.open_words(job)
    return judge_words(
        typed.prompt,
        typed.negative_prompt,
        document=document,
        language=job.language,
        folder=Path(job.model.folder),
        at=at,
    )


def judge_again(screening: Screening, *, document: Mapping[str, Any], at: datetime) -> pipeline.Screened:
    """The policy's word where a screening decided: words are screened anew, pictures judged from their record.

    Raises ErasedError. A picture whose own screen failed at the time is a person's to look at under any policy.
    """
    if screening.decision.get("stage") == "prompt":
        return judge_request(screening.job, document=document, at=at)
    if "error" in screening.decision:
        return pipeline.unscreened("picture", decision_id=screening.pk, at=at, error=screening.decision["error"])
    return pipeline.rejudged_picture(screening.decision, document)
