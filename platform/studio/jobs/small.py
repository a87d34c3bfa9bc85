"""The small pictures that galleries show: at most `LONGEST` pixels a side, WebP, made by a worker from the signed file.

They carry no credential, so they are for looking only: shown on our own pages to whoever may see the picture, never
offered as a download, and never a substitute for the file. Each can be made again; losing one loses nothing.
"""

import logging

from studio import blobs, pipeline
from studio.jobs.models import Picture

logger = logging.getLogger(__name__)
LONGEST = 512


def make(picture: Picture) -> None:
    """Make the small picture of a signed one, unless it is there; nothing else waits for it, so a failure is logged."""
    place = blobs.small(picture.pk)
    if not picture.sha256 or place.exists():
        return
    try:
        place.write(pipeline.thumbnail(blobs.get(picture.sha256), longest=LONGEST))
    except Exception:
        logger.exception("picture %s goes on without its small one", picture.pk)
