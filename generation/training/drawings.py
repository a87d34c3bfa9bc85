"""Renders the drawings once and writes the data set: arrays to train on, a manifest for the lineage, a card to read.

Not the composition of pictures (compose.py) and not their captions (captions.py).

Invariants:
- the same packages and the same renderer give the same bytes, so the manifest's SHA-256 names the data;
- every drawing stands in the manifest with its package, version, licence and the SHA-256 of its pixels;
- arrays are uint8 with premultiplied alpha, shape (drawings, SIDE, SIDE, 4), in the order of the manifest.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from generation.training.concepts import FIELDS, LEFT_OUT, PEOPLE, TONES, people_slugs
from generation.training.errors import DataError
from generation.training.sources import STYLES, IconSet, fetch

SIDE = 54
"""Side in pixels at which a drawing that stands alone on the canvas of 64 is rendered."""

_TONE_SUFFIX = {"flat": "", "noto": "-skin-tone"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One line of the manifest. `sha256` is of the RGBA pixels; `tone` and `gender` may be empty."""

    icon: str
    package: str
    version: str
    licence: str
    sha256: str
    concept: str
    field: str
    style: str
    gender: str
    tone: str


@dataclass(frozen=True, slots=True)
class _Wanted:
    concept: str
    field: str
    slug: str
    gender: str
    tone: str


def build(out: Path, cache: Path, *, progress: Callable[[int, int], None]) -> str:
    """Fetch, render and write `manifest.jsonl`, `card.md` and `drawings.npz`; return the manifest's SHA-256.

    Raises DataError.
    """
    check_renderer()
    fetch(cache)
    icons = {style: IconSet.load(cache, package) for style, package in STYLES.items()}
    plan = [(style, want) for style in STYLES for want in _wanted(style) if want.slug in icons[style]]
    out.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((len(plan), SIDE, SIDE, 4), dtype=np.uint8)
    lines = []
    for index, (style, want) in enumerate(plan):
        pixels[index] = render(icons[style].svg(want.slug), SIDE)
        lines.append(json.dumps(asdict(_drawing(style, want, pixels[index])), sort_keys=True))
        progress(index + 1, len(plan))
    manifest = "".join(line + "\n" for line in lines).encode()
    (out / "manifest.jsonl").write_bytes(manifest)
    np.savez_compressed(out / "drawings.npz", pixels=pixels)
    digest = hashlib.sha256(manifest).hexdigest()
    (out / "card.md").write_text(_card(digest, [style for style, _ in plan]), encoding="utf-8")
    return digest


def check_renderer() -> None:
    """Say before the long work that nothing can be rendered; the product itself does without. Raises DataError."""
    if find_spec("resvg_py") is None:
        raise DataError("rendering icons takes the package resvg-py; install what requirements-dev.txt lists")


def render(svg: str, side: int) -> np.ndarray:
    """Render an SVG document to uint8 RGBA with premultiplied alpha, shape (side, side, 4)."""
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg, width=side * 2, height=side * 2, skip_system_fonts=True)
    image = Image.open(io.BytesIO(bytes(png))).convert("RGBA").resize((side * 2, side * 2))
    # Premultiplied before the reduction, so that invisible pixels do not bleed their colour into the edge.
    return np.asarray(image.convert("RGBa").resize((side, side), Image.Resampling.BOX), dtype=np.uint8)


def load(data: Path) -> tuple[list[Drawing], np.ndarray]:
    """Read a data set back: the manifest's drawings and their pixels, in the same order."""
    lines = (data / "manifest.jsonl").read_text().splitlines()
    return [Drawing(**json.loads(line)) for line in lines], np.load(data / "drawings.npz")["pixels"]


def manifest_digest(data: Path) -> str:
    """Return the SHA-256 of a data set's manifest, which names the data in every lineage."""
    return hashlib.sha256((data / "manifest.jsonl").read_bytes()).hexdigest()


def _card(digest: str, styles: list[str]) -> str:
    """Say in words what the data are, where they come from and what was left out on purpose."""
    lines = ["# Drawings for the starter model", "", f"Manifest SHA-256: `{digest}`", ""]
    for style, package in STYLES.items():
        origin = f"{package.name} {package.version}, {package.licence}"
        lines.append(f"- style {style}: {styles.count(style)} drawings from {origin}")
    concepts = sum(len(text.split()) for text in [*FIELDS.values(), *PEOPLE.values()])
    lines += ["", f"{concepts} concepts in five fields. Left out on purpose:", ""]
    lines += [f"- {reason}: {slugs.replace(' ', ', ')}" for slugs, reason in LEFT_OUT.items()]
    return "\n".join(lines) + "\n"


def _drawing(style: str, want: _Wanted, pixels: np.ndarray) -> Drawing:
    package = STYLES[style]
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    origin = (want.slug, package.name, package.version, package.licence, digest)
    return Drawing(*origin, want.concept, want.field, style, want.gender, want.tone)


def _wanted(style: str) -> Iterator[_Wanted]:
    for field, text in FIELDS.items():
        for slug in text.split():
            yield _Wanted(slug, field, slug, "", "")
    for field, text in PEOPLE.items():
        for concept in text.split():
            for gender, slug in people_slugs(concept).items():
                yield _Wanted(concept, field, slug, gender, "")
                for tone in TONES:
                    yield _Wanted(concept, field, f"{slug}-{tone}{_TONE_SUFFIX[style]}", gender, tone)
