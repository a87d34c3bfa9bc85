"""The visible label: what a person sees without any tool.

- "text" is a small plate in the lower left corner, "simulation" a band across the bottom, "none" leaves the pixels.
- The plate is opaque, white on near-black with a light edge, so it reads on any background, light or dark.
- The letters are at least 10 pixels high and grow with the picture, legible from 128 pixels on.

Sources: EU AI Act Art. 50 (perceptible label), GB 45438-2025 (label at an edge or corner), India's IT rules 2026.
"""

from enum import StrEnum

from PIL import Image, ImageDraw, ImageFont

_INK, _PLATE, _EDGE = (255, 255, 255), (16, 16, 16), (200, 200, 200)
_SMALLEST_LETTERS = 10
_SHARE = 28  # the letters are a twenty-eighth of the shorter side


class VisibleLabel(StrEnum):
    """How a picture says on its face that it was generated."""

    NONE = "none"
    TEXT = "text"
    SIMULATION = "simulation"


def draw_label(image: Image.Image, label: str) -> Image.Image:
    """The image with its label, a new image unless the label is "none"; ValueError for an unknown label."""
    if label not in set(VisibleLabel):
        raise ValueError(f"label: {label!r} is not one of {', '.join(VisibleLabel)}")
    if label == VisibleLabel.NONE:
        return image
    labelled = image.copy()
    if label == VisibleLabel.TEXT:
        _plate(labelled, "AI-generated")
    else:
        _band(labelled, "SIMULATION, AI-generated")
    return labelled


def _plate(image: Image.Image, text: str) -> None:
    pencil, font, width, height = _prepare(image, text)
    pad = max(2, height // 3)
    top, right = image.height - height - 2 * pad - 1, width + 2 * pad + 1
    pencil.rectangle((-1, top, right, image.height), fill=_PLATE, outline=_EDGE)
    pencil.text((pad, image.height - pad), text, font=font, fill=_INK, anchor="ld")


def _band(image: Image.Image, text: str) -> None:
    pencil, font, _, height = _prepare(image, text)
    pad = max(2, height // 2)
    pencil.rectangle((-1, image.height - height - 2 * pad - 1, image.width, image.height), fill=_PLATE, outline=_EDGE)
    pencil.text((image.width / 2, image.height - pad), text, font=font, fill=_INK, anchor="md")


def _prepare(image: Image.Image, text: str) -> tuple[ImageDraw.ImageDraw, ImageFont.FreeTypeFont, int, int]:
    """A pencil, the largest fitting font up to the wanted size, and the text's width and height in pixels."""
    pencil = ImageDraw.Draw(image)
    size = max(_SMALLEST_LETTERS, min(image.size) // _SHARE)
    while True:
        font = ImageFont.load_default(size)
        if not isinstance(font, ImageFont.FreeTypeFont):
            raise RuntimeError("Pillow: it was built without FreeType; install the wheel from PyPI to draw labels")
        left, top, right, bottom = pencil.textbbox((0, 0), text, font=font, anchor="ld")
        if size <= _SMALLEST_LETTERS // 2 or right - left <= image.width - 4:
            return pencil, font, round(right - left), round(bottom - top)
        size -= 1
