"""False alarms: many pictures without a mark, each read under a key of its own.

`python -m tests.provenance.watermark.survival.alarms --photographs DIR --out FILE` writes one JSON line. That no whole
check is right says little about a rate of one in a thousand million; that the first byte of it is right as often as by
lot, over some ten thousand frames, says that the frames are drawn by lot, from which the rate follows.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from provenance.watermark.codec import PAYLOAD_BYTES, check_of, checked
from provenance.watermark.pattern import Pattern
from provenance.watermark.reading import attempts
from tests.provenance.watermark.survival.pictures import part, photographs, scaled


def main() -> int:
    """Count, and write what was counted."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.provenance.watermark.survival.alarms",
        description="Read pictures without a mark, each under a key of its own, and count what is found.",
        epilog="example: make bench-watermark-alarms",
    )
    parser.add_argument("--photographs", type=Path, required=True, help="the folder the packages were unpacked to")
    parser.add_argument("--pictures", type=int, default=20_000, help="how many (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the JSON line to write")
    options = parser.parse_args()
    frames = first = whole = 0
    for number, image in enumerate(_pictures(options.photographs, options.pictures)):
        key = np.random.default_rng(number).bytes(32)
        for attempt in attempts(image, Pattern.of_key(key)):
            frames += 1
            first += check_of(attempt.frame[:PAYLOAD_BYTES])[0] == attempt.frame[PAYLOAD_BYTES]
            whole += checked(attempt.frame) is not None
        if number % 100 == 0:
            sys.stderr.write(f"\r{number} {frames} {first} {whole}   ")
    kinds = "six in ten parts of photographs, two in ten drawings, two in ten noise; 96² to 384²"
    answer = {"set": "alarms", "pictures": options.pictures, "kinds": kinds, "attempts": frames, "first_byte": first}
    options.out.write_text(json.dumps({**answer, "alarms": whole}) + "\n", encoding="utf-8")
    return 0


def _pictures(folder: Path, count: int) -> Iterator[Image.Image]:
    motifs = [scaled(image, min(1.0, 1200 / max(image.size))) for image in photographs(folder).values()]
    chance = np.random.default_rng(2026)
    for number in range(count):
        side = int(chance.integers(96, 385))
        if number % 10 < 6:
            yield part(motifs[int(chance.integers(len(motifs)))], side, chance)
        elif number % 10 < 8:
            yield _drawing(side, chance)
        else:
            spread = float(chance.uniform(2, 60))
            noise = chance.normal(128, spread, (side, side, 3))
            yield Image.fromarray(noise.clip(0, 255).astype(np.uint8))


def _drawing(side: int, chance: np.random.Generator) -> Image.Image:
    image = Image.new("RGB", (side, side), tuple(int(value) for value in chance.integers(0, 256, 3)))
    pencil = ImageDraw.Draw(image)
    for _ in range(int(chance.integers(1, 12))):
        x, y, size = (int(value) for value in chance.integers(0, side, 3))
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        draw = pencil.ellipse if chance.integers(2) else pencil.rectangle
        draw((x, y, x + size // 2 + 1, y + size // 2 + 1), fill=colour)
    return image


if __name__ == "__main__":
    raise SystemExit(main())
