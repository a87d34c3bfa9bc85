"""The picture that a request starts from: kept sealed while the request needs it, then gone.

- Its pixels lie sealed under their maker's own key beside the quarantine, and leave with the end of their request.
- What stays is their SHA-256, in the request's spec; by what right they are used stays sealed with its words.
"""

import struct
from datetime import datetime
from uuid import UUID

from django.conf import settings

from studio import blobs, pipeline, vault
from studio.jobs import words
from studio.jobs.models import Job
from studio.jobs.states import JOB_ENDS

GONE = "The picture to start from was erased or is missing; ask again with the picture."
_SIZE = struct.Struct(">II")


def keep(job: Job, picture: pipeline.Reference) -> None:
    """Seal the pixels, with their width and height before them, under the maker's key. Raises ErasedError, OSError."""
    data = _SIZE.pack(picture.width, picture.height) + picture.pixels
    blobs.write_whole(blobs.reference_path(job.pk), vault.seal(data, key=words.key_of(job), purpose=_purpose(job)))


def opened(job: Job) -> pipeline.Reference:
    """The picture that the request starts from. Raises ErasedError when it or its key is gone, OSError."""
    try:
        sealed = blobs.reference_path(job.pk).read_bytes()
        data = vault.unseal(sealed, key=words.key_of(job), purpose=_purpose(job))
    except (FileNotFoundError, vault.SealBrokenError) as error:
        raise words.ErasedError(GONE) from error
    width, height = _SIZE.unpack_from(data)
    return pipeline.Reference(data[_SIZE.size :], width, height)


def _purpose(job: Job) -> str:
    return f"reference {job.pk}"


def forget(pk: UUID) -> None:
    """Remove the pixels of a request that has ended, or was never accepted."""
    blobs.reference_path(pk).unlink(missing_ok=True)


def sweep(*, now: datetime) -> int:
    """Remove pixels that no request waits for: a crash fell before its row, or before `forget`. Returns how many."""
    removed = 0
    for path in settings.QUARANTINE_DIR.glob("*.reference"):
        wanted = Job.objects.filter(pk=path.stem).exclude(state__in=JOB_ENDS).exists()
        if not wanted and blobs.is_left(path, now=now):
            path.unlink(missing_ok=True)
            removed += 1
    return removed
