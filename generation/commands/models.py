"""`models`: list, show and lock the model folders of this machine."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generation.catalogue import LOCK, STARTER, ModelEntry, lock_text, read_model
from generation.commands.generate import entry_of
from generation.errors import ModelFolderError

EPILOG = """examples:
  python -m generation models list --folder ./models
  python -m generation models show starter --json
  python -m generation models lock ./models/sd15
"""


def add(subparsers: Any) -> None:
    """Add the command and its three actions to the parser."""
    form = argparse.RawDescriptionHelpFormatter
    parser = subparsers.add_parser(
        "models", help="list, show or lock model folders", epilog=EPILOG, formatter_class=form
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="all models in a folder, and the starter", epilog=EPILOG, formatter_class=form
    )
    listing.add_argument("--folder", type=Path, help="a folder of model folders")
    listing.set_defaults(run=list_models)
    showing = actions.add_parser("show", help="one model with its digests", epilog=EPILOG, formatter_class=form)
    showing.set_defaults(run=show_model)
    locking = actions.add_parser(
        "lock", help="write the digests that loading is held to", epilog=EPILOG, formatter_class=form
    )
    locking.set_defaults(run=lock_model)
    for action in (showing, locking):
        action.add_argument("model", help="a model folder, or `starter`")
    for action in (listing, showing):
        action.add_argument("--json", action="store_true", help="print JSON")


def list_models(options: argparse.Namespace) -> int:
    """Print every readable model; return 1 when one of them cannot be used."""
    failed = False
    for folder in _folders(options.folder):
        try:
            entry = read_model(folder, id=folder.name)
        except ModelFolderError as error:
            failed = True
            sys.stderr.write(f"{folder.name}: {error}\n")
        else:
            sys.stdout.write((json.dumps(entry.to_json()) if options.json else _line(entry)) + "\n")
    return int(failed)


def show_model(options: argparse.Namespace) -> int:
    """Print all that is known of one model."""
    entry = entry_of(options.model)
    if options.json:
        sys.stdout.write(json.dumps(entry.to_json(), indent=1) + "\n")
        return 0
    for name, value in entry.to_json().items():
        if isinstance(value, dict):
            value = "".join(f"\n    {key}  {item}" for key, item in value.items())
        sys.stdout.write(f"{name:20} {value}\n")
    return 0


def lock_model(options: argparse.Namespace) -> int:
    """Write the lock of a folder, over an older one."""
    folder = STARTER if options.model == "starter" else Path(options.model)
    (folder / LOCK).unlink(missing_ok=True)
    entry = read_model(folder, id=folder.name)
    (folder / LOCK).write_text(json.dumps(lock_text(entry), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(f"{folder / LOCK}: {len(entry.files)} files, digest {entry.digest}\n")
    return 0


def _folders(folder: Path | None) -> Iterator[Path]:
    yield STARTER
    if folder is not None:
        yield from sorted(path.parent for path in folder.glob("*/model_index.json"))


def _line(entry: ModelEntry) -> str:
    return f"{entry.id:20} {entry.pipeline:30} {entry.licence:16} {entry.digest[:12]}  {entry.folder}"
