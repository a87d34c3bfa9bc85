"""A picture that somebody hands in with a request: from a file to checked pixels, and by what right they are used.

A file becomes RGB8 pixels, upright, at most `LONGEST_SIDE` a side; nothing else of it (EXIF, profile, file) is kept.
Every refusal is a ValidationError in plain words for the person who chose the file.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from studio import pipeline

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 16 * 2**20
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2048
SHORTEST_SIDE = 64
LONGEST_RIGHTS = 500
DEFAULT_STRENGTH = 0.6
UNREADABLE = "This cannot be read as a PNG, JPEG or WebP picture; save it as one in a picture program and choose that."
TOO_MANY_PIXELS = f"The picture has more than {MOST_PIXELS // 10**6} million pixels; make it smaller and choose that."
NO_RIGHTS = "Say where the picture comes from and by what right it is used: its licence, or where consent is filed."


@dataclass(frozen=True, slots=True)
class Offered:
    """A picture handed in with a request, and in words where it comes from and by what right it is used."""

    picture: pipeline.Reference
    rights: str


def checked_rights(offered: Offered) -> str:
    """The words about its rights, stripped. Raises ValidationError where there are none, or too many."""
    rights = offered.rights.strip()
    if not rights:
        raise ValidationError({"rights": NO_RIGHTS})
    if len(rights) > LONGEST_RIGHTS:
        raise ValidationError({"rights": f"It has {len(rights)} characters; shorten it to {LONGEST_RIGHTS}."})
    return rights


def read(data: bytes) -> pipeline.Reference:
    """A picture file as RGB8 pixels, reduced to `LONGEST_SIDE`. Raises ValidationError."""
    # Pillow is loaded where a picture is read, not with every process that knows this form.
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            picture = _reduced(image)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(TOO_MANY_PIXELS) from error
    except Exception as error:  # decoders of hostile files raise anything; all of it means the same
        raise ValidationError(UNREADABLE) from error
    if min(picture.size) < SHORTEST_SIDE:
        size = f"{picture.width} × {picture.height}"
        raise ValidationError(f"It comes to {size} pixels; choose one with at least {SHORTEST_SIDE} a side.")
    return pipeline.Reference(picture.tobytes(), picture.width, picture.height)


def _reduced(image: "Image.Image") -> "Image.Image":
    """Upright, opaque RGB8 of at most `LONGEST_SIDE`; the header is judged before anything is decoded."""
    from PIL import Image, ImageOps

    if image.width * image.height > MOST_PIXELS:
        raise ValidationError(TOO_MANY_PIXELS)
    # A phone's JPEG may carry further views behind the first one; those are no animation.
    if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
        raise ValidationError("This is an animation; choose a single picture.")
    if image.mode.startswith(("I", "F")):
        # Pillow would clip, not scale, what is brighter than 255.
        raise ValidationError("Its grey has more than 8 bits a pixel; save it with 8 and choose that.")
    # A large JPEG is decoded at a fraction of its size, which is all that is kept of it.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture = _opaque(ImageOps.exif_transpose(image))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return picture


def _opaque(image: "Image.Image") -> "Image.Image":
    """The picture in RGB8, on white where it is transparent: what lies under transparency was not meant to be seen."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")
