"""The measurement: `python -m tests.provenance.watermark.survival --help`. Writes JSON lines; `report` makes tables."""

import argparse
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.provenance.watermark.survival.attacks import ATTACKS, FURTHER, Attack, screens
from tests.provenance.watermark.survival.peers import Contender, ours, peers, wrong_bits
from tests.provenance.watermark.survival.pictures import Picture, drawings, photographs, scaled, smileys, variants
from tests.provenance.watermark.survival.quality import psnr, ssim

_LARGEST = 2048
_LARGE_PICTURES = 20
# The neural peer takes a minute and a half of a core for each.
_PEER_PICTURES = 15


def main() -> int:
    """Measure, and write what was found."""
    options = _options()
    found = photographs(options.photographs)
    with ExitStack() as stack, options.out.open("w", encoding="utf-8") as out:
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        shots = stack.enter_context(screens(browser)) if browser and not options.no_screens else {}
        for name, pictures in _sets(found, options):
            contenders = [ours(), *(peers(options.peers) if name == "peers" and options.peers else ())]
            attacks = {**ATTACKS, **shots, **({} if name == "peers" else FURTHER)} if name != "large" else {}
            for row in _rows(pictures, contenders, attacks, skip=options.skip):
                out.write(json.dumps({"set": name, **row}) + "\n")
                out.flush()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.provenance.watermark.survival",
        description="What the watermark survives, on photographs that packages ship, beside its peers.",
        epilog="example: make bench-watermark",
    )
    parser.add_argument("--photographs", type=Path, required=True, help="the folder the packages were unpacked to")
    parser.add_argument("--drawings", type=Path, help="a folder with pictures of the starter model")
    parser.add_argument("--peers", help="the folder with the package `imwatermark` and what it needs")
    parser.add_argument("--out", type=Path, required=True, help="the JSON lines to write")
    parser.add_argument("--sets", default="photographs,small,flat,large,peers", help="which sets, by comma")
    parser.add_argument("--most", type=int, default=10**6, help="at most so many pictures a set, for a trial")
    parser.add_argument("--skip", type=int, default=0, help="leave out so many pictures, measured before")
    parser.add_argument("--no-screens", action="store_true", help="leave the screenshots out")
    return parser.parse_args()


def _sets(found: dict[str, Image.Image], options: argparse.Namespace) -> Iterator[tuple[str, list[Picture]]]:
    every = [list(variants(name, image, seed=at)) for at, (name, image) in enumerate(sorted(found.items()))]
    flat = [*smileys(), *(drawings(options.drawings) if options.drawings else ())]
    sets = {
        "photographs": [picture for group in every for picture in group],
        "small": [_within(name, image, 256) for name, image in found.items()],
        "flat": flat,
        "large": [_within(name, image, _LARGEST) for name, image in found.items() if min(image.size) >= 1600],
        "peers": [next((v for v in group if "512" in v.variant), group[0]) for group in every if group],
    }
    sets["large"] = sets["large"][:_LARGE_PICTURES]
    sets["peers"] = sets["peers"][:: -(-len(sets["peers"]) // _PEER_PICTURES) or 1]
    for name in options.sets.split(","):
        yield name, sets[name][: options.most]


def _within(name: str, image: Image.Image, side: int) -> Picture:
    """The photograph at the area of a square of this side."""
    small = scaled(image, min(1.0, side / (image.width * image.height) ** 0.5))
    return Picture(name, f"whole, area {side}²", small)


def _rows(
    pictures: Sequence[Picture], contenders: Sequence[Contender], attacks: dict[str, Attack], *, skip: int
) -> Iterator[dict[str, Any]]:
    for at, picture in enumerate(pictures[skip:], start=skip):
        sys.stderr.write(f"\r{at + 1}/{len(pictures)} {picture.name} {picture.variant}        ")
        for contender in contenders:
            yield _row(picture, contender, attacks, seed=at)
    sys.stderr.write("\n")


def _row(picture: Picture, contender: Contender, attacks: dict[str, Attack], *, seed: int) -> dict[str, Any]:
    payload, chance = np.random.default_rng(seed).bytes(contender.bits // 8), np.random.default_rng(seed)
    begin = time.process_time()
    marked = contender.embed(picture.image, payload)
    between = time.process_time()
    contender.read(marked)
    end = time.process_time()
    wrong = {name: wrong_bits(payload, contender.read(attack(marked, chance))) for name, attack in attacks.items()}
    return {
        "picture": picture.name,
        "variant": picture.variant,
        "size": picture.image.size,
        "mark": contender.name,
        "psnr": psnr(picture.image, marked),
        "ssim": ssim(picture.image, marked),
        # The processor's time, which other work on the machine hardly moves.
        "embed_ms": 1000 * (between - begin),
        "read_ms": 1000 * (end - between),
        "wrong": wrong,
    }


if __name__ == "__main__":
    raise SystemExit(main())
