"""Sizes by where a picture will be seen: what a model makes of each, and the rendition that it is delivered as later.

Only what can be made is offered: a size is worked out from the model's own area and steps, and a channel whose ratio
the model cannot meet is left out. Nothing is enlarged here or later; a rendition is at most as large as the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.catalogue.models import Model

A4 = 210 / 297
BOX, LONGEST_DRAWN = 40, 32


@dataclass(frozen=True, slots=True)
class Preset:
    """A channel. `rendition` is the name of the shape (`provenance.renditions`) that its released picture is had in."""

    name: str
    title: str | Promise
    ratio: float
    rendition: str


@dataclass(frozen=True, slots=True)
class Size:
    """What one model makes for a channel, in pixels."""

    preset: Preset
    width: int
    height: int

    @property
    def drawn(self) -> dict[str, int]:
        """Its outline in a box of 40 by 40, for the eye."""
        long = max(self.width, self.height)
        width, height = (round(LONGEST_DRAWN * side / long) for side in (self.width, self.height))
        return {"x": (BOX - width) // 2, "y": (BOX - height) // 2, "width": width, "height": height}


PRESETS = (
    Preset("square", _("Square post"), 1, "square"),
    Preset("portrait", _("Portrait post"), 4 / 5, "portrait"),
    Preset("story", _("Story"), 9 / 16, "story"),
    Preset("slide", _("Slide"), 16 / 9, "web-jpeg"),
    Preset("banner", _("Banner"), 3, "banner"),
    Preset("a4", _("A4 print, upright"), A4, "print-png"),
    Preset("a4-wide", _("A4 print, across"), 1 / A4, "print-png"),
)


def sizes_of(model: Model) -> Iterator[Size]:
    """What this model can make, channel by channel."""
    for preset in PRESETS:
        if (size := size_for(model, preset.name)) is not None:
            yield size


def size_for(model: Model, name: str) -> Size | None:
    """The size for one channel; None where the model cannot make it, or nothing is known by that name."""
    preset = next((preset for preset in PRESETS if preset.name == name), None)
    own = (model.defaults.get("width"), model.defaults.get("height"))
    if preset is None or not all(isinstance(side, int) for side in own):
        return None
    near = pipeline.size_near(model.family, Path(model.folder), ratio=preset.ratio, pixels=own[0] * own[1])
    return Size(preset, *near) if near else None
