"""An organisation's own colour, made fit to read: for each scheme the nearest shade with the contrast WCAG asks for.

Pure functions over sRGB colours written `#rrggbb`; it knows no page. Hue and saturation stay, lightness moves. The
grounds are those of tokens.css, and a test compares them.

Source: Web Content Accessibility Guidelines 2.2, "relative luminance", "contrast ratio" and criterion 1.4.3.
"""

import colorsys
import re
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

ENOUGH = 4.5
LIGHTNESSES = 200
# What the colour is read on, and what is printed on the colour itself: light, then dark.
PAPERS = (("#f3f1ec", "#fcfbf9", "#e9e6de"), ("#141312", "#1d1b19", "#0d0c0b"))
PRINTED = ("#fcfbf9", "#0d0c0b")
NOT_A_COLOUR = _("Write it as # and six digits or letters from a to f, like #0a5c8f; your brand’s guide has it so.")
_HEX = re.compile(r"#[0-9a-f]{6}")
is_colour = RegexValidator(r"^#[0-9a-f]{6}\Z", NOT_A_COLOUR)  # what is kept


@dataclass(frozen=True, slots=True)
class Shade:
    """The colour in one scheme: `printed` stands on it, `contrast` is the least that it has (1 to 21)."""

    colour: str
    printed: str
    paper: str
    contrast: float


def parse(text: str) -> str:
    """A colour as it is kept, "#0a5c8f"; `#` and capitals are forgiven. Raises ValidationError."""
    found = f"#{text.strip().lower().removeprefix('#')}"
    if not _HEX.fullmatch(found):
        raise ValidationError(NOT_A_COLOUR)
    return found


def luminance(colour: str) -> float:
    """Relative luminance, from 0 (black) to 1 (white)."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def shades(colour: str) -> tuple[Shade, Shade]:
    """The shade for the light scheme and the one for the dark: `colour` itself wherever that is legible."""
    return _nearest(colour, dark=False), _nearest(colour, dark=True)


def stylesheet(colour: str) -> str:
    """The design tokens that put `colour` in the place of the seal's vermilion."""
    light, dark = shades(colour)
    return (
        f":root {{\n  --seal: light-dark({light.colour}, {dark.colour});\n"
        f"  --on-seal: light-dark({light.printed}, {dark.printed});\n}}\n"
    )


def _nearest(colour: str, *, dark: bool) -> Shade:
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(colour))
    here = round(lightness * LIGHTNESSES)
    steps = range(here, LIGHTNESSES + 1) if dark else range(here, -1, -1)
    beside = (*PAPERS[dark], PRINTED[dark])
    # The first try is the colour as it was given, whatever rounding would make of it.
    tried = [colour, *(_written(colorsys.hls_to_rgb(hue, step / LIGHTNESSES, saturation)) for step in steps)]
    for shade in tried:
        least = min(contrast(shade, ground) for ground in beside)
        if least >= ENOUGH:
            break
    return Shade(shade, PRINTED[dark], PAPERS[dark][0], least)


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red / 255, green / 255, blue / 255


def _written(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
