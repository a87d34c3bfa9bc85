"""The report on one picture: what made it, under which policy, what was decided, and where the ledger says so."""

import json
from typing import Any

from django.http import HttpRequest

from studio import pipeline
from studio.api import showing
from studio.jobs.models import Picture
from studio.review.models import Release, ReviewDecision, Withdrawal
from studio.review.views import data_of, picture_screenings


def provenance(request: HttpRequest, picture: Picture) -> dict[str, Any]:
    """Everything on record; digests, decisions and commitments, never words. Raises LedgerUnavailableError."""
    job = picture.job
    return {
        "picture": showing.picture(request, picture),
        "record": picture.record,
        "organisation": showing.organisation(job.project.organisation),
        "manifest": picture.manifest,
        "pixel_sha256": picture.pixel_sha256,
        "recipe": picture.recipe,
        "recipe_digest": picture.recipe_digest,
        "model": showing.model(request, job.model),
        "policy": showing.policy(request, job.policy),
        "materials": data_of(picture),
        "screenings": [
            {"subject": one.subject, "action": one.action, "reasons": one.reasons, "at": one.at}
            for one in picture_screenings(picture)
        ],
        "decisions": [_decision(one) for one in picture.decisions.select_related("stage").order_by("at")],
        "released": _release(picture),
        "withdrawn": Withdrawal.objects.filter(picture=picture).values_list("public_reason", flat=True).first(),
        "entries": [_entry(entry) for entry in pipeline.entries_about(picture.record)],
    }


def _decision(made: ReviewDecision) -> dict[str, Any]:
    names = ("outcome", "reason", "sha256", "at", "final")
    return {**{name: getattr(made, name) for name in names}, "stage": made.stage.name}


def _release(picture: Picture) -> dict[str, Any] | None:
    made = Release.objects.filter(picture=picture, at__isnull=False).first()
    return {"outcome": "RELEASED", "reason": "", "sha256": made.sha256, "at": made.at} if made else None


def _entry(entry: "pipeline.LedgerEntry") -> dict[str, Any]:
    return {
        "kind": str(entry.kind),
        "sequence": entry.sequence,
        "at": entry.at,
        "leaf": entry.leaf,
        "entry": json.loads(entry.canonical),
    }
