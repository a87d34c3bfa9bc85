"""`verify FILE…`: one verdict for each file."""

import argparse
import json
import sys
from pathlib import Path

from provenance.cli import options as shared
from provenance.pictures import MOST_BYTES
from provenance.verification import Verdict, Verification, verify_isolated


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "verify",
        help="say whether pictures are ours, and unchanged",
        description="Check files against the trust list and the ledger. Exit status 0 if every file is ours.",
        epilog="example: python -m provenance verify picture.png --trust var/trust --ledger var/ledger.db --json",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    shared.add_trust(parser)
    shared.add_ledger(parser)
    shared.add_watermark(parser)
    shared.add_json(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    trust, ledger = shared.trust_store(options), shared.open_ledger(options)
    # A key that does not open is said now; where files are read the mark would only be missing.
    line = shared.watermark_line(options)
    shared.any_watermark(options)
    all_ours = True
    for path in options.files:
        answer = verify_isolated(_read(path), trust=trust, ledger=ledger, watermark=line)
        all_ours = all_ours and answer.verdict is Verdict.OURS
        _say(path, answer, as_json=options.json)
    return 0 if all_ours else 1


def _read(path: Path) -> bytes:
    """The file, or of a file too large just enough to see that it is."""
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _say(path: Path, answer: Verification, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"file": str(path), **answer.to_json()}) + "\n")
        return
    sys.stdout.write(f"{path}: {answer.verdict}\n")
    for reason in answer.reasons:
        sys.stdout.write(f"    {reason}\n")
