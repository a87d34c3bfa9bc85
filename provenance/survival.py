"""What is left of a file's marks after the things that happen to pictures in the world.

Each transform is really carried out on the file and the result really read again: the report is a measurement on this
one picture, not a promise about others. Marks: the signed manifest, the XMP, the watermark, the fingerprint.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from PIL import Image

from provenance import credentials, xmp
from provenance.fingerprint import LARGEST_DISTANCE, distance, fingerprint
from provenance.pictures import decode, to_image, xmp_packet
from provenance.watermark import Watermark

Transform = Callable[[bytes], bytes]
_WEB_WIDTH, _SMALLER = 1200, 0.8


@dataclass(frozen=True, slots=True)
class Survivors:
    """What one transform left. `manifest` is intact, altered or gone; `watermark` None when none is looked for;
    `fingerprint` None for a plain surface, else whether the record is still found by it; `bits` is the distance."""

    transform: str
    manifest: str
    xmp: bool
    watermark: bool | None
    fingerprint: bool | None
    bits: int | None

    def to_json(self) -> dict[str, Any]:
        """The row as plain JSON."""
        return {
            "transform": self.transform, "manifest": self.manifest, "xmp": self.xmp, "watermark": self.watermark,
            "fingerprint": self.fingerprint, "bits": self.bits,
        }  # fmt: skip


def survival(data: bytes, *, roots_pem: bytes, watermark: Watermark | None = None) -> tuple[Survivors, ...]:
    """The report on a picture file, one row for each of `TRANSFORMS`; UnreadableAssetError for no picture."""
    original = decode(data)
    code = fingerprint(original.data, original.width, original.height)
    payload = watermark.read(original.data, original.width, original.height) if watermark else None
    rows = []
    for name, transform in TRANSFORMS.items():
        changed = transform(data)
        pixels = decode(changed)
        now = fingerprint(pixels.data, pixels.width, pixels.height)
        bits = distance(code, now) if code and now else None
        mark = None
        if watermark is not None and payload is not None:
            mark = watermark.read(pixels.data, pixels.width, pixels.height) == payload
        found = bits is not None and bits <= LARGEST_DISTANCE if code else None
        rows.append(
            Survivors(name, _manifest(changed, pixels.media_type, roots_pem), _described(changed), mark, found, bits)
        )
    return tuple(rows)


def _manifest(data: bytes, media_type: str, roots_pem: bytes) -> str:
    found = credentials.read(data, media_type, roots_pem=roots_pem)
    if found is None:
        return "gone"
    return "intact" if found.state in {"Trusted", "Valid"} else "altered"


def _described(data: bytes) -> bool:
    return f"{xmp.PREFIX}:DigitalSourceType" in xmp.read(xmp_packet(data))


def _saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def _picture(data: bytes) -> Image.Image:
    pixels = decode(data)
    return to_image(pixels.data, pixels.width, pixels.height)


def _stripped(data: bytes) -> bytes:
    return _saved(_picture(data), "PNG", compress_level=1)


def _keeping_xmp(data: bytes) -> bytes:
    return _saved(_picture(data), "JPEG", quality=85, xmp=xmp_packet(data))


def _compressed(data: bytes) -> bytes:
    return _saved(_picture(data), "JPEG", quality=50)


def _halved(data: bytes) -> bytes:
    image = _picture(data)
    half = max(1, image.width // 2), max(1, image.height // 2)
    return _saved(image.resize(half, Image.Resampling.BICUBIC), "JPEG", quality=90)


def _published(data: bytes) -> bytes:
    """What a content system does: at most 1200 pixels wide, or four fifths of what there is; JPEG 75; no metadata."""
    image = _picture(data)
    width = min(_WEB_WIDTH, round(image.width * _SMALLER))
    size = max(1, width), max(1, round(image.height * width / image.width))
    return _saved(image.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=75)


def _cropped(data: bytes) -> bytes:
    """A tenth of the area off, the same share on each side."""
    image = _picture(data)
    keep = (1 - 0.9**0.5) / 2
    left, top = round(image.width * keep), round(image.height * keep)
    return _saved(image.crop((left, top, image.width - left, image.height - top)), "JPEG", quality=90)


TRANSFORMS: Mapping[str, Transform] = MappingProxyType(
    {
        "as delivered": lambda data: data,
        "metadata stripped": _stripped,
        "saved again, XMP kept": _keeping_xmp,
        "JPEG quality 50": _compressed,
        "half the size": _halved,
        "a website's chain": _published,
        "a tenth cropped off": _cropped,
    }
)
