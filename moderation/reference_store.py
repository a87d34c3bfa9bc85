"""Where an organisation's references are kept: a protocol, and the plainest thing that fulfils it, a file.

Not for thousands of references or several writers at once: a studio keeps them in its own tables behind the same
protocol. Invariant: a file is replaced whole, so a reader never sees half of a change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Protocol

from moderation.errors import InputError
from moderation.references import Reference


class ReferenceStore(Protocol):
    """Anything that keeps references."""

    def all(self) -> tuple[Reference, ...]:
        """Every reference, in the order they were added."""

    def add(self, reference: Reference) -> None:
        """Keep one more; raises `InputError` when its id is taken."""

    def remove(self, reference_id: str) -> None:
        """Forget one; raises `InputError` when there is none of that id."""


class FileStore:
    """A JSON-lines file, one reference a line; made when the first is added."""

    def __init__(self, path: Path) -> None:
        """`path` need not exist yet."""
        self._path = path

    def all(self) -> tuple[Reference, ...]:
        """See `ReferenceStore.all`; raises `InputError` naming the line that cannot be read."""
        if not self._path.exists():
            return ()
        found = []
        for number, line in enumerate(self._path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                found.append(Reference.from_json(json.loads(line)))
            except ValueError as wrong:
                raise InputError(f"references: line {number} of {self._path.name} is no JSON; restore it") from wrong
        return tuple(found)

    def add(self, reference: Reference) -> None:
        """See `ReferenceStore.add`."""
        kept = self.all()
        if any(other.id == reference.id for other in kept):
            raise InputError(f"references.id: {reference.id!r} is taken; choose another or remove that one first")
        self._write((*kept, reference))

    def remove(self, reference_id: str) -> None:
        """See `ReferenceStore.remove`."""
        kept = self.all()
        left = tuple(reference for reference in kept if reference.id != reference_id)
        if len(left) == len(kept):
            raise InputError(f"references.id: there is no {reference_id!r}; list them to see the ids")
        self._write(left)

    def _write(self, references: tuple[Reference, ...]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(reference.to_json(), ensure_ascii=False) for reference in references]
        beside = self._path.with_name(self._path.name + ".new")
        beside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        beside.replace(self._path)
