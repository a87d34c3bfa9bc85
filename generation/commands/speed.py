"""`speed`: how long a person waits for a picture of a model on this machine, and where the time goes."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from generation.commands.generate import entry_of, spec_of

MOST_S = {"picture_s": 6.0, "first_preview_s": 1.0}
LINES = {
    "picture_s": ("one picture, median", "s"),
    "slowest_picture_s": ("one picture, slowest", "s"),
    "first_preview_s": ("first preview, median", "s"),
    "slowest_first_preview_s": ("first preview, slowest", "s"),
    "cold_first_preview_s": ("first preview, model not yet loaded", "s"),
    "second_stage": ("second stage", "%"),
    "previews": ("previews, and moments kept for the strip", "%"),
    "strip": ("strip", "%"),
}
EPILOG = """examples:
  python -m generation speed
  python -m generation speed --model ./models/sd15 --pictures 3 --json

Seconds are of a clock on the wall, so measure on a quiet machine; shares are of one picture's processor time.
"""


def add(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "speed",
        help="time one picture, as somebody who waits for it",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="starter", help="a model folder, or `starter` (the default)")
    parser.add_argument("--prompt", default="a farmer, green background", help="what the pictures show")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first picture (default 1)")
    parser.add_argument("--steps", type=int, help="denoising steps; the model's default when left out")
    parser.add_argument("--guidance", type=float, help="the model's default when left out")
    parser.add_argument("--width", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--height", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--pictures", type=int, default=10, help="pictures to time (default 10)")
    parser.add_argument("--threads", type=int, default=2, help="processor threads (default 2)")
    parser.add_argument("--json", action="store_true", help="print JSON, and the table on standard error")
    parser.set_defaults(run=run, negative_prompt="", count=1)


def run(options: argparse.Namespace) -> int:
    """Time the pictures; return 1 when they take longer than they may."""
    from generation.speed import shares, waits

    entry = entry_of(options.model)
    spec = spec_of(options, entry, None)
    entry.check(spec)
    asked = {"model": entry.id, "digest": entry.digest, "steps": spec.steps, "threads": options.threads}
    sys.stderr.write(f"{entry.id}: {spec.width} x {spec.height}, {spec.steps} steps, {options.threads} threads …\n")
    figures = waits(entry, spec, threads=options.threads, pictures=options.pictures).to_json()
    figures |= asdict(shares(entry, spec, rounds=options.pictures))
    met = all(figures[name] <= most for name, most in MOST_S.items())
    facts = asked | {"width": spec.width, "height": spec.height} | figures | {"goals_s": MOST_S, "met": met}
    (sys.stderr if options.json else sys.stdout).write(_table(figures))
    if options.json:
        sys.stdout.write(json.dumps(facts) + "\n")
    return 0 if met else 1


def _table(figures: dict[str, float | int]) -> str:
    rows = []
    for name, (words, unit) in LINES.items():
        value = figures[name]
        goal = f"   at most {MOST_S[name]:g} s" if name in MOST_S else ""
        rows.append(f"{words:42}" + (f"{100 * value:8.1f} %" if unit == "%" else f"{value:8.2f} s") + goal)
    return "\n".join(rows) + "\n"
