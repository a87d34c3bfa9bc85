"""Finding a visible label of ours in the pixels of a picture, whatever its file says.

The plate is looked for in the lower left corner, then every wording that would make a plate of that size is drawn again
and compared. Re-encoding leaves it readable; a crop or another size moves it, and then it is not found: absence shows
only that none of our labels is where it was put.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.labels.drawing import PLATE, Plate, VisibleLabel, picture_of, plate_height, plate_of
from provenance.labels.words import LANGUAGES, glyphs

_NEAR = 48  # how far re-encoding may move a channel of the plate's colour
_ALIKE = 0.75  # correlation of the drawn words with the pixels
_SLACK = 3  # pixels by which an edge may be misjudged
_USES = {"text": VisibleLabel.TEXT, "sign": VisibleLabel.ICON}


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A label of ours: which, in which language, and its plate. Several languages may share their words."""

    label: VisibleLabel
    plate: Plate

    @property
    def language(self) -> str:
        """The first language with these words."""
        return self.plate.language


def find_label(image: Image.Image) -> FoundLabel | None:
    """The label in an RGB image, None if there is none of ours where it would be."""
    dark = _dark(image)
    height = _run(np.logical_and.reduce(dark[::-1, : max(1, min(4, image.width))], axis=1))
    if height < plate_height(5) - _SLACK or height * 2 > image.height:
        return None
    # Words may reach into some rows of the plate, never into all of them.
    width = max(_run(row) for row in dark[-height:])
    best: tuple[float, FoundLabel] | None = None
    for plate in _candidates(width, height, image.width):
        likeness = _likeness(image, plate)
        if likeness >= _ALIKE and (best is None or likeness > best[0] + 1e-6):
            label = _USES.get(plate.use, VisibleLabel.SIMULATION)
            best = likeness, FoundLabel(label, plate)
    return best[1] if best else None


def _dark(image: Image.Image) -> NDArray[np.bool_]:
    """Which pixels of the lower half could be plate."""
    lower = image.crop((0, image.height // 2, image.width, image.height))
    pixels = np.asarray(lower, dtype=np.int16)
    near: NDArray[np.bool_] = np.abs(pixels - np.array(PLATE, dtype=np.int16)) <= _NEAR
    return np.logical_and.reduce(near, axis=2)  # type: ignore[no-any-return]  # a ufunc's reduction is untyped


def _run(flags: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return int(np.argmin(flags)) if not flags.all() else len(flags)


def _candidates(width: int, height: int, picture_width: int) -> list[Plate]:
    """Every plate whose dark part would be that large."""
    found = []
    for letters in range(max(5, int((height - _SLACK) / 1.9)), int((height + _SLACK) / 1.75) + 2):
        edge = max(1, letters // 14)
        if abs(plate_height(letters) - edge - height) > _SLACK:
            continue
        for language, use in _distinct():
            plate = plate_of(use, language, letters, picture_width)
            dark = plate.width if use in {"band", "warning"} else plate.width - edge
            if plate.width <= picture_width and abs(dark - width) <= _SLACK:
                found.append(plate)
    return found


@cache
def _distinct() -> tuple[tuple[str, str], ...]:
    """Every wording once: languages may share one."""
    uses = ((language, use, words) for language in LANGUAGES for use, (_, words) in glyphs(language).items())
    first: dict[str, tuple[str, str]] = {}
    for language, use, words in uses:
        first.setdefault(words, (language, use))
    return tuple(first.values())


def _likeness(image: Image.Image, plate: Plate) -> float:
    """The correlation of the plate's words as drawn with the pixels in their place, -1 to 1; its edge is left out."""
    edge = plate.letters // 14 + 2
    words = (edge, edge, plate.width - edge, plate.height - 1)
    drawn = np.asarray(picture_of(plate).crop(words).convert("L"), dtype=np.float32).ravel()
    above = image.height - plate.height
    box = (words[0], above + words[1], words[2], above + words[3])
    seen = np.asarray(image.crop(box).convert("L"), dtype=np.float32).ravel()
    drawn -= drawn.mean()
    seen -= seen.mean()
    size = float(np.linalg.norm(drawn) * np.linalg.norm(seen))
    return float(drawn @ seen) / size if size else 0.0
