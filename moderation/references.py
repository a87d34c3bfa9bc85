"""A registry of pictures an organisation protects: logos, portraits, earlier works. Copies are recognised.

Not a judge of likeness or style: it knows copies of the registered picture, whole, turned, mirrored, resized,
re-encoded or cropped (up to 15 % on all sides or 12 % on one), and pictures so *near* to it that a person should
look (`moderation.features`). Only hashes and features are kept, never pixels. Where references are kept is the
caller's matter: `moderation.reference_store` has a protocol and a file.

Each reference is hashed in all eight orientations and at several crops, so that a picture is hashed once and
compared with all of them. PDQ hashes have 256 bits; its authors take 31 differing bits or fewer as a match.
Reference: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from moderation.categories import checked_category
from moderation.errors import ClassifierError, InputError
from moderation.features import NEAR, ROWS, FeatureReader, packed, parts, unpacked
from moderation.features import WIDTH as FEATURES
from moderation.strangers import strangers
from moderation.views import View, as_image, as_view

MATCH_BITS = 31
# What is cut away before hashing, as shares of the height and width: top, bottom, left, right.
_ALL_SIDES = tuple((cut, cut, cut, cut) for cut in (0.0, 0.02, 0.035, 0.05, 0.065, 0.08, 0.1, 0.125, 0.15))
_ONE_SIDE = tuple(
    tuple(cut if side == at else 0.0 for side in range(4)) for cut in (0.03, 0.06, 0.09, 0.12) for at in range(4)
)
_CROPS = _ALL_SIDES + _ONE_SIDE
_ORIENTATIONS = 8
_HASHED_SIDE = 512  # pixels a side, or a little more, that PDQ's authors hash pictures at
_PLAIN = 5  # PDQ quality, of 100; a uniform area has 0, nearly every drawing above 10

_MARGIN = 0.01  # above the nearest stranger, since there are more drawings than these
_TEXTS = ("id", "label", "category", "owner", "sha256", "features", "features_by")

Bits = npt.NDArray[np.uint8]


class Likeness(StrEnum):
    """How a picture matches: the whole reference, a part of it, or only nearly."""

    COPY = "copy"
    CROP = "crop"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Reference:
    """One protected picture. `hashes`: 64 hex digits each, orientations of each crop in order.

    `features`: vectors of its parts, packed, made by the weights `features_by`; empty where it was registered
    without a network, and then only copies and crops are found. `near_at`: the cosine from which a picture is near.
    """

    id: str
    label: str
    category: str
    owner: str
    sha256: str
    hashes: tuple[str, ...]
    features: str = ""
    features_by: str = ""
    near_at: float = NEAR

    def __post_init__(self) -> None:
        """Refuse a reference that could match nothing or belongs to nobody."""
        checked_category(self.category, field="references.category")
        if not self.id.strip() or not self.label.strip() or not self.owner.strip():
            raise InputError("references: id, label and owner must not be empty")
        if len(self.hashes) != len(_CROPS) * _ORIENTATIONS or any(len(text) != 64 for text in self.hashes):
            raise InputError(f"references.hashes: {self.id} was registered by another version; register it again")
        if self.features and len(unpacked(self.features)) != ROWS:
            raise InputError(f"references.features: {self.id} was registered by another version; register it again")

    def to_json(self) -> dict[str, Any]:
        """The reference as JSON values."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        return {**texts, "hashes": list(self.hashes), "near_at": round(self.near_at, 4)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reference:
        """Read a reference back; raises `InputError` when a field is missing."""
        try:
            texts = {name: str(value[name]) for name in _TEXTS}
            return cls(**texts, hashes=tuple(map(str, value["hashes"])), near_at=float(value["near_at"]))
        except (KeyError, TypeError, ValueError) as missing:
            raise InputError(f"references: {missing} is missing; register the picture again") from missing


@dataclass(frozen=True, slots=True)
class Match:
    """A reference found again. `bits`: how many of 256 differ; `cosine`: of the features, where they were compared."""

    reference: Reference
    likeness: Likeness
    bits: int
    cosine: float | None = None

    def to_json(self) -> dict[str, Any]:
        """What a record keeps of the match."""
        return {
            "reference": self.reference.id,
            "label": self.reference.label,
            "likeness": self.likeness.value,
            "bits": None if self.likeness is Likeness.NEAR else self.bits,
            "cosine": None if self.cosine is None else round(self.cosine, 3),
        }


def register(
    pixels: bytes,
    width: int,
    height: int,
    *,
    reference_id: str,
    label: str,
    category: str,
    owner: str,
    reader: FeatureReader | None = None,
) -> Reference:
    """Hash a picture for the registry, and keep its features where there is a `reader`.

    Raises `InputError` for a picture too plain to be recognised.
    """
    picture = as_view(pixels, width, height)
    _, quality = _hash(picture)
    if quality < _PLAIN:
        raise InputError("references: the picture has too little detail to be recognised; choose another")
    return Reference(
        id=reference_id,
        label=label,
        category=category,
        owner=owner,
        sha256=hashlib.sha256(pixels).hexdigest(),
        hashes=tuple(np.packbits(_hash(view)[0]).tobytes().hex() for view in _variants(picture)),
        **(_featured(picture, reader) if reader else {}),
    )


def _featured(picture: View, reader: FeatureReader) -> dict[str, Any]:
    """The features of a reference, and how near no stranger comes to it."""
    own = reader.features(parts(picture))
    strange = float((reader.features(strangers()) @ own.T).max())
    return {
        "features": packed(own),
        "features_by": reader.revision,
        "near_at": round(min(0.99, max(NEAR, strange + _MARGIN)), 4),
    }


class Registry:
    """References ready for comparison. Immutable; make a new one when references change."""

    def __init__(self, references: Sequence[Reference], *, reader: FeatureReader | None = None) -> None:
        """An empty registry matches nothing; without a `reader` near pictures are not looked for."""
        self.references = tuple(references)
        hashes = [bytes.fromhex(text) for reference in references for text in reference.hashes]
        self._hashes = np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 4)
        self._reader = reader
        known = reader.revision if reader else None
        self._featured = [reference for reference in references if reference.features_by == known]
        self._vectors = np.concatenate(
            [np.empty((0, FEATURES), np.float32), *(unpacked(reference.features) for reference in self._featured)]
        )
        listed = repr([(reference.id, reference.sha256) for reference in self.references])
        self.revision = hashlib.sha256(listed.encode()).hexdigest()

    def matches(self, picture: View) -> tuple[Match, ...]:
        """Every reference the picture is a copy or a crop of, the closest first, and then those it is near to."""
        if not self.references:
            return ()
        copies = self._copies(picture)
        found = {match.reference.id for match in copies}
        return (*copies, *(match for match in self._near(picture) if match.reference.id not in found))

    def _copies(self, picture: View) -> tuple[Match, ...]:
        bits, quality = _hash(picture)
        if quality < _PLAIN:
            return ()
        shape = (len(self.references), len(_CROPS), _ORIENTATIONS)
        differing = np.bitwise_count(self._hashes ^ np.packbits(bits).view(np.uint64))
        distances = differing.sum(axis=1, dtype=np.int64).reshape(shape).min(axis=2)
        found = [self._match(reference, row) for reference, row in zip(self.references, distances, strict=True)]
        return tuple(sorted((match for match in found if match.bits <= MATCH_BITS), key=lambda match: match.bits))

    def _near(self, picture: View) -> tuple[Match, ...]:
        if self._reader is None or not self._featured:
            return ()
        looked = self._reader.features([picture])[0]
        # Not by BLAS, whose threads go on spinning beside whatever looks next; a few thousand rows need none.
        cosines = np.einsum("rf,f->r", self._vectors, looked).reshape(len(self._featured), ROWS).max(axis=1)
        order = [int(at) for at in np.argsort(-cosines) if cosines[at] >= self._featured[at].near_at]
        return tuple(Match(self._featured[at], Likeness.NEAR, 256, float(cosines[at])) for at in order)

    @staticmethod
    def _match(reference: Reference, distances: npt.NDArray[np.int64]) -> Match:
        whole = int(distances[0])
        if whole <= MATCH_BITS:
            return Match(reference, Likeness.COPY, whole)
        return Match(reference, Likeness.CROP, int(distances.min()))


def _variants(picture: View) -> Iterator[View]:
    height, width, _ = picture.shape
    for top, bottom, left, right in _CROPS:
        rows = slice(round(height * top), round(height * (1 - bottom)))
        columns = slice(round(width * left), round(width * (1 - right)))
        part = picture[rows, columns]
        for turns in range(4):
            turned = np.rot90(part, turns)
            yield turned
            yield turned[:, ::-1]


def _hash(picture: View) -> tuple[Bits, int]:
    """The 256 bits and the quality, 0 to 100, of a picture, made smaller first: they say nothing of details."""
    try:
        import pdqhash  # type: ignore[import-untyped]
    except ImportError as missing:
        raise ClassifierError("references: install the package pdqhash==0.2.8") from missing
    smaller = max(1, min(picture.shape[:2]) // _HASHED_SIDE)
    bits, quality = pdqhash.compute(np.asarray(as_image(picture).reduce(smaller)))
    return np.asarray(bits, dtype=np.uint8), int(quality)
