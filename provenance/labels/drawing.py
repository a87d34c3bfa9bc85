"""Drawing the visible label, and working out where it is in a picture of a given size.

- "text" is a plate in the lower left corner, "icon" a smaller one with two letters, "simulation" a band across the
  bottom, "none" leaves the pixels.
- The plate is opaque, white on near-black with a light edge, so it reads on any background, light or dark.
- The letters are a twentieth of the shorter side (GB 45438-2025 asks for five per cent) and at least 11 pixels. What
  does not fit at that size gives way to something shorter: the band to its leading word, the plate to the icon. So a
  label is legible from 64 pixels on; below that it is drawn as large as it can be.

Sources: EU AI Act Art. 50 and its code of practice (label or icon), GB 45438-2025, India's IT rules 2026.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from provenance.labels.words import FONT, glyphs

INK, PLATE, EDGE = (255, 255, 255), (16, 16, 16), (205, 205, 205)
SMALLEST_LETTERS = 11
SHARE = 20  # the letters are a twentieth of the shorter side
_LEAST_LETTERS = 5  # in pictures too small for any label
_HEIGHT = 1.9  # of the plate, in letters: room for the vowel signs above and below
_MARGIN = 0.55  # beside the words, in letters


class VisibleLabel(StrEnum):
    """How a picture says on its face that it was generated."""

    NONE = "none"
    TEXT = "text"
    ICON = "icon"
    SIMULATION = "simulation"


# What each label draws, best first.
_USES = {
    VisibleLabel.TEXT: ("text", "sign"),
    VisibleLabel.ICON: ("sign",),
    VisibleLabel.SIMULATION: ("band", "warning", "sign"),
}


@dataclass(frozen=True, slots=True)
class Plate:
    """A label laid out for one picture: what it draws, in letters of how many pixels, on a plate of what size.

    The plate lies in the lower left corner; `width` and `height` include its edge.
    """

    use: str
    language: str
    letters: int
    width: int
    height: int

    @property
    def mark(self) -> str:
        """The private character that draws its words."""
        return glyphs(self.language)[self.use][0]


def letters_for(width: int, height: int) -> int:
    """The size of a label's letters in a picture, in pixels."""
    return max(SMALLEST_LETTERS, -(-min(width, height) // SHARE))


def plate_height(letters: int) -> int:
    """The height of a plate with letters of this size."""
    return round(letters * _HEIGHT)


def lay_out(label: str, language: str, width: int, height: int, *, letters: int | None = None) -> Plate:
    """The plate of a label that is not "none", for a picture of this size; the letters' size may be prescribed."""
    wanted = letters or letters_for(width, height)
    uses = _USES[VisibleLabel(label)]
    for use in uses:
        plate = plate_of(use, language, wanted, width)
        if fits(plate, width, height):
            return plate
    for smaller in range(wanted - 1, _LEAST_LETTERS - 1, -1):
        plate = plate_of(uses[-1], language, smaller, width)
        if fits(plate, width, height):
            break
    return plate


def plate_of(use: str, language: str, letters: int, picture_width: int) -> Plate:
    """The plate of one wording at one size, whether or not it fits."""
    height = plate_height(letters)
    words = round(word_font(letters).getlength(glyphs(language)[use][0]))
    whole = words + 2 * round(letters * _MARGIN)
    width = picture_width if use in {"band", "warning"} and whole <= picture_width else max(whole, height)
    return Plate(use, language, letters, width, height)


def fits(plate: Plate, width: int, height: int) -> bool:
    """Whether a plate leaves most of the picture to the picture."""
    return plate.width <= width and plate.height * 3 <= height


def draw_label(image: Image.Image, label: str, language: str = "en", *, letters: int | None = None) -> Image.Image:
    """The image with its label, a new image unless the label is "none".

    `letters` prescribes their size in pixels, where another label has to be covered. ValueError for an unknown label or
    language.
    """
    if label not in set(VisibleLabel):
        raise ValueError(f"label: {label!r} is not one of {', '.join(VisibleLabel)}")
    if label == VisibleLabel.NONE:
        return image
    plate = lay_out(label, language, image.width, image.height, letters=letters)
    labelled = image.copy()
    labelled.paste(picture_of(plate), (0, image.height - plate.height))
    return labelled


def picture_of(plate: Plate) -> Image.Image:
    """The plate itself, an RGB image: edge above and, unless it is a band, on the right."""
    image = Image.new("RGB", (plate.width, plate.height), PLATE)
    pencil = ImageDraw.Draw(image)
    edge = max(1, plate.letters // 14)
    pencil.rectangle((0, 0, plate.width, edge - 1), fill=EDGE)
    if plate.use not in {"band", "warning"}:
        pencil.rectangle((plate.width - edge, 0, plate.width, plate.height), fill=EDGE)
    font = word_font(plate.letters)
    left, top, right, bottom = font.getbbox(plate.mark, anchor="ls")
    at = ((plate.width - left - right) / 2, (edge + plate.height - top - bottom) / 2)
    pencil.text(at, plate.mark, font=font, fill=INK, anchor="ls")
    return image


@lru_cache(maxsize=64)
def word_font(letters: int) -> ImageFont.FreeTypeFont:
    """The bundled font; each of its glyphs is a whole wording, so no shaping engine is needed or wanted."""
    return ImageFont.truetype(FONT, letters, layout_engine=ImageFont.Layout.BASIC)
