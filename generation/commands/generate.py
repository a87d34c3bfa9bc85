"""`generate`: pictures from a prompt, to PNG files, with a progress bar; their recipes beside them on request."""

import argparse
import json
import secrets
import sys
from pathlib import Path
from typing import Any

from generation.catalogue import ModelEntry, read_model, starter
from generation.child import GenerationChild
from generation.engine import GeneratedAsset, Reference, Step
from generation.errors import SpecError
from generation.spec import COUNTS, GenerationSpec

MAX_REFERENCE_SIDE = 4096
EPILOG = """examples:
  python -m generation generate --prompt "a red tent on a blue field" --out tent.png
  python -m generation generate --model ./sd15 --prompt "a nurse" --seed 7 --count 4 --out nurse.png --json
"""


def add(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "generate",
        help="make pictures from a prompt",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="starter", help="a model folder, or `starter` (the default)")
    parser.add_argument("--prompt", required=True, help="what the picture shows")
    parser.add_argument("--negative-prompt", default="", help="what it must not show")
    parser.add_argument("--out", required=True, type=Path, help="PNG to write; pictures after the first get -1, -2 …")
    parser.add_argument("--seed", type=int, help="the same seed makes the same picture; one is drawn when left out")
    parser.add_argument("--steps", type=int, help="denoising steps; the model's default when left out")
    parser.add_argument(
        "--guidance", type=float, help="how hard to follow the prompt; the model's default when left out"
    )
    parser.add_argument("--width", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--height", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--reference", type=Path, help="a picture to start from, for models that can")
    parser.add_argument(
        "--strength", type=float, default=0.6, help="how much of the reference to paint over (default 0.6)"
    )
    parser.add_argument("--count", type=int, default=1, help=f"pictures, at most {COUNTS.stop - 1}")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--deadline", type=float, default=3600.0, help="seconds after which to give up (default 3600)")
    parser.add_argument("--recipe", action="store_true", help="write each recipe beside its picture, as .json")
    parser.add_argument("--json", action="store_true", help="print one JSON line a picture")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make the pictures; return 0 when all are written."""
    entry = entry_of(options.model)
    reference = None if options.reference is None else read_picture(options.reference)
    spec = spec_of(options, entry, reference)
    entry.check(spec)
    for notice in entry.notices(spec):
        sys.stderr.write(f"{notice}\n")
    with GenerationChild(entry, threads=options.threads) as child, progress(spec) as bar:
        for item in child.generate(spec, deadline_s=options.deadline, reference=reference):
            if isinstance(item, Step):
                advance(bar, item, spec)
            else:
                _keep(item, options)
    return 0


def entry_of(model: str) -> ModelEntry:
    """Return the entry of a model named on a command line: a folder, or `starter`."""
    return starter() if model == "starter" else read_model(Path(model), id=Path(model).absolute().name)


def spec_of(options: argparse.Namespace, entry: ModelEntry, reference: Reference | None) -> GenerationSpec:
    """Return the spec that the options ask for, the model's defaults filled in and a seed drawn when none is given."""
    names = ("steps", "guidance", "width", "height")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    defaults = {name: getattr(entry.defaults, name) for name in names}
    return GenerationSpec(
        model=entry.id,
        prompt=options.prompt,
        negative_prompt=options.negative_prompt,
        seed=secrets.randbits(32) if options.seed is None else options.seed,
        count=options.count,
        reference_sha256=None if reference is None else reference.pixel_sha256,
        strength=None if reference is None else options.strength,
        **(defaults | given),
    )


def read_picture(path: Path) -> Reference:
    """Return the pixels of a PNG, JPEG or WebP file; raise `SpecError` when it is none or too large to decode."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=["PNG", "JPEG", "WEBP"]) as file:
            # The sides are known from the header alone, before anything large is decoded.
            if max(file.size) > MAX_REFERENCE_SIDE:
                raise SpecError(
                    "reference", f"is {file.width} x {file.height}; scale it to {MAX_REFERENCE_SIDE} at most"
                )
            picture = file.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise SpecError("reference", f"{path} is no picture ({error}); give a PNG, JPEG or WebP file") from error
    return Reference(picture.tobytes(), picture.width, picture.height)


def write_picture(asset: GeneratedAsset, path: Path) -> None:
    """Write the pixels of an asset as PNG, unmarked and unsigned."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("RGB", (asset.width, asset.height), asset.pixels).save(path, format="PNG")


def progress(spec: GenerationSpec) -> Any:
    """Return a progress bar over all steps of a spec, on standard error."""
    from tqdm import tqdm

    return tqdm(total=spec.steps * spec.count, unit="step", desc="loading the model", file=sys.stderr)


def advance(bar: Any, step: Step, spec: GenerationSpec) -> None:
    """Move the bar to a step; samplers that walk more or fewer steps than asked correct its length."""
    bar.set_description_str(spec.prompt[:30], refresh=False)
    bar.total = step.total * spec.count
    bar.update()


def _keep(asset: GeneratedAsset, options: argparse.Namespace) -> None:
    path = options.out if asset.picture == 0 else options.out.with_stem(f"{options.out.stem}-{asset.picture}")
    write_picture(asset, path)
    if options.recipe:
        path.with_suffix(".json").write_text(json.dumps(asset.recipe, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.write((_line(path, asset) if options.json else str(path)) + "\n")


def _line(path: Path, asset: GeneratedAsset) -> str:
    return json.dumps({"path": str(path), "seed": str(asset.seed), "pixel_sha256": asset.pixel_sha256})
