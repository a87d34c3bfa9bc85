"""The pictures that finding is measured on: photographs that a package ships, and drawings.

The photographs are those of GCompris (Debian's `gcompris-qt-data`: animals, monuments, scenery under free licences).
They lie in Qt resource files, stored as they are, so they are found by the marks at their beginning; `apt-get download
gcompris-qt-data && dpkg -x gcompris-qt-data_*.deb FOLDER` needs no root. Nothing of them is kept in this repository.
"""

import io
import re
import struct
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.provenance.office import Pixels

PHOTOGRAPHS = ("details", "erase", "explore_farm_animals", "explore_monuments", "explore_world_animals")
_BEGIN = re.compile(rb"RIFF....WEBP|\xff\xd8\xff[\xe0\xe1\xdb]", re.DOTALL)
_SMALLEST_SIDE = 380
_LARGEST_SIDE = 768
_LONGEST = 4 * 2**20


def photographs(folder: Path) -> list[Image.Image]:
    """Every photograph in the package's files under a folder, at most 768 pixels long; ValueError for none."""
    found = [picture for name in PHOTOGRAPHS for file in sorted(folder.rglob(f"{name}.rcc")) for picture in _in(file)]
    if not found:
        raise ValueError(f"--photographs: no file of gcompris-qt-data under {folder}")
    return found


def pictures(folder: Path) -> list[Image.Image]:
    """The picture files right in a folder, by name."""
    return [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.png"))]


def drawings(count: int, *, side: int = 512) -> list[Image.Image]:
    """Discs of many colours on a light ground, another drawing for every number."""
    drawn = (Pixels.shapes(side, side, seed=seed) for seed in range(count))
    return [Image.frombytes("RGB", (side, side), pixels.data) for pixels in drawn]


def _in(file: Path) -> Iterator[Image.Image]:
    data = file.read_bytes()
    for match in _BEGIN.finditer(data):
        begin = match.start()
        riff = data[begin : begin + 4] == b"RIFF"
        size = 8 + struct.unpack_from("<I", data, begin + 4)[0] if riff else _LONGEST
        try:
            with Image.open(io.BytesIO(data[begin : begin + size])) as image:
                if min(image.size) < _SMALLEST_SIDE:
                    continue
                picture = image.convert("RGB")
        except OSError:
            continue  # a thumbnail inside another file, or bytes that only look like a beginning
        picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        yield picture
