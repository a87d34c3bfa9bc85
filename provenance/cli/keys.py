"""`keys init|import|rotate|revoke|status`: an organisation's signing keys, from their making to their end.

Exit status: 0 done, or nothing to do; 1 (`status`) something needs doing; 2 it could not be done, and the message says
why. A command that fails has changed nothing.
"""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from provenance.canonical import rfc3339
from provenance.cli import options as shared
from provenance.errors import ProvenanceError
from provenance.keys import CheckpointKey, Offline, SigningIdentity, create_authority, files, import_chain, rotation
from provenance.keys.chains import key_id
from provenance.keys.revocation import REASONS
from provenance.keys.standing import Finding, Standing, standing

_SECRET = "TRUST_PASSPHRASE_FILE=secret.txt python -m provenance keys"  # noqa: S105  # names a file, holds no secret
_OFFLINE_HELP = "the folder with the keys of root and intermediate (default: DIR/offline)"
_JSON_HELP = "print the result as JSON"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its verbs."""
    example = f"example: {_SECRET} init var/trust/health --organisation Health --offline /media/stick/health"
    parser = commands.add_parser("keys", help="make, bring in, change, revoke and look after keys", epilog=example)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    _register_init(verbs, example)
    _register_import(verbs)
    _register_rotate(verbs)
    _register_revoke(verbs)
    status = _verb(verbs, "status", _status, "say how the keys stand; exit status 1 when something needs doing")
    status.epilog = f"example: {_SECRET} status var/trust/health --json"
    status.add_argument("--public", action="store_true", help="look at the certificates alone, without a passphrase")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: object, about: str
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=about, description=f"{about[0].upper()}{about[1:]}.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="the organisation's trust directory")
    parser.add_argument("--json", action="store_true", help=_JSON_HELP)
    parser.set_defaults(run=run)
    return parser


def _register_init(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", example: str) -> None:
    init = _verb(verbs, "init", _init, "make a new chain in a directory that does not exist yet")
    init.epilog = example
    init.add_argument("--organisation", required=True, help="the name that certificates show")
    init.add_argument("--checkpoint-name", help="the checkpoint key's name, best the log's origin")
    init.add_argument(
        "--offline", type=Path, metavar="DIR", help="write the keys of root and intermediate there (OFFLINE_PASSPHRASE)"
    )


def _register_import(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    bring = _verb(verbs, "import", _import, "bring in a bought certificate with its key")
    bring.epilog = f"example: {_SECRET} import var/trust/health --chain chain.pem --root ca.pem --key leaf.key"
    bring.add_argument("--chain", required=True, type=Path, help="the leaf and its intermediates, PEM")
    bring.add_argument("--root", required=True, type=Path, help="the root certificate of who sold it, PEM")
    bring.add_argument("--key", required=True, help="the key, PEM (KEY_PASSPHRASE opens it), or a URI like pkcs11:…")
    bring.add_argument("--checkpoint-name", help="in a new directory: the checkpoint key's name, best the log's origin")


def _register_rotate(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    rotate = _verb(verbs, "rotate", _rotate, "replace the signing leaf; what the old one signed stays good")
    rotate.epilog = f"example: {_SECRET} rotate var/trust/health --offline /media/stick/health"
    rotate.add_argument("--offline", type=Path, metavar="DIR", help=_OFFLINE_HELP)
    rotate.add_argument(
        "--key", metavar="URI", help="the new key is there already, like pkcs11:… (default: a new file)"
    )
    rotate.add_argument(
        "--intermediate", action="store_true", help="issue a new intermediate first (needs the root's key)"
    )
    rotate.add_argument("--checkpoint", action="store_true", help="replace the checkpoint key instead of the leaf")


def _register_revoke(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    revoke = _verb(verbs, "revoke", _revoke, "take a key back; what was time-stamped before stays good")
    revoke.epilog = (
        f"example: {_SECRET} revoke var/trust/health 3f9a --reason keyCompromise --since 2026-03-01T00:00:00Z"
    )
    revoke.add_argument(
        "key",
        help="the key id or the beginning of it, as `keys status` prints it;"
        " for a bought chain the revocation list (PEM) that its issuer published",
    )
    revoke.add_argument("--reason", choices=sorted(REASONS), default="keyCompromise", help="(default: %(default)s)")
    revoke.add_argument(
        "--since", metavar="TIME", help="the moment from which it is not believed, RFC 3339 (default: now)"
    )
    revoke.add_argument("--offline", type=Path, metavar="DIR", help=_OFFLINE_HELP)


def _init(options: argparse.Namespace) -> int:
    secret = shared.passphrase()
    create_authority(
        options.directory,
        organisation=options.organisation,
        passphrase=secret,
        now=datetime.now(UTC),
        checkpoint_name=options.checkpoint_name,
        offline=Offline(options.offline, shared.offline_passphrase(secret)) if options.offline else None,
    )
    offline = options.offline or options.directory / files.OFFLINE
    _say(
        options,
        {"directory": str(options.directory), "offline": str(offline), **_described(options.directory)},
        f"Keys for {options.organisation} are in {options.directory}, those of root and intermediate in {offline}.\n"
        f"Now move {offline} to a medium without a network, and keep a copy of {files.ROOT_CERTIFICATE} and\n"
        f"{files.CHECKPOINT_VKEY} where the administrator of the database cannot write.",
    )
    return 0


def _import(options: argparse.Namespace) -> int:
    is_uri = ":" in options.key and not Path(options.key).exists()
    key_secret = shared.from_environment("KEY_PASSPHRASE")
    leaf = import_chain(
        options.directory,
        chain_pem=options.chain.read_bytes(),
        root_pem=options.root.read_bytes(),
        key=options.key if is_uri else Path(options.key).read_bytes(),
        passphrase=shared.passphrase(),
        now=datetime.now(UTC),
        key_passphrase=key_secret.encode() if key_secret else None,
        checkpoint_name=options.checkpoint_name,
    )
    kept = "" if is_uri else f" The key is kept encrypted; destroy {options.key}."
    _say(options, _described(options.directory), f"{_leaf_sentence(leaf)}{kept}")
    return 0


def _rotate(options: argparse.Namespace) -> int:
    secret, now = shared.passphrase(), datetime.now(UTC)
    if options.checkpoint:
        vkey = rotation.rotate_checkpoint(options.directory, passphrase=secret)
        _say(options, {"checkpoint_vkey": vkey}, f"Checkpoints are signed by {vkey} from now on; publish it.")
        return 0
    offline = _offline(options, secret)
    if options.intermediate:
        rotation.renew_intermediate(options.directory, offline=offline, now=now)
    leaf = rotation.rotate(options.directory, passphrase=secret, offline=offline, now=now, uri=options.key)
    _say(options, _described(options.directory), _leaf_sentence(leaf))
    return 0


def _revoke(options: argparse.Namespace) -> int:
    if Path(options.key).is_file():
        rotation.add_list(options.directory, Path(options.key).read_bytes())
        _say(options, {"list": options.key}, "The list is kept; every check reads it from now on.")
        return 0
    now = datetime.now(UTC)
    since = _moment(options.since) if options.since else now
    entry = rotation.revoke(
        options.directory,
        options.key,
        offline=_offline(options, shared.passphrase()),
        reason=options.reason,
        since=since,
        now=now,
    )
    facts = {"serial": str(entry.serial), "since": rfc3339(entry.since), "reason": entry.reason}
    _say(
        options,
        facts,
        f"Revoked as of {facts['since']} ({entry.why}). Pictures with a time-stamp from before stay good,\n"
        f"all others that it signed are refused. Copy the list ({files.LISTS}) to every trust directory, and run\n"
        "`keys rotate`.",
    )
    return 0


def _status(options: argparse.Namespace) -> int:
    found = standing(options.directory, now=datetime.now(UTC), with_keys=not options.public)
    findings = [*found.findings, *([] if options.public else _unopened(options.directory))]
    lines = [f"{name:14} {_plain(value)}" for name, value in _facts(found).items()]
    lines += [str(finding) for finding in findings] or ["Nothing needs doing."]
    told = [{"wrong": finding.wrong, "what": finding.what} for finding in findings]
    _say(options, {**_facts(found), "findings": told}, "\n".join(lines))
    return 1 if findings else 0


def _unopened(directory: Path) -> list[Finding]:
    """What keeps the keys themselves from being used."""
    found = []
    for load in (SigningIdentity.load, CheckpointKey.load):
        try:
            load(directory, passphrase=shared.passphrase())
        except ProvenanceError as error:
            found.append(Finding(True, str(error)))
    return found


def _facts(found: Standing) -> dict[str, Any]:
    return {
        "organisation": found.organisation,
        "key_id": found.key_id,
        "algorithm": found.algorithm,
        "expires": rfc3339(found.expires),
        "days_left": (found.expires - datetime.now(UTC)).days,
        "former": list(found.former),
        "revoked": list(found.revoked),
    }


def _described(directory: Path) -> dict[str, Any]:
    vkey = files.read_public(directory / files.CHECKPOINT_VKEY).decode().strip()
    return {**_facts(standing(directory, now=datetime.now(UTC), with_keys=False)), "checkpoint_vkey": vkey}


def _plain(value: object) -> str:
    return (", ".join(item[:16] for item in value) or "none") if isinstance(value, list) else str(value)


def _leaf_sentence(leaf: Any) -> str:
    return f"The leaf {key_id(leaf)[:16]} signs from now on, until {rfc3339(leaf.not_valid_after_utc)}."


def _offline(options: argparse.Namespace, secret: bytes) -> Offline:
    return Offline(options.offline or options.directory / files.OFFLINE, shared.offline_passphrase(secret))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"--since: {text} has no time zone; write it like 2026-03-01T00:00:00Z")
    return moment


def _say(options: argparse.Namespace, facts: dict[str, Any], sentence: str) -> None:
    sys.stdout.write((json.dumps(facts) if options.json else sentence) + "\n")
