"""`bench`: what the engine costs beside the bare diffusers call, as ratios of one run."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from generation.commands.generate import entry_of
from generation.spec import GenerationSpec

EPILOG = """examples:
  python -m generation bench
  python -m generation bench --model ./models/sd15 --width 256 --height 256 --steps 4 --rounds 5 --json

Times are processor seconds, the least of the rounds; a ratio below 1 is faster than diffusers alone.
"""


def add(subparsers: Any) -> None:
    """Add the command to the parser."""
    parser = subparsers.add_parser(
        "bench",
        help="time the engine beside bare diffusers",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", default="starter", help="a model folder, or `starter` (the default)")
    parser.add_argument("--width", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--height", type=int, help="pixels; the model's default when left out")
    parser.add_argument("--steps", type=int, help="denoising steps; the model's default when left out")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default 3)")
    parser.add_argument("--threads", type=int, default=1, help="processor threads (default 1)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the cases and print a line each."""
    from generation.benchmark import Timing, against_bare, cold_start

    entry = entry_of(options.model)
    spec = GenerationSpec(
        model=entry.id,
        prompt="a red tent",
        seed=1,
        width=options.width or entry.defaults.width,
        height=options.height or entry.defaults.height,
        steps=options.steps or entry.defaults.steps,
        guidance=entry.defaults.guidance,
    )
    sys.stderr.write(f"{entry.id}: {spec.width} x {spec.height}, {spec.steps} steps, {options.rounds} rounds …\n")
    timings: list[Timing] = against_bare(entry, spec, threads=options.threads, rounds=options.rounds)
    timings.append(cold_start(entry, spec, threads=options.threads, rounds=options.rounds))
    for timing in timings:
        sys.stdout.write(_json(timing) if options.json else _words(timing))
    return 0


def _json(timing: Any) -> str:
    return json.dumps(asdict(timing) | {"ratio": timing.ratio}) + "\n"


def _words(timing: Any) -> str:
    return f"{timing.case:28} bare {timing.bare_s:8.3f} s   ours {timing.ours_s:8.3f} s   ratio {timing.ratio:.3f}\n"
