"""Renditions: other sizes, crops and formats of a released picture, each signed with the released file as its parent.

- A rendition is made from the released file's pixels alone and the same way every time: crop about the middle, Lanczos,
  encode. Nothing is ever enlarged: a shape that asks for more pixels than there are is made as large as they allow.
- The visible label is drawn again at the new size, over what the crop left of the old one, so it stays whole and
  legible. The released picture's own label is kept, whatever the project's setting is by now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from PIL import Image

from provenance import credentials, ingredients, manifest, xmp
from provenance.claims import Claim
from provenance.errors import SealError
from provenance.fingerprint import fingerprint
from provenance.keys import SigningIdentity
from provenance.labels import draw_label, find_label
from provenance.labels.drawing import letters_for, plate_height
from provenance.pictures import MEDIA_TYPES, decode, encode, to_image
from provenance.seal import SignedAsset, is_composite, require_current, require_ours, signed_asset
from provenance.watermark import Watermark, mark_name


@dataclass(frozen=True, slots=True)
class Shape:
    """A rendition by name. `width` and `height` are its pixels, None for whatever the other one and the picture give.

    With both, the picture is cropped to their ratio; with one or none it is whole.
    """

    name: str
    title: str
    media_type: str
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        if self.media_type not in MEDIA_TYPES:
            raise ValueError(f"shape.media_type: {self.media_type!r} is not one of {', '.join(MEDIA_TYPES)}")
        if any(side is not None and not 16 <= side <= 4096 for side in (self.width, self.height)):
            raise ValueError(f"shape: {self.width} x {self.height}; sides from 16 to 4096 pixels are possible")

    @property
    def crops(self) -> bool:
        """Whether it may leave part of the picture out."""
        return self.width is not None and self.height is not None

    def plan(self, width: int, height: int) -> "Plan":
        """How a picture of this size becomes one of this shape."""
        box = (0, 0, width, height)
        if self.width and self.height:
            box = _middle(width, height, self.width / self.height)
        kept_width, kept_height = box[2] - box[0], box[3] - box[1]
        wanted = [side / kept for side, kept in ((self.width, kept_width), (self.height, kept_height)) if side]
        scale = min(1.0, *wanted) if wanted else 1.0
        size = max(1, round(kept_width * scale)), max(1, round(kept_height * scale))
        return Plan(box, size, scale)


@dataclass(frozen=True, slots=True)
class Plan:
    """A rendition of one picture: which box of it (left, top, right, bottom) is kept, and at what size."""

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    scale: float

    def cropped(self, width: int, height: int) -> bool:
        """Whether something of a picture of this size is left out."""
        return self.box != (0, 0, width, height)


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        shape.name: shape
        for shape in (
            Shape("web-webp", "Web, 1600 wide, WebP", "image/webp", 1600),
            Shape("web-jpeg", "Web, 1600 wide, JPEG", "image/jpeg", 1600),
            Shape("web-avif", "Web, 1600 wide, AVIF", "image/avif", 1600),
            Shape("small-jpeg", "Messaging, 640 wide, JPEG", "image/jpeg", 640),
            Shape("print-png", "Print, full size, PNG", "image/png"),
            Shape("square", "Square, 1080 × 1080", "image/jpeg", 1080, 1080),
            Shape("portrait", "Portrait, 1080 × 1350", "image/jpeg", 1080, 1350),
            Shape("story", "Story, 1080 × 1920", "image/jpeg", 1080, 1920),
            Shape("banner", "Banner, 1500 × 500", "image/jpeg", 1500, 500),
        )
    }
)


def make_rendition(
    released: bytes, shape: Shape, claim: Claim, identity: SigningIdentity, *, watermark: Watermark | None = None
) -> SignedAsset:
    """A signed rendition of a released file.

    `source_pixel_sha256` of the result is the released file's pixel digest. The released file's watermark is named
    again where it can still be read from the rendition. Raises SealError when that file is not an
    intact one of ours or signing fails, UnreadableAssetError for no picture.
    """
    require_current(claim, identity)
    pixels = decode(released)
    before = require_ours(released, pixels.media_type, identity)
    plan = shape.plan(pixels.width, pixels.height)
    image = render(to_image(pixels.data, pixels.width, pixels.height), plan)
    composite = is_composite(released)
    file = encode(image, shape.media_type, xmp=xmp.packet(manifest.plain_fields(claim, composite=composite)))
    code = fingerprint(image.tobytes(), image.width, image.height)
    steps = _steps(shape, plan, (pixels.width, pixels.height), pixels.media_type)
    mark = manifest.watermark_in(before.assertions)
    mark = mark if mark and mark == _heard(image, watermark) else ""
    definition = manifest.derivation(
        claim, shape.media_type, steps, fingerprint=code, watermark=mark, composite=composite
    )
    parent = credentials.Parent(released, pixels.media_type, ingredients.parent(claim.title))
    signed = credentials.sign(file, shape.media_type, definition, identity, parent=parent)
    return signed_asset(signed, shape.media_type, source_pixel_sha256=pixels.sha256, code=code, mark=mark)


def _heard(image: Image.Image, watermark: Watermark | None) -> str:
    """The mark that is read from a picture, empty for none."""
    payload = watermark.read(image.tobytes(), image.width, image.height) if watermark is not None else None
    return mark_name(watermark.algorithm, payload) if watermark is not None and payload is not None else ""


def render(image: Image.Image, plan: Plan) -> Image.Image:
    """The pixels of a rendition: cropped, resized, and labelled again where there was a label of ours."""
    kept = image.crop(plan.box).resize(plan.size, Image.Resampling.LANCZOS)
    found = find_label(image)
    if found is None or kept.size == image.size:
        return kept
    left_over = max(0.0, (found.plate.height - (image.height - plan.box[3])) * plan.scale)
    wide = max(0.0, (found.plate.width - plan.box[0]) * plan.scale)
    letters = letters_for(kept.width, kept.height)
    if wide > 0:
        # The old plate reaches into the kept part: the new one has to be at least as high, and a little for the blur.
        blur = 1 if plan.scale < 1 else 0
        while plate_height(letters) < left_over + blur:
            letters += 1
    return draw_label(kept, found.label, found.language, letters=letters)


def _middle(width: int, height: int, ratio: float) -> tuple[int, int, int, int]:
    """The largest box of that ratio about the middle."""
    kept_width, kept_height = min(width, round(height * ratio)), min(height, round(width / ratio))
    left, top = (width - kept_width) // 2, (height - kept_height) // 2
    return left, top, left + kept_width, top + kept_height


def _steps(shape: Shape, plan: Plan, size: tuple[int, int], media_type: str) -> list[manifest.Step]:
    """What was done, in C2PA's words; a rendition with nothing done to it is refused, because it is the release."""
    steps = []
    left, top, right, bottom = plan.box
    if plan.cropped(*size):
        box = {"left": left, "top": top, "right": right, "bottom": bottom}
        steps.append(manifest.Step("c2pa.cropped", f"Cropped to the shape “{shape.title}”.", box))
    if plan.size != (right - left, bottom - top):
        scaled: dict[str, str | int] = {"width": plan.size[0], "height": plan.size[1]}
        steps.append(manifest.Step("c2pa.resized", "Resized.", scaled))
    if shape.media_type != media_type:
        formats: dict[str, str | int] = {"from": media_type, "to": shape.media_type}
        steps.append(manifest.Step("c2pa.transcoded", "Encoded in another format.", formats))
    if not steps:
        raise SealError(f"shape: {shape.name} of this picture is the released file itself; download that")
    return steps
