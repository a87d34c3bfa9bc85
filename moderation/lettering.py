"""Words that stand in a picture, read so that the prompt screen can judge them: a sign, a banner, a caption.

Not a transcript: what is read goes through the prompt screen and is then forgotten; records keep its digest and
what was found. The reader (PP-OCR networks, Apache-2.0) comes with the optional package `rapidocr-onnxruntime`
and knows Latin and Chinese letters. Where it is not installed, lettering is `not_screened`, never "passed".

Shapes and units: views are RGB8, height x width x 3; confidence lies in [0, 1].
"""

from __future__ import annotations

import math
from typing import Any, Protocol

from PIL import Image

from moderation.errors import ClassifierError
from moderation.views import View, as_image

_SURE = 0.6  # lines read with less confidence are guesses at texture
_SIDE = 1280  # longer side that is read; lettering that is smaller than this shows cannot be read by people either
_LONGEST = 2000  # characters that are screened


class TextReader(Protocol):
    """Anything that reads lettering."""

    @property
    def id(self) -> str:
        """A short name that records carry."""

    def read(self, view: View) -> tuple[str, ...]:
        """The lines that stand in the view, from top to bottom; empty when there are none."""


class RapidOcr:
    """The optional reader. Loaded by `load`; may be shared by threads."""

    id = "rapidocr"

    def __init__(self, engine: Any) -> None:
        """`engine(picture)` answers with (lines, times), a line being (box, text, confidence), or (None, None)."""
        self._engine = engine

    @classmethod
    def load(cls, *, threads: int) -> RapidOcr:
        """Load the networks inside the wheel; raises `ClassifierError` when the package is not installed."""
        try:
            from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError as missing:
            raise ClassifierError("lettering: install the packages of requirements-ocr.txt to read it") from missing
        return cls(RapidOCR(intra_op_num_threads=threads, inter_op_num_threads=1))

    def read(self, view: View) -> tuple[str, ...]:
        """See `TextReader.read`; raises `ClassifierError` when the answer is no list of lines."""
        import numpy as np

        picture = as_image(view)
        picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BICUBIC)
        lines, _ = self._engine(np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))  # trained on BGR
        try:
            read = [(str(text), float(sure)) for _, text, sure in lines or ()]
            if not all(math.isfinite(sure) for _, sure in read):
                raise ValueError("a confidence is no number")
            return tuple(text for text, sure in read if sure >= _SURE and text.strip())
        except (TypeError, ValueError) as fault:
            raise ClassifierError(f"lettering: the reader answered with no lines: {fault}") from fault


def as_prompt(lines: tuple[str, ...]) -> str:
    """The lines as one text for the prompt screen, cut to what it takes."""
    return " ".join(lines)[:_LONGEST]
