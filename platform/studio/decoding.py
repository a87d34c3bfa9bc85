"""The other side of `offering`, run as a program of its own: it decodes picture files that somebody handed in.

Started for one upload and gone with it, it has no network where the system allows that, no settings, no keys and no
database; address space and processor time are limited, and it cannot write a file. It knows Pillow and nothing of the
studio. The limits are the operating system's: they bound the damage, they do not make a decoder right.

Messages on stdin are eight bytes of length and that many bytes. Each answer is a line of JSON, `{"width", "height"}` or
`{"refused": …}`, followed by the RGB8 pixels where the program was started with `pixels`.
"""

import ctypes
import io
import json
import resource
import sys
from typing import Any, BinaryIO

from PIL import Image, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

# Importing them registers the formats, before no further file may be opened.
PLUGINS = (JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin)
FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 50_000_000
LONGEST_SIDE = 2048
SHORTEST_SIDE = 64
SIZE_BYTES = 8
ADDRESS_SPACE = 2 * 2**30
CPU_SECONDS = 20
DESCRIPTORS = 16
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000


class RefusedError(Exception):
    """A file that is no picture to start from; `args[0]` names why, `args[1]` its size where that is why."""


def restrict(files: int) -> None:
    """Give up what decoding does not need; the processor time is for that many files."""
    ctypes.CDLL(None, use_errno=True).unshare(NEW_USER | NEW_NETWORK)
    for limit, value in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, CPU_SECONDS + files),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def decoded(data: bytes) -> Image.Image:
    """Upright, opaque RGB8 of at most `LONGEST_SIDE`. Raises RefusedError, and whatever a decoder raises."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        picture = _reduced(image)
    if min(picture.size) < SHORTEST_SIDE:
        raise RefusedError("small", picture.size)
    return picture


def _reduced(image: Image.Image) -> Image.Image:
    """The header is judged before anything is decoded."""
    if image.width * image.height > MOST_PIXELS:
        raise RefusedError("large")
    # A phone's JPEG may carry further views behind the first one; those are no animation.
    if image.format != "MPO" and getattr(image, "n_frames", 1) != 1:
        raise RefusedError("animation")
    if image.mode.startswith(("I", "F")):
        # Pillow would clip, not scale, what is brighter than 255.
        raise RefusedError("deep")
    # A large JPEG is decoded at a fraction of its size, which is all that is kept of it.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture = _opaque(ImageOps.exif_transpose(image))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return picture


def _opaque(image: Image.Image) -> Image.Image:
    """The picture in RGB8, on white where it is transparent: what lies under transparency was not meant to be seen."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def answer(data: bytes) -> tuple[dict[str, Any], bytes]:
    """What is said about one file, and its pixels."""
    try:
        picture = decoded(data)
    except RefusedError as refusal:
        return {"refused": refusal.args[0], "size": refusal.args[1] if len(refusal.args) > 1 else None}, b""
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return {"refused": "large"}, b""
    except Exception:  # noqa: BLE001  decoders of hostile files raise anything; all of it means the same
        return {"refused": "unreadable"}, b""
    return {"width": picture.width, "height": picture.height}, picture.tobytes()


def serve(requests: BinaryIO, answers: BinaryIO, *, with_pixels: bool) -> None:
    """Answer messages until there are no more."""
    while header := requests.read(SIZE_BYTES):
        said, pixels = answer(requests.read(int.from_bytes(header, "big")))
        answers.write(json.dumps(said).encode() + b"\n" + (pixels if with_pixels else b""))
        answers.flush()


if __name__ == "__main__":
    restrict(int(sys.argv[2]))
    serve(sys.stdin.buffer, sys.stdout.buffer, with_pixels=sys.argv[1] == "pixels")
