"""The command line: `python -m moderation`. Arguments here, work in `commands`.

Exit codes: of the screens 0 allow or annotate, 3 review, 4 block; of `bench` 1 where a goal was missed; of every
command 2 for wrong usage or input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from moderation import commands, measuring_commands, reference_commands
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
    for add in (
        _screen,
        _screen_picture,
        _evaluate,
        _policy,
        _references,
        _represent,
        _bench,
        _document,
        _train,
        _convert,
    ):
        add(each)
    return whole


def _command(
    each: Commands[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    *,
    says: str,
    example: str,
    parents: Sequence[argparse.ArgumentParser] = (),
) -> argparse.ArgumentParser:
    epilog = f"example: python -m moderation {example}"
    command = each.add_parser(name, help=says, description=says, epilog=epilog, parents=parents)
    command.set_defaults(run=run)
    return command


def _policy_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--policy", default="floor", help="a preset or a JSON file (default: floor)")


def _json_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON for a program to read")


def _classifiers_option(command: argparse.ArgumentParser) -> None:
    says = "a JSON file of further classifiers (see moderation/adapters/configured.py)"
    command.add_argument("--classifiers", type=Path, help=says)


def _screen(each: Commands[argparse.ArgumentParser]) -> None:
    example = 'screen "woman farmer, maize" --policy humanitarian'
    command = _command(each, "screen", commands.screen, says="screen one prompt", example=example)
    command.add_argument("text", help="the prompt")
    command.add_argument("--negative", default="", help="the negative prompt")
    command.add_argument("--language", default="en", help="language of the form, ISO 639-1 (default: en)")
    command.add_argument("--english", help="English rendering of a prompt in a closed vocabulary")
    _classifiers_option(command)
    _policy_option(command)
    _json_option(command)


def _screen_picture(each: Commands[argparse.ArgumentParser]) -> None:
    example = "screen-picture poster.png --json"
    command = _command(each, "screen-picture", commands.screen_picture, says="screen one picture", example=example)
    command.add_argument("file", type=Path, help="any picture Pillow reads")
    command.add_argument("--threads", type=int, default=1, help="threads of the networks (default: 1)")
    command.add_argument("--references", type=Path, help="a file of registered references")
    _classifiers_option(command)
    _policy_option(command)
    _json_option(command)


def _evaluate(each: Commands[argparse.ArgumentParser]) -> None:
    says = "screen labelled prompts and report recall, false positives and AUC"
    command = _command(each, "evaluate", commands.evaluate, says=says, example="evaluate prompts.jsonl --policy health")
    command.add_argument("file", type=Path, help='rows {"text", "label": "safe" or "unsafe", "category"?, "language"?}')
    command.add_argument("--language", default="en", help="language of rows that name none (default: en)")
    command.add_argument("--misses", type=Path, help="write wrongly decided rows to this file")
    _classifiers_option(command)
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


def _references(each: Commands[argparse.ArgumentParser]) -> None:
    command = each.add_parser("references", help="keep a registry of protected pictures and find them again")
    parts = command.add_subparsers(required=True, metavar="add|list|remove|find")
    store = argparse.ArgumentParser(add_help=False)
    store.add_argument("--store", type=Path, required=True, help="the file of references")
    example = 'references add logo.png --store references.jsonl --label "Our logo" --owner press'
    add = _command(parts, "add", reference_commands.add, says="register a picture", example=example, parents=(store,))
    add.add_argument("file", type=Path, help="the protected picture")
    add.add_argument("--id", help="a name of its own (default: that of the file)")
    add.add_argument("--label", required=True, help="what reviewers read")
    add.add_argument("--owner", required=True, help="who protects it")
    add.add_argument("--category", default="ip_style", help="what a match counts for (default: ip_style)")
    example = "references list --store references.jsonl"
    listed = _command(parts, "list", reference_commands.show, says="list them", example=example, parents=(store,))
    _json_option(listed)
    example = "references remove logo --store references.jsonl"
    gone = _command(parts, "remove", reference_commands.remove, says="forget one", example=example, parents=(store,))
    gone.add_argument("id", help="its id")
    example = "references find poster.png --store references.jsonl"
    find = _command(parts, "find", reference_commands.find, says="look for them", example=example, parents=(store,))
    find.add_argument("file", type=Path, help="any picture Pillow reads")
    _json_option(find)


def _represent(each: Commands[argparse.ArgumentParser]) -> None:
    says = "measure who a set of pictures shows, and write a report"
    example = "represent pictures --parts parts.json --out report"
    command = _command(each, "represent", measuring_commands.represent, says=says, example=example)
    command.add_argument("folder", type=Path, help="a folder of pictures")
    command.add_argument("--parts", type=Path, required=True, help="JSON: the prompt parts of each picture")
    command.add_argument("--out", type=Path, required=True, help="folder for report.html, report.json and plots")
    command.add_argument("--seed", type=int, default=1, help="of the resampling (default: 1)")


def _bench(each: Commands[argparse.ArgumentParser]) -> None:
    says = "time both screens and the share of each part; the exit code is 1 where a goal was missed"
    example = "bench --sides 256 1024 --write docs/moderation.md"
    command = _command(each, "bench", measuring_commands.bench, says=says, example=example)
    command.add_argument("--sides", type=int, nargs="+", default=[256, 1024], help="pixels (default: 256 1024)")
    command.add_argument("--rounds", type=int, default=20, help="pictures of each size (default: 20)")
    command.add_argument("--write", type=Path, metavar="FILE", help="put the table into a document, between its marks")
    _policy_option(command)
    _json_option(command)


def _document(each: Commands[argparse.ArgumentParser]) -> None:
    says = "measure the prompt screen and write the tables into a Markdown file"
    example = "document docs/moderation.md --set prompts.jsonl"
    command = _command(each, "document", measuring_commands.document, says=says, example=example)
    command.add_argument("file", type=Path, help="the file, with its two marks")
    command.add_argument("--set", type=Path, action="append", default=[], help="a labelled set of other people's")
    _policy_option(command)


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
