"""Flags that several commands share, and where their values come from when a flag is not given."""

import argparse
import os
from pathlib import Path

from provenance.keys import TrustStore, files
from provenance.ledger import Ledger
from provenance.watermark import Watermark, open_watermark


def from_environment(name: str) -> str | None:
    """The variable `name`, or the contents of the file that `name`_FILE points to."""
    if value := os.environ.get(name):
        return value
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else None


def add_trust(parser: argparse.ArgumentParser) -> None:
    """The flag --trust."""
    parser.add_argument("--trust", metavar="DIR", type=Path, help="trust directory or its parent (default: TRUST_DIR)")


def add_ledger(parser: argparse.ArgumentParser) -> None:
    """The flag --ledger."""
    parser.add_argument("--ledger", metavar="URL", help="sqlite:///path or postgresql://… (default: LEDGER_URL)")


def add_json(parser: argparse.ArgumentParser) -> None:
    """The flag --json."""
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def add_watermark(parser: argparse.ArgumentParser) -> None:
    """The flag --watermark."""
    parser.add_argument(
        "--watermark", metavar="LINE", help="lattice:KEYFILE or MODULE:FACTORY=PATH (default: WATERMARK)"
    )


def watermark_line(options: argparse.Namespace) -> str:
    """The line of --watermark or WATERMARK, empty when there is none."""
    return str(options.watermark or from_environment("WATERMARK") or "")


def watermark(options: argparse.Namespace) -> Watermark:
    """The watermark of --watermark or WATERMARK."""
    line = watermark_line(options)
    if not line:
        raise ValueError("--watermark: say which, as lattice:KEYFILE, or set WATERMARK")
    return open_watermark(line)


def any_watermark(options: argparse.Namespace) -> Watermark | None:
    """The same where it may be left out."""
    return watermark(options) if watermark_line(options) else None


def trust_store(options: argparse.Namespace) -> TrustStore:
    """The trust store of --trust or TRUST_DIR."""
    directory = options.trust or from_environment("TRUST_DIR")
    if not directory:
        raise ValueError("--trust: say where the trust directory is, or set TRUST_DIR")
    return TrustStore.load(Path(directory))


def open_ledger(options: argparse.Namespace) -> Ledger:
    """The ledger of --ledger or LEDGER_URL."""
    url = options.ledger or from_environment("LEDGER_URL")
    if not url:
        raise ValueError("--ledger: say where the ledger is, or set LEDGER_URL")
    return Ledger(url)


def passphrase() -> bytes:
    """The passphrase of the keys, never taken from a flag: other users could read it in the process list.

    Raises ValueError when there is none, KeyFileError when others can read the file that it is in.
    """
    value = _secret("TRUST_PASSPHRASE")
    if not value:
        raise ValueError("TRUST_PASSPHRASE: set it, or TRUST_PASSPHRASE_FILE, to the passphrase of the keys")
    return value


def offline_passphrase(otherwise: bytes) -> bytes:
    """The passphrase of the keys that are kept offline; the one of the others where none of its own is set."""
    return _secret("OFFLINE_PASSPHRASE") or otherwise


def _secret(name: str) -> bytes:
    if value := os.environ.get(name):
        return value.encode()
    file = os.environ.get(f"{name}_FILE")
    return files.read_private(Path(file)).strip() if file else b""
