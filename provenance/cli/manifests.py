"""`manifests FILE…`: what a file's manifests say, as crJSON, C2PA's own form for reports."""

import argparse
import json
import sys
from pathlib import Path

from provenance import credentials, media
from provenance.cli import options as shared
from provenance.errors import UnreadableAssetError
from provenance.pictures import MOST_BYTES, probe


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "manifests",
        help="print what the manifests in pictures, films and sounds say, as crJSON",
        description="Print each file's manifests as crJSON, one object a line. Exit status 0 if every file has one.",
        epilog="example: python -m provenance manifests picture.png --trust var/trust",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    shared.add_trust(parser)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    roots, every = shared.trust_store(options).anchors.all_pem, True
    for path in options.files:
        text = _crjson(path, roots_pem=roots)
        every = every and text is not None
        sys.stdout.write(
            json.dumps({"file": str(path), "crjson": json.loads(text or "null")}, ensure_ascii=False) + "\n"
        )
    return 0 if every else 1


def _crjson(path: Path, *, roots_pem: bytes) -> str | None:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnreadableAssetError(f"{path}: more than {MOST_BYTES} bytes")
    return credentials.crjson(data, media.guess(data) or probe(data), roots_pem=roots_pem)
