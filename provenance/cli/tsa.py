"""`tsa init|serve`: a small time-stamp authority for development, which is no independent witness and says so."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from provenance.cli import options as shared
from provenance.keys import create_time_authority, files
from provenance.timestamps import TimeStampAuthority
from provenance.timestamps.server import make_server

_PORT = 3161
_NAME = "Development time-stamps"
_SECRET = "TRUST_PASSPHRASE_FILE=secret.txt python -m provenance tsa"  # noqa: S105  # names a file, holds no secret
_WARNING = "For development: it certifies this machine's own clock and is no independent witness."


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its verbs."""
    example = f"example: {_SECRET} init var/tsa && {_SECRET} serve var/tsa"
    about = "a time-stamp authority for development"
    parser = commands.add_parser("tsa", help=about, description=f"Run {about}. {_WARNING}", epilog=example)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    init = verbs.add_parser("init", help="make its keys", description="Make its keys.", epilog=example)
    init.add_argument("directory", type=Path, metavar="DIR", help="a directory that does not exist yet")
    init.add_argument("--name", default=_NAME, help="the name that its certificates show (default: %(default)s)")
    init.set_defaults(run=_init)
    serve = verbs.add_parser(
        "serve",
        help="answer requests until interrupted",
        description=f"Answer RFC 3161 requests until interrupted. {_WARNING}",
        epilog=f"example: {_SECRET} serve var/tsa --port 3161",
    )
    serve.add_argument("directory", type=Path, metavar="DIR", help="the directory that `tsa init` made")
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    serve.add_argument("--port", type=int, default=_PORT, help="port, 0 for any free one (default: %(default)s)")
    serve.set_defaults(run=_serve)


def _init(options: argparse.Namespace) -> int:
    create_time_authority(options.directory, name=options.name, passphrase=shared.passphrase(), now=datetime.now(UTC))
    sys.stdout.write(
        f"Keys for time-stamps are in {options.directory}. {_WARNING}\n"
        f"Copy {files.TIME_ROOT} into each trust directory that shall believe them.\n"
    )
    return 0


def _serve(options: argparse.Namespace) -> int:
    authority = TimeStampAuthority.load(options.directory, passphrase=shared.passphrase())
    with make_server(authority, clock=lambda: datetime.now(UTC), host=options.host, port=options.port) as server:
        sys.stdout.write(f"{_WARNING}\ntime-stamps at http://{options.host}:{server.server_address[1]}/\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
