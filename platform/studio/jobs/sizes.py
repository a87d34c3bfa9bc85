"""Sizes by where a picture will be seen: what a model makes for each, and the rendition that it is delivered as later.

Only what a model makes well is offered. A shape not far from its own is made as it is, of about as many pixels. One
further off would come out doubled, so the model's own shape is made, and the released picture is cropped to the channel
where there is a rendition that crops; otherwise the channel is left out. Nothing is ever enlarged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.catalogue.models import Model

A4 = 210 / 297
# How far from its own shape a model still draws whole: less far for one that was taught on few pixels.
FURTHEST, FURTHEST_SMALL, SMALL_PIXELS = 2.0, 1.45, 512 * 512
BOX, LONGEST_DRAWN = 40, 32


@dataclass(frozen=True, slots=True)
class Preset:
    """A channel. `rendition` is the name of the shape (`provenance.renditions`) that its released picture is had in;
    `crops` says that it may leave part of the picture out."""

    name: str
    title: str | Promise
    ratio: float
    rendition: str
    crops: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """What one model makes for a channel, in pixels; `cropped` says that its shape is cut from that once released."""

    preset: Preset
    width: int
    height: int
    cropped: bool = False

    @property
    def drawn(self) -> dict[str, int]:
        """The channel's outline in a box of 40 by 40, for the eye."""
        long = max(self.preset.ratio, 1)
        width, height = round(LONGEST_DRAWN * self.preset.ratio / long), round(LONGEST_DRAWN / long)
        return {"x": (BOX - width) // 2, "y": (BOX - height) // 2, "width": width, "height": height}


PRESETS = (
    Preset("square", _("Square post"), 1, "square", crops=True),
    Preset("portrait", _("Portrait post"), 4 / 5, "portrait", crops=True),
    Preset("story", _("Story"), 9 / 16, "story", crops=True),
    Preset("slide", _("Slide"), 16 / 9, "web-jpeg"),
    Preset("banner", _("Banner"), 3, "banner", crops=True),
    Preset("a4", _("A4 print, upright"), A4, "print-png"),
    Preset("a4-wide", _("A4 print, across"), 1 / A4, "print-png"),
)


def sizes_of(model: Model) -> Iterator[Size]:
    """What this model can make, channel by channel."""
    for preset in PRESETS:
        if (size := size_for(model, preset.name)) is not None:
            yield size


def size_for(model: Model, name: str) -> Size | None:
    """The size for one channel; None where it is not offered with this model, or nothing is known by that name."""
    preset = next((preset for preset in PRESETS if preset.name == name), None)
    width, height = (model.defaults.get(side) for side in ("width", "height"))
    if preset is None or not (isinstance(width, int) and isinstance(height, int)):
        return None
    near = None
    if _stretch(preset.ratio, width / height) <= (FURTHEST if width * height >= SMALL_PIXELS else FURTHEST_SMALL):
        near = pipeline.size_near(model.family, Path(model.folder), ratio=preset.ratio, pixels=width * height)
    if near is not None:
        return Size(preset, *near)
    return Size(preset, width, height, cropped=True) if preset.crops else None


def _stretch(ratio: float, own: float) -> float:
    return max(ratio / own, own / ratio)
