"""Between bytes and pixels, with limits: the only place where a picture file is decoded or encoded.

- Pixels are RGB8, row by row from the top left, `3 * width * height` bytes; their digest is SHA-256 over just these.
- The header is judged before anything is decoded: format, one frame, at most 4096 x 4096 pixels, at most 64 MiB.
- Encoding writes no metadata but the XMP packet it is given (a PNG's `parameters` text would leak the prompt).
"""

import io
import re
import zlib
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from provenance.canonical import sha256_hex
from provenance.errors import UnreadableAssetError

FORMATS = MappingProxyType({"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "AVIF": "image/avif"})
MEDIA_TYPES = MappingProxyType({media_type: name for name, media_type in FORMATS.items()})
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavif", re.DOTALL), "image/avif"),
)
_AVIF_SPEED, _AVIF_QUALITY = 8, 92
_WEBP_EFFORT = 40  # for lossless files this is effort, not quality
MOST_BYTES = 64 * 2**20
MOST_PIXELS = 4096 * 4096


@dataclass(frozen=True, slots=True)
class Pixels:
    """A decoded picture: RGB8 `data` of `width` x `height`, and the media type of the file it came from."""

    data: bytes
    width: int
    height: int
    media_type: str

    @property
    def sha256(self) -> str:
        """The digest of the decoded pixels."""
        return pixel_digest(self.data)


def pixel_digest(pixels: bytes) -> str:
    """SHA-256 of RGB8 pixels in lowercase hexadecimal."""
    return sha256_hex(pixels)


def probe(data: bytes) -> str:
    """The media type of a picture file by its header alone; UnreadableAssetError beyond the limits."""
    with _open(data) as image:
        return FORMATS[str(image.format)]


def guess(data: bytes) -> str | None:
    """The media type that the first bytes announce, also of a file too damaged to be opened; None for another one."""
    return next((media_type for pattern, media_type in _SIGNATURES if pattern.match(data)), None)


def decode(data: bytes) -> Pixels:
    """The pixels of a picture file; UnreadableAssetError when it is none, is damaged, or is beyond the limits."""
    with _open(data) as image:
        media_type = FORMATS[str(image.format)]
        try:
            rgb = image.convert("RGB")
        except Exception as error:  # decoders of hostile files raise anything; all of it means the same
            raise UnreadableAssetError(f"file: the {image.format} data is damaged ({error})") from error
        return Pixels(rgb.tobytes(), rgb.width, rgb.height, media_type)


def xmp_packet(data: bytes) -> bytes:
    """The XMP packet in a picture file, empty when there is none; UnreadableAssetError beyond the limits."""
    with _open(data) as image:
        found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    return found.encode("utf-8", "replace") if isinstance(found, str) else bytes(found)


def to_image(pixels: bytes, width: int, height: int) -> Image.Image:
    """RGB8 pixels as an image; ValueError when the length does not fit the size or the size is beyond the limit."""
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise ValueError(f"width, height: {width} x {height}; between 1 and {MOST_PIXELS} pixels in all are possible")
    if len(pixels) != 3 * width * height:
        raise ValueError(f"pixels: {len(pixels)} bytes; RGB8 of {width} x {height} has {3 * width * height}")
    return Image.frombytes("RGB", (width, height), pixels)


def encode(image: Image.Image, media_type: str, *, xmp: bytes) -> bytes:
    """A file with the image and the XMP packet. PNG and WebP are lossless; JPEG is quality 95, AVIF 92, both 4:4:4."""
    if media_type not in MEDIA_TYPES:
        raise ValueError(f"media_type: {media_type} is not one of {', '.join(MEDIA_TYPES)}")
    file = io.BytesIO()
    if media_type == "image/png":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp.decode("utf-8"))
        # Run-length matching only: on drawings and on noise it came out smaller and several times faster than level 6.
        image.save(file, "PNG", pnginfo=text, compress_type=zlib.Z_RLE)
    elif media_type == "image/jpeg":
        image.save(file, "JPEG", quality=95, subsampling=0, xmp=xmp)
    elif media_type == "image/avif":
        image.save(file, "AVIF", quality=_AVIF_QUALITY, subsampling="4:4:4", speed=_AVIF_SPEED, xmp=xmp)
    else:
        image.save(file, "WEBP", lossless=True, method=1, quality=_WEBP_EFFORT, xmp=xmp)
    return file.getvalue()


def _open(data: bytes) -> Image.Image:
    if len(data) > MOST_BYTES:
        raise UnreadableAssetError(f"file: {len(data)} bytes; at most {MOST_BYTES} are read")
    try:
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except UnidentifiedImageError as error:
        raise UnreadableAssetError("file: not a PNG, JPEG, WebP or AVIF picture") from error
    except Exception as error:  # header parsers of hostile files raise anything
        raise UnreadableAssetError(f"file: its header is not accepted ({error})") from error
    if image.width * image.height > MOST_PIXELS:
        raise UnreadableAssetError(f"file: {image.width} x {image.height}; at most {MOST_PIXELS} pixels are decoded")
    if getattr(image, "n_frames", 1) != 1:
        raise UnreadableAssetError("file: an animation; only single pictures are checked")
    return image
