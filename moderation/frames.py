"""What a frame is before anyone asks what it shows: a picture, or nothing that a network could judge.

Not a measure of quality. The nudity networks give arbitrary scores to frames without features (a grey
gradient reads as 0.6 of nudity), so such frames and quarters are named for what they are and not shown to them.

Shapes and units: views are RGB8, height x width x 3; differences are in steps of 255.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from PIL import Image

from moderation.views import View, as_image

_THUMBNAIL = 32  # pixels a side in which features are looked for: noise averages out, outlines stay
_UNIFORM = 2.0  # standard deviation below which a frame is of one colour
_BEND = 6.0  # second difference that an outline makes and a gradient does not
_OUTLINED = 0.008  # share of bent pixels below which there is no outline, only a stray dot or a cusp
_NOISE_CORRELATION = 0.15  # neighbouring pixels of real and drawn pictures correlate above 0.5
_NOISE_DEVIATION = 8.0
_CROP = 256  # pixels a side of the crop in which neighbours are compared


class Kind(StrEnum):
    """What a frame is. Only a `picture` is worth a network's opinion."""

    PICTURE = "picture"
    UNIFORM = "uniform"
    FEATURELESS = "featureless"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame's kind, with the measurements it rests on."""

    kind: Kind
    deviation: float
    outlined: float
    correlation: float

    @property
    def is_picture(self) -> bool:
        """Whether the frame shows something."""
        return self.kind is Kind.PICTURE

    def to_json(self) -> Mapping[str, str | float]:
        """The frame as JSON values."""
        return {
            "kind": self.kind.value,
            "deviation": round(self.deviation, 2),
            "outlined": round(self.outlined, 4),
            "correlation": round(self.correlation, 2),
        }


def frame_of(view: View) -> Frame:
    """Look at one view, at least 16 pixels a side."""
    small = _thumbnail(view)
    deviation, outlined = float(small.std(axis=(0, 1)).max()), _outlined(small)
    correlation, contrast = _neighbours(view)
    if correlation < _NOISE_CORRELATION and contrast > _NOISE_DEVIATION:
        kind = Kind.NOISE
    elif outlined >= _OUTLINED or contrast >= _NOISE_DEVIATION:
        kind = Kind.PICTURE
    else:
        kind = Kind.UNIFORM if deviation < _UNIFORM else Kind.FEATURELESS
    return Frame(kind, deviation, outlined, correlation)


def _thumbnail(view: View) -> npt.NDArray[np.float32]:
    """The view in at most 32 x 32 pixels, each the mean of what it covers."""
    height, width, _ = view.shape
    size = (min(width, _THUMBNAIL), min(height, _THUMBNAIL))
    return np.asarray(as_image(view).resize(size, Image.Resampling.BOX), dtype=np.float32)


def _outlined(small: npt.NDArray[np.float32]) -> float:
    """The share of pixels where brightness bends along a row or column: near 0 in gradients, not at any outline."""
    across = np.abs(small[1:-1, :-2] - 2.0 * small[1:-1, 1:-1] + small[1:-1, 2:]).max(axis=2)
    down = np.abs(small[:-2, 1:-1] - 2.0 * small[1:-1, 1:-1] + small[2:, 1:-1]).max(axis=2)
    return float((np.maximum(across, down) > _BEND).mean())


def _neighbours(view: View) -> tuple[float, float]:
    """How neighbouring pixels of the middle correlate (1 for what is smooth), and how strongly they vary locally."""
    height, width, _ = view.shape
    top, left = max(0, (height - _CROP) // 2), max(0, (width - _CROP) // 2)
    grey = view[top : top + _CROP, left : left + _CROP].astype(np.float32).mean(axis=2)
    here, beside = grey[:, :-1].ravel(), grey[:, 1:].ravel()
    contrast = float((here - beside).std())
    spread = float(here.std()) * float(beside.std())
    if spread < 1e-6:
        return 1.0, contrast
    # Sums, not a product of matrices: that would wake threads, which go on spinning beside whatever looks next.
    return float(((here - here.mean()) * (beside - beside.mean())).mean()) / spread, contrast
