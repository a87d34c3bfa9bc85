"""`ledger verify|checkpoint|anchor|show`: audit a log, sign a checkpoint and have it time-stamped, read entries."""

import argparse
import functools
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from provenance.cli import options as shared
from provenance.keys import CheckpointKey
from provenance.ledger import AuditReport, Ledger, Outside
from provenance.timestamps.client import request_stamp

_PATIENCE_SECONDS = 20


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its three verbs."""
    parser = commands.add_parser(
        "ledger",
        help="audit a log, sign and time-stamp a checkpoint, show entries",
        epilog="example: python -m provenance ledger verify --trust var/trust --ledger var/ledger.db",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    audit = _verb(verbs, "verify", "recompute logs and compare them with every checkpoint", _audit)
    shared.add_trust(audit)
    audit.add_argument("--log", help="one log (default: all that have an entry)")
    kept = "a checkpoint that was kept elsewhere, with --log; its time-stamp lies in NAME.anchor.txt and .tst beside it"
    audit.add_argument("--outside", type=Path, metavar="FILE", help=kept)
    sign = _verb(verbs, "checkpoint", "sign a log's present size and root", _checkpoint)
    sign.add_argument("--log", required=True)
    sign.add_argument("--keys", required=True, type=Path, metavar="DIR", help="the directory with the checkpoint key")
    anchor = _verb(verbs, "anchor", "have a log's last checkpoint time-stamped, and keep the token", _anchor)
    shared.add_trust(anchor)
    anchor.add_argument("--log", required=True)
    anchor.add_argument("--tsa", help="address of the RFC 3161 authority (default: TSA_URL)")
    show = _verb(verbs, "show", "print the entries of a record or of a log", _show)
    show.add_argument("--record", help="the picture's urn:uuid:…")
    show.add_argument("--log", help="all entries of a log")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, about: str, run: object
) -> argparse.ArgumentParser:
    example = f"example: python -m provenance ledger {name} --ledger var/ledger.db --log studio.example/health"
    parser = verbs.add_parser(name, help=about, description=about, epilog=example)
    shared.add_ledger(parser)
    shared.add_json(parser)
    parser.set_defaults(run=run)
    return parser


def _audit(options: argparse.Namespace) -> int:
    trust, ledger = shared.trust_store(options), shared.open_ledger(options)
    if options.outside and not options.log:
        raise ValueError("--outside: name the log it is of with --log")
    outside = Outside.beside(options.outside) if options.outside else None
    logs = [options.log] if options.log else ledger.logs()
    reports = {log: ledger.audit(log, trust=trust, outside=outside) for log in logs}
    for log, report in reports.items():
        _say(log, report, as_json=options.json)
    return 0 if all(report.ok for report in reports.values()) else 1


def _say(log: str, report: AuditReport, *, as_json: bool) -> None:
    problems = [
        {"sequence": item.sequence, "entry_id": str(item.entry_id) if item.entry_id else None, "reason": item.reason}
        for item in report.problems
    ]
    if as_json:
        answer = {"log": log, "ok": report.ok, "size": report.size, "root": report.root.hex(), "problems": problems}
        sys.stdout.write(json.dumps(answer) + "\n")
        return
    sys.stdout.write(f"{log}: {'verified' if report.ok else 'NOT AS IT WAS WRITTEN'}, {report.size} entries\n")
    for item in problems:
        sys.stdout.write(f"    entry {item['sequence']} ({item['entry_id']}): {item['reason']}\n")


def _checkpoint(options: argparse.Namespace) -> int:
    key = CheckpointKey.load(options.keys, passphrase=shared.passphrase())
    note = shared.open_ledger(options).checkpoint(options.log, key, now=datetime.now(UTC))
    sys.stdout.write(json.dumps({"log": options.log, "note": note}) + "\n" if options.json else note)
    return 0


def _anchor(options: argparse.Namespace) -> int:
    url = options.tsa or shared.from_environment("TSA_URL")
    if not url:
        raise ValueError("--tsa: say who stamps, or set TSA_URL")
    roots = shared.trust_store(options).anchors.time_roots_pem
    ask = functools.partial(request_stamp, url, roots_pem=roots, timeout=_PATIENCE_SECONDS)
    made = shared.open_ledger(options).anchor(options.log, ask)
    facts = {"log": options.log, "number": made.number, "size": made.size}
    told = f"The first {made.size} entries of {options.log} are time-stamped (number {made.number})."
    sys.stdout.write((json.dumps(facts) if options.json else told) + "\n")
    return 0


def _show(options: argparse.Namespace) -> int:
    ledger: Ledger = shared.open_ledger(options)
    if bool(options.record) == bool(options.log):
        raise ValueError("--record, --log: give exactly one of them")
    found = ledger.by_record(options.record) if options.record else ledger.entries(options.log)
    seen = False
    for entry in found:
        seen = True
        shown = json.dumps({"sequence": entry.sequence, "leaf": entry.leaf, "entry": json.loads(entry.canonical)})
        plain = f"{entry.sequence:>8}  {entry.at}  {entry.kind:<10}  {entry.record or '-'}"
        sys.stdout.write(f"{shown if options.json else plain}\n")
    return 0 if seen else 1
