"""Pooled features of pictures: what two pictures have in common beyond their pixels, as a cosine.

Not a likeness of persons and not a judgement: the features are the last layer of the nsfwjs network (MobileNetV2)
before it decides, 1280 numbers that stay close when a picture is cropped, mirrored, recoloured or turned a little.
The reference registry asks a person from `NEAR` on; the representation report measures spread with them.

Shapes and units: vectors (n, 1280) float32 of unit length; views are RGB8, height x width x 3.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from moderation.errors import InputError
from moderation.views import View

WIDTH = 1280
NEAR = 0.92  # no pair of different pictures came so close in the measurement that docs/moderation.md reports
# Parts of a reference that are kept beside the whole, as what is cut away: top, bottom, left, right.
_PARTS = (
    (0.0, 0.0, 0.0, 0.0),
    (0.1, 0.1, 0.1, 0.1),
    (0.2, 0.2, 0.2, 0.2),
    (0.0, 0.25, 0.0, 0.25),
    (0.25, 0.0, 0.0, 0.25),
    (0.0, 0.25, 0.25, 0.0),
    (0.25, 0.0, 0.25, 0.0),
)
ROWS = 2 * len(_PARTS)  # vectors kept of a reference: each part, and each part mirrored

Vectors = npt.NDArray[np.float32]


class FeatureReader(Protocol):
    """Anything that turns views into unit vectors."""

    @property
    def revision(self) -> str:
        """SHA-256 of the weights; vectors of different revisions are never compared."""

    def features(self, views: Sequence[View]) -> Vectors:
        """Unit vectors, shape (len(views), 1280)."""


def parts(picture: View) -> tuple[View, ...]:
    """The views of a reference whose features are kept."""
    height, width, _ = picture.shape
    cut = [
        picture[round(height * top) : round(height * (1 - bottom)), round(width * left) : round(width * (1 - right))]
        for top, bottom, left, right in _PARTS
    ]
    return (*cut, *(part[:, ::-1] for part in cut))


def packed(vectors: Vectors) -> str:
    """Unit vectors as base64 of signed bytes, 1/127 a step: 1 % of the space, and cosines keep two decimals."""
    steps = np.clip(np.rint(vectors / np.abs(vectors).max(axis=1, keepdims=True) * 127.0), -127, 127)
    return base64.b64encode(steps.astype(np.int8).tobytes()).decode()


def unpacked(text: str) -> Vectors:
    """The inverse of `packed`; raises `InputError` when the text holds no vectors."""
    try:
        steps = np.frombuffer(base64.b64decode(text, validate=True), np.int8).reshape(-1, WIDTH).astype(np.float32)
    except ValueError as wrong:
        raise InputError("references.features: hold no vectors; register the picture again") from wrong
    return np.asarray(steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-6), dtype=np.float32)
