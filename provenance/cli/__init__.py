"""The command line: check files, audit a ledger, make keys, check a pack, read watermarks.

Every command has --help with an example.

Exit status: 0 all is well (for `verify`: every file is ours), 1 it is not, 2 usage, keys or ledger unavailable.
Flags default to the environment: TRUST_DIR, LEDGER_URL, TSA_URL, WATERMARK, each also as a file (LEDGER_URL_FILE).
Passphrases come from there alone (TRUST_PASSPHRASE, OFFLINE_PASSPHRASE, KEY_PASSPHRASE); their files must be
for their owner alone.
"""

import argparse
import sys
from collections.abc import Sequence

from provenance.cli import bench, keys, ledger, manifests, pack, profiles, tsa, verify, watermark
from provenance.errors import ProvenanceError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m provenance",
        description="Check pictures, ledgers, keys and packs.",
        epilog="example: python -m provenance verify picture.png --trust var/trust --ledger sqlite:///var/ledger.db",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (verify, manifests, profiles, watermark, ledger, keys, pack, tsa, bench):
        module.register(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except (ProvenanceError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
