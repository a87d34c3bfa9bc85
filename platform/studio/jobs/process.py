"""How a picture was made, kept with it: a small strip of moments of its own drawing.

- The strip lies sealed beside the picture's unsigned pixels, under the same key, and leaves with them.
- When the picture is signed, so is the strip, and the picture's ledger entry names its digest: nobody sees it earlier,
  and nobody sees one that is not recorded.
- No strip shows the finished picture; the page puts the signed file in that place.
- Where it cannot be had, the picture goes on without it; only what will be there in a moment is waited for.
"""

import logging
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from studio import blobs, pipeline, quarantine, stores, vault
from studio.jobs import words
from studio.jobs.models import Picture
from studio.quarantine import Kind

logger = logging.getLogger(__name__)


def keep(picture: Picture, process: pipeline.Process | None) -> None:
    """Seal the strip of a picture that is about to be saved, if it has one. Raises ErasedError, OSError."""
    if process is not None:
        picture.process = process.described()
        sealed = vault.seal(process.strip, key=words.key_of(picture.job), purpose=_purpose(picture))
        quarantine.place(Kind.PROCESS, picture.pk).write(sealed)


def sign(picture: Picture, facts: pipeline.Circumstances) -> str:
    """Sign and store the strip; returns the SHA-256 of its file, empty where there is none to be had.

    Raises the ProvenanceError or OSError of what is worth trying again.
    """
    if picture.process is None:
        return ""
    try:
        sealed = quarantine.place(Kind.PROCESS, picture.pk).read()
        strip = vault.unseal(sealed, key=words.key_of(picture.job), purpose=_purpose(picture))
        signed = pipeline.seal_strip(strip, replace(facts, title=f"How {facts.title} was made"))
        return blobs.put(signed)
    except (OSError, vault.SealBrokenError, words.ErasedError, pipeline.ProvenanceError) as error:
        if stores.is_away(error) or (isinstance(error, pipeline.ProvenanceError) and not error.permanent):
            raise
        logger.exception("picture %s goes on without its strip", picture.pk)
        return ""


def forget(pk: UUID) -> None:
    """Remove the unsigned strip: the picture was recorded, or discarded."""
    quarantine.place(Kind.PROCESS, pk).remove()


def recorded(sha256: str) -> dict[str, str]:
    """What the picture's ledger entry says of a signed strip."""
    return {"process": sha256} if sha256 else {}


def shown(picture: Picture) -> dict[str, Any] | None:
    """The rows of a visible picture's strip for its page, places in pixels of the strip; None where it has none."""
    if picture.process is None or not picture.process_sha256:
        return None
    facts = picture.process
    width, height, total = facts["width"], facts["height"], facts["total"]
    percents = [round(100 * share) for share in facts["noise"]]
    moments = list(zip(facts["steps"], percents, strict=True))
    return {
        "added": [
            {
                "what": _("The finished picture with %(noise)s %% noise mixed in") % {"noise": noise},
                "caption": _("%(noise)s %% noise") % {"noise": noise},
                "x": x * width,
            }
            for x, noise in enumerate(reversed(percents))
        ],
        "held": _row(
            _("What the model had before step %(step)s of %(total)s, with %(noise)s %% noise"), moments, total, width
        ),
        "foreseen": _row(
            _("What the model foresaw before step %(step)s of %(total)s, with %(noise)s %% noise"),
            moments,
            total,
            width,
        ),
        "total": total,
        "cell": {"width": width, "height": height},
        "sheet": {"width": width * len(moments), "height": height * len(pipeline.ProcessRow)},
        "tops": {row.value: place * height for place, row in enumerate(pipeline.ProcessRow)},
    }


def _row(what: str, moments: list[tuple[int, int]], total: int, width: int) -> list[dict[str, Any]]:
    return [
        {
            "what": what % {"step": step, "total": total, "noise": noise},
            "caption": _("step %(step)s") % {"step": step},
            "x": place * width,
        }
        for place, (step, noise) in enumerate(moments)
    ]


def _purpose(picture: Picture) -> str:
    return f"process {picture.pk}"
