"""`python -m tests.provenance.finding recall|scale`: measure on photographs and drawings, print tables in Markdown."""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from tests.provenance.finding import pictures, recall, scale

SEED = 2026


def main() -> int:
    """Run one of the two measurements."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.provenance.finding",
        description=__doc__,
        epilog="example: python -m tests.provenance.finding recall --photographs gcompris --drawings var/drawings",
    )
    parser.add_argument("what", choices=["recall", "scale"])
    parser.add_argument("--photographs", type=Path, metavar="FOLDER", help="where gcompris-qt-data was unpacked")
    parser.add_argument("--drawings", type=Path, metavar="FOLDER", help="PNG pictures (default: 200 made of discs)")
    parser.add_argument("--entries", type=int, default=1_000_000, help="for scale: how many (default: %(default)s)")
    parser.add_argument("--ledger", default="", metavar="URL", help="for scale: an empty one (default: SQLite)")
    options = parser.parse_args()
    sets: dict[str, Callable[[], list[Image.Image]]] = {}
    if options.photographs:
        sets["photographs"] = lambda: pictures.photographs(options.photographs)
    folder = options.drawings
    sets["drawings"] = lambda: pictures.pictures(folder) if folder else pictures.drawings(200)
    for kind, load in sets.items():
        found = load()
        sys.stdout.write(f"\n{len(found)} {kind}\n\n")
        lines = _recall(found) if options.what == "recall" else _scale(found, kind, options)
        for line in lines:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


def _recall(found: list[Image.Image]) -> Iterator[str]:
    yield "| change | fingerprint | landmarks | either | others taken for it |"
    yield "|---|---|---|---|---|"
    for line in recall.measure(found, seed=SEED):
        shares = " | ".join(f"{share:.1%}" for share in (line.by_fingerprint, line.by_landmarks, line.by_either))
        yield f"| {line.change} | {shares} | {line.false_matches} of {line.pairs} |"


def _scale(found: list[Image.Image], kind: str, options: argparse.Namespace) -> Iterator[str]:
    yield f"| among {options.entries} {kind} | ms | of it processor | slowest | found |"
    yield "|---|---|---|---|---|"
    figures = scale.measure(
        found, kind=kind, entries=options.entries, rounds=20, now=datetime.now(UTC), url=options.ledger
    )
    for item in figures:
        share = "" if item.found is None else f"{item.found:.0%}"
        times = " | ".join(f"{value:.2f}" for value in (item.milliseconds, item.processor, item.slowest))
        yield f"| {item.name} | {times} | {share} |"


if __name__ == "__main__":
    sys.exit(main())
