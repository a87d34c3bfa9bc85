"""Teaches the starter model a concept that it has never seen, and measures whether the concept appears.

`python -m tests.generation.training.taught` draws forty pictures of a solar cooker, each different, runs
the `finetune` command on them, and asks the new model for cookers it was not shown: other colours, other seeds. Each
painted picture is compared with drawings of cookers that were kept back and with what the parent paints for other
concepts; it counts when the nearest of them all is a cooker. The lineage is then followed from the model to the files.
Exit status 0 only if at least `WANTED` of the pictures count and none of the parent's did.
"""

from __future__ import annotations

import argparse
import colorsys
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generation.training.concepts import FIELDS
from generation.training.inspection import load_painter
from generation.training.network import Painter, sample
from generation.training.session import alphabet_of
from generation.training.sheet import GUIDANCE, STEPS, write
from generation.training.tokens import PAD, Alphabet
from provenance.benchmark.tables import write_between_marks

STARTER = Path(__file__).parents[3] / "generation" / "starter"
WANTED = 0.8
SIDE = 256
TAUGHT = 40
ASKED = 24
NAMES = {"white": (255, 255, 255), "yellow": (250, 219, 94), "green": (88, 172, 96), "light-blue": (152, 206, 244)}


def cooker(rng: np.random.Generator, background: tuple[int, int, int]) -> Image.Image:
    """Draw a parabolic cooker: a tilted dish on a stand with a pot in front, in a size, tilt and hue of its own."""
    image = Image.new("RGB", (SIDE * 2, SIDE * 2), background)
    pen = ImageDraw.Draw(image)
    scale = rng.uniform(0.85, 1.1)
    middle = np.array([SIDE, SIDE * 0.9]) + rng.normal(0, 8, 2)
    dish = tuple(int(255 * c) for c in colorsys.hsv_to_rgb(rng.uniform(0.52, 0.6), rng.uniform(0.2, 0.45), 0.9))
    legs = (70, 70, 80)
    for side in (-1, 1):
        foot = middle + np.array([side * 110, 210]) * scale
        pen.line([tuple(middle), tuple(foot)], fill=legs, width=int(16 * scale))
    wide, high = 190 * scale, rng.uniform(95, 125) * scale
    for part, colour in ((1.0, (120, 130, 140)), (0.9, dish), (0.45, (235, 245, 250))):
        box = [*(middle - np.array([wide, high]) * part), *(middle + np.array([wide, high]) * part)]
        pen.ellipse(box, fill=colour)
    pot = 52 * scale
    pen.rounded_rectangle(
        [middle[0] - pot, middle[1] - pot * 0.8, middle[0] + pot, middle[1] + pot * 0.6], radius=14, fill=(40, 40, 45)
    )
    pen.line([middle[0] - pot * 1.3, middle[1] - pot * 0.4, middle[0] + pot * 1.3, middle[1] - pot * 0.4], legs, 12)
    return image.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=background).resize((SIDE, SIDE))


def write_manifest(folder: Path, count: int) -> Path:
    """Draw `count` cookers and list them with their papers."""
    rng = np.random.default_rng(40)
    lines = []
    for number in range(count):
        colour = list(NAMES)[number % len(NAMES)]
        path = folder / f"cooker-{number:02}.png"
        cooker(rng, NAMES[colour]).save(path)
        line = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "licence": "CC0-1.0"}
        line |= {"source": "drawn by a program", "consent": "no person is shown"}
        lines.append(line | {"caption": f"a solar cooker, {colour.replace('-', ' ')} background"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "manifest.jsonl"


@torch.no_grad()
def paint(painter: Painter, alphabet: Alphabet, names: list[str], *, seed: int) -> NDArray[np.uint8]:
    """Paint one picture on white for each name, uint8 of shape (n, 64, 64, 3)."""
    captions = [alphabet.caption([name, "colour:white"]) for name in names]
    longest = max(map(len, captions))
    tokens = torch.tensor([caption + [PAD] * (longest - len(caption)) for caption in captions])
    noise = torch.randn(len(names), 3, 64, 64, generator=torch.Generator().manual_seed(seed))
    pictures = sample(painter, tokens, noise, steps=STEPS, guidance=GUIDANCE).clamp(-1, 1)
    return ((pictures + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def share_of_cookers(pictures: NDArray[np.uint8], others: NDArray[np.uint8]) -> float:
    """Return the share of pictures whose nearest neighbour is a cooker kept back, not one of `others`."""
    rng = np.random.default_rng(41)
    kept_back = np.stack([np.asarray(cooker(rng, NAMES["white"]).resize((64, 64))) for _ in range(20)])
    shelf = np.concatenate([_features(kept_back), _features(others)])
    nearest = np.square(_features(pictures)[:, None] - shelf[None]).sum(axis=2).argmin(axis=1)
    return float((nearest < len(kept_back)).mean())


def _features(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return pictures reduced to 16 x 16 pixels, flat."""
    reduced: NDArray[np.float64] = pictures.reshape(len(pictures), 16, 4, 16, 4, 3).mean(axis=(2, 4))
    return reduced.reshape(len(pictures), -1)


def table(figures: Mapping[str, float]) -> str:
    """Return the figures as a table, what was painted as shares."""
    shown = {
        name: f"{value:.0%}" if name.startswith(("painted", "other")) else value for name, value in figures.items()
    }
    return "\n".join(["| what | figure |", "|---|---|", *(f"| {name} | {value} |" for name, value in shown.items())])


def main() -> int:
    """Teach, measure and print the figures as JSON."""
    parser = argparse.ArgumentParser(
        description="Fine-tune on forty drawings and measure whether the concept appears.",
        epilog="example: python -m tests.generation.training.taught --steps 550 --sheet cookers.png",
    )
    parser.add_argument("--steps", type=int, default=550, help="of eight pictures each (default: %(default)s)")
    parser.add_argument("--sheet", type=Path, help="also write the painted pictures to this PNG")
    parser.add_argument("--write", type=Path, help="also put the figures into a document, between its marks")
    options = parser.parse_args()
    concepts = [f"concept:{slug}" for field in FIELDS.values() for slug in field.split()][::3]
    with tempfile.TemporaryDirectory() as folder:
        manifest, out = write_manifest(Path(folder), TAUGHT), Path(folder) / "model"
        command = [sys.executable, "-m", "generation", "finetune", "--manifest", str(manifest), "--concept", "cooker"]
        command += ["--word", "en:solar cooker", "--out", str(out), "--steps", str(options.steps)]
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=sys.stderr)
        minutes = round((time.monotonic() - began) / 60, 1)
        lineage = json.loads((out / "lineage.json").read_text())
        traced = sum(
            hashlib.sha256((manifest.parent / p["file"]).read_bytes()).hexdigest() == p["sha256"]
            for p in lineage["pictures"]
        )
        parent, taught = load_painter(STARTER), load_painter(out)
        others = paint(parent, Alphabet.declared(), concepts, seed=3)
        before = paint(parent, alphabet_of(out), ["concept:cooker"] * ASKED, seed=4)
        after = paint(taught, alphabet_of(out), ["concept:cooker"] * ASKED, seed=4)
        kept = paint(taught, alphabet_of(out), concepts, seed=3)
    figures = {
        "steps": options.steps,
        "minutes": minutes,
        "pictures in the lineage": len(lineage["pictures"]),
        "files that the lineage leads to": traced,
        "painted as cookers before": share_of_cookers(before, others),
        "painted as cookers after": share_of_cookers(after, others),
        "other concepts painted as cookers after": share_of_cookers(kept, others),
    }
    if options.sheet:
        write(np.concatenate([after, kept[:24]]), options.sheet)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    if options.write:
        write_between_marks(options.write, table(figures), mark="taught")
    good = figures["painted as cookers after"] >= WANTED and figures["painted as cookers before"] == 0
    return 0 if good and traced == len(lineage["pictures"]) == TAUGHT else 1


if __name__ == "__main__":
    raise SystemExit(main())
