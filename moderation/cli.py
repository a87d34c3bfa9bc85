"""The command line: `python -m moderation`. Arguments here, work in `commands`.

Exit codes: of the screens 0 allow or annotate, 3 review, 4 block; of every command 2 for wrong usage or input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from moderation import commands
from moderation.errors import ModerationError

Commands = argparse._SubParsersAction  # argparse offers no public name for it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = parser().parse_args(arguments)
    try:
        code: int = given.run(given)
        return code
    except ModerationError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(prog="python -m moderation", description="Screen prompts and pictures.")
    each = whole.add_subparsers(required=True, metavar="COMMAND")
    for add in (_screen, _screen_picture, _evaluate, _policy, _train, _convert):
        add(each)
    return whole


def _command(
    each: Commands[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    says: str,
    example: str,
) -> argparse.ArgumentParser:
    command = each.add_parser(name, help=says, description=says, epilog=f"example: python -m moderation {example}")
    command.set_defaults(run=run)
    return command


def _policy_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--policy", default="floor", help="a preset or a JSON file (default: floor)")


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON for a program to read")


def _screen(each: Commands[argparse.ArgumentParser]) -> None:
    example = 'screen "woman farmer, maize" --policy humanitarian'
    command = _command(each, "screen", commands.screen, says="screen one prompt", example=example)
    command.add_argument("text", help="the prompt")
    command.add_argument("--negative", default="", help="the negative prompt")
    command.add_argument("--language", default="en", help="language of the form, ISO 639-1 (default: en)")
    command.add_argument("--english", help="English rendering of a prompt in a closed vocabulary")
    _policy_option(command)
    _json_option(command)


def _screen_picture(each: Commands[argparse.ArgumentParser]) -> None:
    example = "screen-picture poster.png --json"
    command = _command(each, "screen-picture", commands.screen_picture, says="screen one picture", example=example)
    command.add_argument("file", type=Path, help="any picture Pillow reads")
    command.add_argument("--threads", type=int, default=1, help="threads of the networks (default: 1)")
    _policy_option(command)
    _json_option(command)


def _evaluate(each: Commands[argparse.ArgumentParser]) -> None:
    says = "screen labelled prompts and report recall, false positives and AUC"
    command = _command(each, "evaluate", commands.evaluate, says=says, example="evaluate prompts.jsonl --policy health")
    command.add_argument("file", type=Path, help='rows {"text", "label": "safe" or "unsafe", "category"?, "language"?}')
    command.add_argument("--language", default="en", help="language of rows that name none (default: en)")
    command.add_argument("--misses", type=Path, help="write wrongly decided rows to this file")
    _policy_option(command)
    _json_option(command)


def _policy(each: Commands[argparse.ArgumentParser]) -> None:
    command = each.add_parser("policy", help="show or compare policies")
    parts = command.add_subparsers(required=True, metavar="show|diff")
    show = _command(parts, "show", commands.show_policy, says="print a policy", example="policy show health --json")
    show.add_argument("policy", help="a preset or a JSON file")
    _json_option(show)
    diff = _command(
        parts, "diff", commands.compare_policies, says="print what differs", example="policy diff floor mine.json"
    )
    diff.add_argument("before", help="a preset or a JSON file")
    diff.add_argument("after", help="a preset or a JSON file")
    _json_option(diff)


def _train(each: Commands[argparse.ArgumentParser]) -> None:
    says = "train the heads from moderation/texts"
    command = _command(each, "train", commands.train_heads, says=says, example="train")
    command.add_argument("--out", type=Path, help="where to write the heads (default: where they are loaded from)")
    command.add_argument("--threads", type=int, default=1, help="threads of the encoder (default: 1)")


def _convert(each: Commands[argparse.ArgumentParser]) -> None:
    says = "convert the nsfwjs network to ONNX (needs node and the package onnx)"
    command = _command(each, "convert-nsfwjs", commands.convert_nsfwjs, says=says, example="convert-nsfwjs package")
    command.add_argument("package", type=Path, help="an unpacked nsfwjs-4.3.0.tgz")
    command.add_argument("--out", type=Path, help="where to write it (default: where it is loaded from)")
