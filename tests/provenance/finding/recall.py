"""How often a changed copy finds its record, and how often another picture's record is taken for it."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from provenance.fingerprint import LARGEST_DISTANCE, distance, fingerprint
from provenance.landmarks import Landmarks, Seen, agreement, landmarks, raw_bytes, unpack, unpack_views, views
from provenance.recovery import LEAST_TO_CONFIRM

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


@dataclass(frozen=True, slots=True)
class Recall:
    """One line of the table: shares of the copies found, and pairs of different pictures taken for the same."""

    change: str
    by_fingerprint: float
    by_landmarks: float
    by_either: float
    false_matches: int
    pairs: int


@dataclass(frozen=True, slots=True)
class _Recorded:
    code: str
    marks: Landmarks


@dataclass(frozen=True, slots=True)
class _Copy:
    code: str
    seen: Seen


def measure(pictures: Sequence[Image.Image], *, seed: int) -> Iterator[Recall]:
    """Change every picture in every way and look for it among all of them."""
    recorded = [_recorded(picture) for picture in pictures]
    for name, change in CHANGES.items():
        chance = np.random.default_rng(seed)
        copies = [_seen(_saved(change(picture, chance), 75)) for picture in pictures]
        yield _recall(name, recorded, copies)


def _recall(name: str, recorded: Sequence[_Recorded], copies: Sequence[_Copy]) -> Recall:
    whole, part, either, mistaken = 0, 0, 0, 0
    for at, copy in enumerate(copies):
        for other, known in enumerate(recorded):
            looks, places = _alike(known, copy)
            if other != at:
                mistaken += looks or places
            else:
                whole, part, either = whole + looks, part + places, either + (looks or places)
    count = len(recorded)
    return Recall(name, whole / count, part / count, either / count, mistaken, count * (count - 1))


def _alike(known: _Recorded, copy: _Copy) -> tuple[bool, bool]:
    """Whether fingerprint and landmarks each say so; a fingerprint alone is not enough where landmarks contradict."""
    agreed = agreement(known.marks, copy.seen)
    near = bool(known.code and copy.code) and distance(known.code, copy.code) <= LARGEST_DISTANCE
    comparable = bool(len(known.marks.codes) and len(copy.seen.codes))
    return near and (agreed.landmarks >= LEAST_TO_CONFIRM or not comparable), agreed.enough


def _recorded(picture: Image.Image) -> _Recorded:
    pixels = picture.tobytes()
    return _Recorded(fingerprint(pixels, *picture.size), unpack(raw_bytes(landmarks(pixels, *picture.size))))


def _seen(picture: Image.Image) -> _Copy:
    pixels = picture.tobytes()
    return _Copy(fingerprint(pixels, *picture.size), unpack_views(views(pixels, *picture.size)))


def _saved(picture: Image.Image, quality: int, kind: str = "JPEG") -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    with Image.open(file) as image:
        return image.convert("RGB")


def _scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((max(1, round(picture.width * factor)), max(1, round(picture.height * factor))))


def _cropped(picture: Image.Image, area: float, chance: np.random.Generator) -> Image.Image:
    """With that share of the area cut away: at random divided between height and width, at a random place."""
    part = chance.uniform()
    width, height = round(picture.width * (1 - area) ** part), round(picture.height * (1 - area) ** (1 - part))
    left, top = chance.integers(0, picture.width - width + 1), chance.integers(0, picture.height - height + 1)
    return picture.crop((int(left), int(top), int(left) + width, int(top) + height))


def _longest(picture: Image.Image, side: int) -> Image.Image:
    return _scaled(picture, side / max(picture.size))


def _framed(picture: Image.Image) -> Image.Image:
    return ImageOps.expand(picture, border=min(picture.size) // 12, fill=(32, 32, 32))


CHANGES: Mapping[str, Change] = {
    "saved as JPEG, quality 75": lambda picture, _: picture,
    "saved as JPEG, quality 20": lambda picture, _: _saved(picture, 20),
    "saved as WebP, quality 50": lambda picture, _: _saved(picture, 50, "WEBP"),
    "half as large": lambda picture, _: _scaled(picture, 0.5),
    "twice as large": lambda picture, _: _scaled(picture, 2),
    "150 pixels long": lambda picture, _: _longest(picture, 150),
    "64 pixels long": lambda picture, _: _longest(picture, 64),
    "a fifth brighter": lambda picture, _: ImageEnhance.Brightness(picture).enhance(1.2),
    "a fifth less contrast": lambda picture, _: ImageEnhance.Contrast(picture).enhance(0.8),
    "grey": lambda picture, _: picture.convert("L").convert("RGB"),
    "5 % of the area cut away": lambda picture, chance: _cropped(picture, 0.05, chance),
    "10 % of the area cut away": lambda picture, chance: _cropped(picture, 0.10, chance),
    "25 % of the area cut away": lambda picture, chance: _cropped(picture, 0.25, chance),
    "25 % cut away, half as large, quality 50": lambda p, chance: _saved(_scaled(_cropped(p, 0.25, chance), 0.5), 50),
    "50 % of the area cut away": lambda picture, chance: _cropped(picture, 0.50, chance),
    "75 % of the area cut away": lambda picture, chance: _cropped(picture, 0.75, chance),
    "in a frame a twelfth wide": lambda picture, _: _framed(picture),
    "a tenth wider, not higher": lambda p, _: p.resize((round(p.width * 1.1), p.height)),
    "turned by 2 degrees": lambda picture, _: picture.rotate(2, Image.Resampling.BICUBIC),
    "turned by 5 degrees": lambda picture, _: picture.rotate(5, Image.Resampling.BICUBIC),
    "mirrored": lambda picture, _: ImageOps.mirror(picture),
}
