"""The command line: `python -m moderation`.

Exit codes of the screens: 0 allow or annotate, 3 review, 4 block, 2 wrong usage or input.
"""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from moderation.actions import Action, Coverage
from moderation.decision import Decision
from moderation.errors import ModerationError, PolicyError
from moderation.policy import Policy

EXIT = {Action.ALLOW: 0, Action.ANNOTATE: 0, Action.REVIEW: 3, Action.BLOCK: 4}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        code: int = given.run(given)
        return code
    except ModerationError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m moderation", description="Screen prompts and pictures.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_screen(commands)
    _add_train(commands)
    return parser


def _add_screen(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    screen = commands.add_parser(
        "screen",
        help="screen one prompt",
        epilog='example: python -m moderation screen "woman farmer, maize" --policy humanitarian',
    )
    screen.add_argument("text", help="the prompt")
    screen.add_argument("--negative", default="", help="the negative prompt")
    screen.add_argument("--language", default="en", help="language of the form, ISO 639-1 (default en)")
    screen.add_argument("--english", help="English rendering of a prompt in a closed vocabulary")
    _add_common(screen)
    screen.set_defaults(run=_screen)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", default="floor", help="a preset or a JSON file (default floor)")
    parser.add_argument("--json", action="store_true", help="print the whole record as JSON")


def _add_train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    train = commands.add_parser(
        "train", help="train the heads from moderation/texts", epilog="example: python -m moderation train"
    )
    train.add_argument("--out", type=Path, help="where to write the heads (default: where they are loaded from)")
    train.add_argument("--threads", type=int, default=1, help="threads of the encoder (default 1)")
    train.set_defaults(run=_train)


def policy_named(name: str) -> Policy:
    """The preset `name`, or the policy in the JSON file of that path."""
    from moderation.presets import PRESETS

    if name in PRESETS:
        return PRESETS[name]
    try:
        return Policy.from_json(json.loads(Path(name).read_text(encoding="utf-8")))
    except (OSError, ValueError) as wrong:
        raise PolicyError(f"--policy: {name!r} is no preset ({', '.join(PRESETS)}) and no JSON file") from wrong


def _screen(given: argparse.Namespace) -> int:
    from moderation.prompts import PromptScreen

    decision = PromptScreen.load(threads=1).screen(
        given.text,
        policy=policy_named(given.policy),
        decision_id=str(uuid.uuid4()),
        at=datetime.now(UTC),
        negative_prompt=given.negative,
        language=given.language,
        english=given.english,
    )
    return _report(decision, as_json=given.json)


def _report(decision: Decision, *, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(json.dumps(decision.to_json(), indent=2, ensure_ascii=False) + "\n")
        return EXIT[decision.action]
    sys.stdout.write(
        f"{decision.action.word}  ({decision.stage}, language {decision.language or '-'}, {decision.coverage})\n"
    )
    for finding in decision.findings:
        if finding.action > Action.ALLOW or finding.coverage is not Coverage.SCREENED:
            score = "-" if finding.score is None else f"{finding.score:.2f}"
            sys.stdout.write(
                f"  {finding.category:20} {finding.action.word:9} {score:5} {finding.coverage} {finding.source}\n"
            )
    for sentence in (*decision.reasons(), *decision.remedies()):
        sys.stdout.write(f"  {sentence}\n")
    return EXIT[decision.action]


def _train(given: argparse.Namespace) -> int:
    from moderation.corpus import examples
    from moderation.encoder import Encoder
    from moderation.heads import HEADS_FILE
    from moderation.train import Recipe, train

    texts = examples(per_line=6, styled=0.25, seed=20)
    encoder = Encoder.load(threads=given.threads)
    heads, reports = train(texts, encoder=encoder, recipe=Recipe(), say=lambda line: _say(line))
    heads.save(given.out or HEADS_FILE)
    for report in reports:
        _say(
            f"{report.category:20} {report.positives:5} texts, {report.found:6.1%} found, {report.found_plainly:6.1%} plainly"
        )
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
