"""`pack verify`: run the check that every pack brings along, with this installation's own copy of it."""

import argparse

from provenance.pack import verify_pack


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its verb."""
    example = "example: python -m provenance pack verify var/demo/pack.zip"
    parser = commands.add_parser("pack", help="check an evidence pack", epilog=example)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("verify", help="check a pack", epilog=example)
    check.add_argument("pack", help="the zip, or the folder it was unpacked to")
    check.add_argument("--vkey", help="the log's verifier key, obtained elsewhere")
    check.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    return verify_pack.main([options.pack, *(["--vkey", options.vkey] if options.vkey else [])])
