"""`keys init|status|renew`: make an organisation's keys, see how long they last, replace the signing leaf."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from provenance.canonical import rfc3339
from provenance.cli import options as shared
from provenance.keys import CheckpointKey, SigningIdentity, create_authority, files, renew_leaf


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its three verbs."""
    example = "example: TRUST_PASSPHRASE_FILE=secret.txt python -m provenance keys"
    first = f"{example} init var/trust/health --organisation Health"
    parser = commands.add_parser("keys", help="make an organisation's keys, see how long they last", epilog=first)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    init = verbs.add_parser("init", help="make a new chain", epilog=first)
    init.add_argument("directory", type=Path, help="a directory that does not exist yet")
    init.add_argument("--organisation", required=True, help="the name that certificates show")
    init.add_argument("--checkpoint-name", help="the checkpoint key's name, best the log's origin")
    init.set_defaults(run=_init)
    status = verbs.add_parser(
        "status", help="open the keys and show their expiry", epilog=f"{example} status var/trust/health"
    )
    status.add_argument("directory", type=Path)
    shared.add_json(status)
    status.set_defaults(run=_status)
    renew = verbs.add_parser("renew", help="replace the signing leaf", epilog=f"{example} renew var/trust/health")
    renew.add_argument("directory", type=Path)
    renew.set_defaults(run=_renew)


def _init(options: argparse.Namespace) -> int:
    create_authority(
        options.directory,
        organisation=options.organisation,
        passphrase=shared.passphrase(),
        now=datetime.now(UTC),
        checkpoint_name=options.checkpoint_name,
    )
    sys.stdout.write(
        f"Keys for {options.organisation} are in {options.directory}.\n"
        f"Now move {files.ROOT_KEY} to a place without a network, and keep a copy of {files.ROOT_CERTIFICATE} and\n"
        f"{files.CHECKPOINT_VKEY} where the administrator of the database cannot write.\n"
    )
    return 0


def _status(options: argparse.Namespace) -> int:
    identity = SigningIdentity.load(options.directory, passphrase=shared.passphrase())
    checkpoint = CheckpointKey.load(options.directory, passphrase=shared.passphrase())
    left = identity.expires - datetime.now(UTC)
    answer = {
        "organisation": identity.organisation,
        "key_id": identity.key_id,
        "expires": rfc3339(identity.expires),
        "days_left": left.days,
        "checkpoint_vkey": checkpoint.vkey,
        "root_key_online": (options.directory / files.ROOT_KEY).exists(),
    }
    lines = [json.dumps(answer)] if options.json else [f"{name:16} {value}" for name, value in answer.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _renew(options: argparse.Namespace) -> int:
    renew_leaf(options.directory, passphrase=shared.passphrase(), now=datetime.now(UTC))
    identity = SigningIdentity.load(options.directory, passphrase=shared.passphrase())
    sys.stdout.write(f"The new leaf {identity.key_id} is good until {rfc3339(identity.expires)}.\n")
    return 0
