"""`reproduce`: run a recipe again and grade the picture against the first."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from generation.child import GenerationChild
from generation.commands.generate import advance, entry_of, progress, read_picture, write_picture
from generation.engine import GeneratedAsset, Step
from generation.errors import SpecError
from generation.reproduction import Grade, Reproduction, graded, spec_again

EPILOG = """examples:
  python -m generation reproduce tent.json
  python -m generation reproduce tent.json --model ./models/sd15 --reference photo.png --out again.png --json

exit code: 0 bit-exact or visually same, 1 different
"""


def add(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "reproduce",
        help="make a picture again from its recipe and grade it",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("recipe", type=Path, help="the recipe, as JSON")
    parser.add_argument("--model", default="starter", help="a model folder, or `starter` (the default)")
    parser.add_argument("--reference", type=Path, help="the reference picture, when the recipe names one")
    parser.add_argument("--out", type=Path, help="where to write the picture made again, as PNG")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds after which to give up (default 3600)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the picture again and print the grade; return 1 when it is different."""
    recipe, entry = _recipe(options.recipe), entry_of(options.model)
    spec = spec_again(recipe, model=entry.id)
    reference = None if options.reference is None else read_picture(options.reference)
    with GenerationChild(entry, threads=options.threads) as child, progress(spec) as bar:
        for item in child.generate(spec, deadline_s=options.deadline, reference=reference):
            if isinstance(item, Step):
                advance(bar, item, spec)
            else:
                asset: GeneratedAsset = item
    if options.out is not None:
        write_picture(asset, options.out)
    verdict = graded(recipe, asset)
    sys.stdout.write(json.dumps(asdict(verdict)) + "\n" if options.json else _words(verdict))
    return int(verdict.grade is Grade.DIFFERENT)


def _recipe(path: Path) -> dict[str, Any]:
    try:
        recipe = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SpecError(
            "recipe", f"cannot be read from {path} ({error}); give the file kept beside the picture"
        ) from error
    if not isinstance(recipe, dict):
        raise SpecError("recipe", f"in {path} is no JSON object; give the file kept beside the picture")
    return recipe


def _words(verdict: Reproduction) -> str:
    lines = [f"{verdict.grade} (shape {verdict.shape_distance} of 256 bits, colour {verdict.colour_distance} of 255)"]
    lines += [f"  {item.place}: then {item.then!r}, now {item.now!r}" for item in verdict.differences]
    return "\n".join([*lines, ""] if verdict.differences else [*lines, "  made under the same circumstances", ""])
