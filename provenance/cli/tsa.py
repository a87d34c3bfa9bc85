"""`tsa`: run the small time-stamp authority for development."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from provenance.cli import options as shared
from provenance.timestamps import TimeStampAuthority
from provenance.timestamps.server import make_server

_PORT = 3161


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "tsa",
        help="run a time-stamp authority for development",
        description="Answer RFC 3161 requests with this machine's clock, until interrupted. No independent witness.",
        epilog="example: TRUST_PASSPHRASE_FILE=secret.txt python -m provenance tsa --keys var/trust/health",
    )
    parser.add_argument("--keys", required=True, type=Path, metavar="DIR", help="the directory that keys init made")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=_PORT, help="port, 0 for any free one (default: %(default)s)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    authority = TimeStampAuthority.load(options.keys, passphrase=shared.passphrase())
    with make_server(authority, clock=lambda: datetime.now(UTC), host=options.host, port=options.port) as server:
        sys.stdout.write(f"time-stamps at http://{options.host}:{server.server_address[1]}/\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0
