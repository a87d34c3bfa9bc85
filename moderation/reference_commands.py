"""What `references add`, `list`, `remove` and `find` do: an organisation's registry kept in a file."""

from __future__ import annotations

import argparse
import json
import sys

from moderation.commands import opened
from moderation.errors import InputError
from moderation.features import PooledFeatures
from moderation.reference_store import FileStore
from moderation.references import Registry, register
from moderation.views import as_view


def add(given: argparse.Namespace) -> int:
    """Register one picture."""
    picture = opened(given.file)
    reference = register(
        picture.tobytes(),
        picture.width,
        picture.height,
        reference_id=given.id or given.file.stem,
        label=given.label,
        category=given.category,
        owner=given.owner,
        reader=PooledFeatures.load(threads=1),
    )
    FileStore(given.store).add(reference)
    _say(f"{reference.id}: {reference.label} ({reference.category}), for {reference.owner}")
    return 0


def show(given: argparse.Namespace) -> int:
    """List what is registered."""
    references = FileStore(given.store).all()
    rows = [{"id": r.id, "label": r.label, "category": r.category, "owner": r.owner} for r in references]
    lines = [f"{row['id']:24} {row['category']:16} {row['label']} ({row['owner']})" for row in rows]
    _say(json.dumps(rows, indent=2, ensure_ascii=False) if given.json else "\n".join(lines) or "nothing is registered")
    return 0


def remove(given: argparse.Namespace) -> int:
    """Forget one reference."""
    FileStore(given.store).remove(given.id)
    _say(f"{given.id} is no longer registered")
    return 0


def find(given: argparse.Namespace) -> int:
    """Say which references a picture is a copy of, cut from, or near to; 3 when there is one."""
    references = FileStore(given.store).all()
    if not references:
        raise InputError(f"store: {given.store} holds no references; add one first")
    picture = opened(given.file)
    registry = Registry(references, reader=PooledFeatures.load(threads=1))
    found = registry.matches(as_view(picture.tobytes(), picture.width, picture.height))
    rows = [match.to_json() for match in found]
    lines = [f"{row['likeness']:5} {row['label']} ({row['reference']})" for row in rows]
    _say(
        json.dumps(rows, indent=2, ensure_ascii=False)
        if given.json
        else "\n".join(lines) or "no reference is found in it"
    )
    return 3 if found else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
