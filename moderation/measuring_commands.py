"""What the commands do that measure: `bench`, `document` and `represent`. Clock and randomness come from here."""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import UTC, datetime

from moderation.commands import policy_named
from moderation.errors import InputError

_MEASURED = re.compile(r"(<!-- measured: begin[^>]*-->\n).*?(<!-- measured: end -->)", re.DOTALL)


def bench(given: argparse.Namespace) -> int:
    """Time both screens and print the share of each part."""
    from moderation import benchmark

    policy, at = policy_named(given.policy), datetime.now(UTC)
    parts = {"prompt": benchmark.prompts(policy, at)}
    for side in given.sides:
        parts[f"picture {side}"] = benchmark.pictures(policy, at, side=side, rounds=given.rounds)
    read = benchmark.lettering(side=max(given.sides), rounds=given.rounds)
    if given.json:
        said = {name: [timing.to_json() for timing in timings] for name, timings in parts.items()}
        _say(json.dumps({**said, "lettering": read.to_json() if read else None}, indent=2))
        return 0
    for timings in parts.values():
        _say(benchmark.table(timings))
    apart = f"{read.processor:.1f} ms of processor time" if read else "no reader installed"
    _say(f"  words in a picture, apart: {apart}")
    return 0


def document(given: argparse.Namespace) -> int:
    """Measure the prompt screen and write the tables into a Markdown file, between its two marks."""
    from moderation.documentation import measured
    from moderation.prompts import PromptScreen

    text = given.file.read_text(encoding="utf-8") if given.file.exists() else ""
    if not _MEASURED.search(text):
        raise InputError(f"file: {given.file} lacks the marks '<!-- measured: begin -->' and '<!-- measured: end -->'")
    tables = measured(
        PromptScreen.load(threads=1), policy_named(given.policy), datetime.now(UTC), sets=given.set, progress=_note
    )
    given.file.write_text(_MEASURED.sub(lambda marks: f"{marks[1]}\n{tables}\n\n{marks[2]}", text), encoding="utf-8")
    _say(f"{given.file} holds the new tables")
    return 0


def represent(given: argparse.Namespace) -> int:
    """Measure a set of pictures and write the report as JSON, HTML and SVG."""
    from moderation.representation.writing import write_report

    written = write_report(given.folder, given.parts, given.out, seed=given.seed, progress=_note)
    for path in written:
        _say(str(path))
    return 0


def _note(said: str) -> None:
    sys.stderr.write(f"{said}\n")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
