"""Pooled features of pictures: what two pictures have in common beyond their pixels, as a cosine.

Not a likeness of persons and not a judgement: the features are the last layer of the nsfwjs network (MobileNetV2)
before it decides, 1280 numbers that stay close when a picture is cropped, mirrored, recoloured or turned a little.
Two drawings of one kind share most of what the network says, so what all pictures share is taken away first: the
square roots of the numbers, less their mean over a cohort of drawings and photographs (`weights/features.npz`).
The reference registry asks a person from `NEAR` on; the representation report measures spread with them.

Shapes and units: vectors (n, 1280) float32 of unit length; views are RGB8, height x width x 3.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from moderation.errors import ClassifierError, InputError
from moderation.nudity import Nsfwjs
from moderation.views import View

WIDTH = 1280
CENTRE_FILE = Path(__file__).parent / "weights" / "features.npz"
# Measured on pictures outside the cohort: 0 of 2450 pairs of different drawings and 3 of 342 of photographs reach it.
NEAR = 0.82
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


class PooledFeatures:
    """The bundled reader. Loaded by `load`; may be shared by threads."""

    def __init__(self, network: Nsfwjs, centre: Vectors, *, revision: str) -> None:
        """`centre`: the mean of square roots, (1280,)."""
        self._network, self._centre, self.revision = network, centre, revision

    @classmethod
    def load(cls, *, threads: int = 1, path: Path = CENTRE_FILE) -> PooledFeatures:
        """Load network and centre; raises `ClassifierError` when one is missing or damaged."""
        network = Nsfwjs.load(threads=threads)
        try:
            content = path.read_bytes()
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                centre = np.asarray(stored["centre"], dtype=np.float32)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as wrong:
            raise ClassifierError(f"features: cannot read {path.name}: {wrong}; restore it") from wrong
        if centre.shape != (WIDTH,) or not np.isfinite(centre).all():
            raise ClassifierError(f"features: {path.name} holds no centre; restore it")
        return cls(network, centre, revision=hashlib.sha256(network.revision.encode() + content).hexdigest())

    def features(self, views: Sequence[View]) -> Vectors:
        """See `FeatureReader.features`; raises `ClassifierError` for an answer that cannot be compared."""
        rows = np.sqrt(np.maximum(self._network.pooled(views), 0.0)) - self._centre
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if rows.shape != (len(views), WIDTH) or not np.isfinite(norms).all() or not (norms > 0.0).all():
            raise ClassifierError("features: the network answered with features that cannot be compared")
        return np.asarray(rows / norms, dtype=np.float32)


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
