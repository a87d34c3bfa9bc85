"""What the commands do that measure: `bench`, `document` and `represent`. Clock and randomness come from here."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from moderation.commands import policy_named


def bench(given: argparse.Namespace) -> int:
    """Time both screens and print the share of each part; 1 where a goal was missed."""
    from moderation import benchmark
    from moderation.documentation import between_marks, read_document

    document = read_document(given.write, mark="timed") if given.write else ""
    policy, at = policy_named(given.policy), datetime.now(UTC)
    _note("prompts")
    parts = {"prompt": benchmark.prompts(policy, at)}
    _note("a registry of references")
    registry = benchmark.registered()
    for side in given.sides:
        _note(f"pictures of {side} x {side}")
        parts[f"picture {side}"] = benchmark.pictures(policy, at, registry, side=side, rounds=given.rounds)
    read = benchmark.lettering(side=max(given.sides), rounds=max(1, given.rounds // 4))
    table = benchmark.table(list(parts.values()), read, at)
    if given.write:
        given.write.write_text(between_marks(document, table.markdown(), mark="timed"), encoding="utf-8")
    if given.json:
        said = {name: [timing.to_json() for timing in timings] for name, timings in parts.items()}
        _say(json.dumps({**said, "lettering": read.to_json() if read else None}, indent=2))
    else:
        _say(table.text())
    return int(any(timing.held is False for timings in parts.values() for timing in timings))


def document(given: argparse.Namespace) -> int:
    """Measure the prompt screen and write the tables into a Markdown file, between its two marks."""
    from moderation.documentation import between_marks, measured, read_document
    from moderation.prompts import PromptScreen

    text = read_document(given.file, mark="measured")
    tables = measured(
        PromptScreen.load(threads=1), policy_named(given.policy), datetime.now(UTC), sets=given.set, progress=_note
    )
    given.file.write_text(between_marks(text, tables, mark="measured"), encoding="utf-8")
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
