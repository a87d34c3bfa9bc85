"""Released pictures in other sizes and formats, and what a delivered file is worth, told from its bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.pipeline.keys import signing_identity, trust, watermark
from studio.pipeline.sealing import Circumstances, claim_about, patience

if TYPE_CHECKING:
    from provenance.seal import SignedAsset


@dataclass(frozen=True, slots=True)
class Offer:
    """A rendition that a picture can have: its name, what it is for, its size there, and whether it leaves part of the
    picture out."""

    name: str
    title: str
    media_type: str
    width: int
    height: int
    crops: bool


def offers(width: int, height: int, media_type: str) -> list[Offer]:
    """The renditions of a picture of this size and kind that are not simply the picture itself."""
    from provenance.renditions import SHAPES

    found = []
    for shape in SHAPES.values():
        plan = shape.plan(width, height)
        if plan.size == (width, height) and not plan.cropped(width, height) and shape.media_type == media_type:
            continue
        crops = plan.cropped(width, height)
        found.append(Offer(shape.name, shape.title, shape.media_type, *plan.size, crops=crops))
    return found


def make_rendition(released: bytes, shape: str, facts: Circumstances) -> SignedAsset:
    """A released file in another shape, signed with that file as its parent. Raises KeyFileError, SealError."""
    from provenance.renditions import SHAPES, make_rendition

    identity = signing_identity(facts.slug)
    with patience().watching(identity):
        return make_rendition(released, SHAPES[shape], claim_about(facts), identity, watermark=watermark())


def pixel_size(data: bytes) -> tuple[int, int]:
    """Width and height of a picture file of ours."""
    from provenance.pictures import decode

    pixels = decode(data)
    return pixels.width, pixels.height


def signing_key(data: bytes) -> str:
    """The id of the key that signed a picture file of ours: the SHA-256 of its certificate; empty if it has none."""
    from provenance import jumbf
    from provenance.keys.chains import key_id
    from provenance.pictures import guess

    store = jumbf.manifest_store(data, guess(data) or "")
    return key_id(jumbf.signature(store).chain[0]) if store else ""


def thumbnail(data: bytes, *, longest: int) -> bytes:
    """A picture file of ours as a small WebP of at most `longest` pixels a side, label included.

    It carries no credential, no metadata and no watermark that could be relied on: it is for looking, not for keeping.
    """
    from PIL import Image

    from provenance.pictures import decode, to_image

    pixels = decode(data)
    image = to_image(pixels.data, pixels.width, pixels.height)
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=82, method=4)
    return file.getvalue()


def report(data: bytes) -> Mapping[str, Any]:
    """Which label fields a delivered file carries (`profiles`), and what of its marks outlives use (`survival`)."""
    from provenance.profiles import profiles, read_contents
    from provenance.survival import survival

    roots, mark = trust().anchors.all_pem, watermark()
    return {
        "profiles": [profile.to_json() for profile in profiles(read_contents(data, roots_pem=roots, watermark=mark))],
        "survival": [row.to_json() for row in survival(data, roots_pem=roots, watermark=mark)],
    }


def label_languages() -> list[tuple[str, str]]:
    """The languages that a visible label can be in: code and the language's own name."""
    from provenance.labels.words import LANGUAGES

    return [(code, words.name) for code, words in LANGUAGES.items()]
