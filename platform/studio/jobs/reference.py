"""The picture that a request starts from: read once, kept sealed while the request needs it, then gone.

- A file becomes RGB8 pixels, upright, at most `LONGEST_SIDE` a side; nothing else of it (EXIF, profile, file) is kept.
- The pixels lie sealed under their maker's own key beside the quarantine, and leave with the end of their request.
- What stays is their SHA-256, in the request's spec; by what right they are used stays sealed with its words.
"""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from PIL import Image, ImageOps

from studio import blobs, pipeline, vault
from studio.jobs import words
from studio.jobs.models import Job
from studio.jobs.states import JOB_ENDS

FORMATS = ("PNG", "JPEG", "WEBP")
LONGEST_SIDE = 2048
SHORTEST_SIDE = 64
MOST_PIXELS = 50_000_000
DEFAULT_STRENGTH = 0.6
LONGEST_RIGHTS = 500
UNREADABLE = "This cannot be read as a PNG, JPEG or WebP picture; save it as one in a picture program, choose that."
TOO_MANY_PIXELS = f"The picture has more than {MOST_PIXELS // 10**6} million pixels; make it smaller, choose that."
GONE = "The picture to start from was erased or is missing; ask again with the picture."
_SIZE = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Offered:
    """A picture handed in with a request, and in words where it comes from and by what right it is used."""

    picture: pipeline.Reference
    rights: str


def checked_rights(offered: Offered) -> str:
    """The words about its rights, stripped. Raises ValidationError where there are none, or too many."""
    rights = offered.rights.strip()
    if not rights:
        remedy = (
            "Say where the picture comes from and by what right it is used: its licence, or where consent is filed."
        )
        raise ValidationError({"rights": remedy})
    if len(rights) > LONGEST_RIGHTS:
        raise ValidationError({"rights": f"It has {len(rights)} characters; shorten it to {LONGEST_RIGHTS}."})
    return rights


def read(data: bytes) -> pipeline.Reference:
    """A picture file as RGB8 pixels, reduced to `LONGEST_SIDE`. Raises ValidationError in plain words."""
    with _refusals(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
        # Judged by the header, before anything is decoded.
        if image.width * image.height > MOST_PIXELS:
            raise ValidationError(TOO_MANY_PIXELS)
        # A phone's JPEG may carry further views behind the first one; those are no animation.
        if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
            raise ValidationError("This is an animation; choose a single picture.")
        # A large JPEG is decoded at a fraction of its size, which is all that is kept of it.
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        picture = _opaque(ImageOps.exif_transpose(image))
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if min(picture.size) < SHORTEST_SIDE:
        size = f"{picture.width} × {picture.height}"
        raise ValidationError(f"It comes to {size} pixels; choose one with at least {SHORTEST_SIDE} a side.")
    return pipeline.Reference(picture.tobytes(), picture.width, picture.height)


@contextmanager
def _refusals() -> Iterator[None]:
    """What decoders raise, as one sentence for the person who chose the file."""
    try:
        yield
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders of hostile files raise anything; all of it means the same
        raise ValidationError(UNREADABLE) from error


def _opaque(image: Image.Image) -> Image.Image:
    """The picture in RGB8, on white where it is transparent: what lies under transparency was not meant to be seen."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def keep(job: Job, picture: pipeline.Reference) -> None:
    """Seal the pixels, with their size before them, under the maker's key. Raises ErasedError, OSError."""
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
        if not wanted and path.stat().st_mtime < (now - blobs.STRAY_AFTER).timestamp():
            path.unlink(missing_ok=True)
            removed += 1
    return removed
