"""`explain`: one picture's making as a strip of three rows, the finished picture at the end of each."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from generation.child import GenerationChild
from generation.commands.generate import entry_of, spec_of
from generation.engine import GeneratedAsset
from generation.errors import OutputError
from generation.process import Cell, Process, Row, cell

SCALE = 2
EPILOG = """example:
  python -m generation explain --prompt "a farmer, green background" --out strip.png
"""


def add(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "explain",
        help="show how one picture is made: noise added to it, and the picture drawn out of noise",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="starter", help="a model folder, or `starter` (the default)")
    parser.add_argument("--prompt", required=True, help="what the picture shows")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same picture (default 1)")
    parser.add_argument("--steps", type=int, help="denoising steps; the model's default when left out")
    parser.add_argument("--guidance", type=float, help="how hard to follow the prompt")
    parser.add_argument("--width", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--height", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds after which to give up (default 3600)")
    parser.set_defaults(run=run, negative_prompt="", count=1)


def run(options: argparse.Namespace) -> int:
    """Make the picture and write its strip."""
    entry = entry_of(options.model)
    spec = spec_of(options, entry, None)
    entry.check(spec)
    for notice in entry.notices(spec):
        sys.stderr.write(f"{notice}\n")
    with GenerationChild(entry, threads=options.threads) as child:
        *_, asset = child.generate(spec, deadline_s=options.deadline)
    if not isinstance(asset, GeneratedAsset) or asset.process is None:
        raise OutputError("The model's scheduler does not say how much noise is left at a step; explain another model.")
    write(asset, asset.process, options.out)
    sys.stdout.write(f"{options.out}: noise added (first row), what the model had (second) and foresaw (third)\n")
    return 0


def write(asset: GeneratedAsset, process: Process, path: Path) -> None:
    """Write the strip as PNG, with the finished picture where each row begins or ends."""
    from PIL import Image

    finished = cell(np.frombuffer(asset.pixels, np.uint8).reshape(asset.height, asset.width, 3))
    bands = [np.concatenate(_with(finished, row, cells), axis=1) for row, cells in process.rows().items()]
    strip = Image.fromarray(np.concatenate(bands))
    path.parent.mkdir(parents=True, exist_ok=True)
    strip.resize((strip.width * SCALE, strip.height * SCALE), Image.Resampling.NEAREST).save(path, format="PNG")


def _with(finished: Cell, row: Row, cells: list[Cell]) -> list[Cell]:
    return [finished, *cells] if row is Row.ADDED else [*cells, finished]
