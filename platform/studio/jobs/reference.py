"""The picture that a request starts from: kept sealed while the request needs it, then gone.

- Its pixels lie sealed under their maker's own key in the quarantine, and leave with the end of their request.
- Its file, where that carries a credential which holds, lies there too until all that was made from it is signed: the
  credential goes along into what is signed, so that nothing of somebody else's is passed off as ours alone.
- What stays is their SHA-256, in the request's spec; by what right they are used stays sealed with its words.
"""

import struct
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from studio import pipeline, quarantine, vault
from studio.jobs import words
from studio.jobs.models import Job
from studio.jobs.states import JOB_ENDS, PictureState
from studio.offering import Offered
from studio.quarantine import Kind

GONE = "The picture to start from was erased or is missing; ask again with the picture."
UNSIGNED = (PictureState.GENERATED, PictureState.QUARANTINED, PictureState.CHECKED)
_SIZE = struct.Struct(">II")


def keep(job: Job, offered: Offered) -> None:
    """Seal the pixels, with their width and height before them, under the maker's key. Raises ErasedError, OSError."""
    picture, key = offered.picture, words.key_of(job)
    data = _SIZE.pack(picture.width, picture.height) + picture.pixels
    quarantine.place(Kind.REFERENCE, job.pk).write(vault.seal(data, key=key, purpose=_purpose(job)))
    if offered.file:
        sealed = vault.seal(offered.file, key=key, purpose=_file_purpose(job))
        quarantine.place(Kind.CREDENTIAL, job.pk).write(sealed)


def opened(job: Job) -> pipeline.Reference:
    """The picture that the request starts from. Raises ErasedError when it or its key is gone, OSError."""
    try:
        sealed = quarantine.place(Kind.REFERENCE, job.pk).read()
        data = vault.unseal(sealed, key=words.key_of(job), purpose=_purpose(job))
    except (FileNotFoundError, vault.SealBrokenError) as error:
        raise words.ErasedError(GONE) from error
    width, height = _SIZE.unpack_from(data)
    return pipeline.Reference(data[_SIZE.size :], width, height)


def credentialed_file(job: Job) -> bytes | None:
    """The file whose credential has to go along into what is signed; None for a picture that carried none.

    Raises ErasedError when its key is gone, OSError when the file is: nothing is signed without it.
    """
    if not job.reference_sha256 or not words.open_words(job).credentialed:
        return None
    try:
        sealed = quarantine.place(Kind.CREDENTIAL, job.pk).read()
        return vault.unseal(sealed, key=words.key_of(job), purpose=_file_purpose(job))
    except vault.SealBrokenError as error:
        raise words.ErasedError(GONE) from error


def _purpose(job: Job) -> str:
    return f"reference {job.pk}"


def _file_purpose(job: Job) -> str:
    return f"credential {job.pk}"


def forget(pk: UUID) -> None:
    """Remove the pixels of a request that has ended, or was never accepted."""
    quarantine.place(Kind.REFERENCE, pk).remove()


def sweep(*, now: datetime) -> int:
    """Remove pixels and files that no request waits for, and no picture; returns how many.

    Pixels are left when a crash fell before their row, or before `forget`; files are removed here alone.
    """
    waiting = ~Q(state__in=JOB_ENDS)
    removed = quarantine.sweep(Kind.REFERENCE, Job.objects.filter(waiting), now=now)
    unsigned = Job.objects.filter(waiting | Q(pictures__state__in=UNSIGNED))
    return removed + quarantine.sweep(Kind.CREDENTIAL, unsigned, now=now)
