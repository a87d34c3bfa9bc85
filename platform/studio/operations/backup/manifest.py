"""What a backup says about itself, and whether its files are those that it was made with."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

FORMAT = 1
MANIFEST = "manifest.json"
LIST = "files.jsonl"
LEDGER = "ledger.sqlite3"
FILES = "files"
PIECE_BYTES = 2**20
# As the list of what was left out names it.
WATERMARK_KEY = "the watermark's key"


class BackupError(Exception):
    """A backup that cannot be made, is not whole, or may not be restored here; the words say what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup; `path` is relative to its folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is.

    `logs` are where each log of the ledger stood: `log`, `size`, `root` and the note of its last `checkpoint`. `places`
    are this installation's own folders, which rows may name. `damaged` are signed files that were altered in the store,
    and are not in it. `left_out` is what a whole installation needs besides.
    """

    made: str
    database: Mapping[str, str]
    migrations: Sequence[str]
    logs: Sequence[Mapping[str, Any]]
    places: Mapping[str, str]
    files: int
    bytes: int
    list_sha256: str
    damaged: Sequence[str]
    left_out: Sequence[str]
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Make the folder a backup."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a folder. Raises BackupError."""
        try:
            facts = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        except OSError as error:
            raise BackupError(f"{folder} is no whole backup: {MANIFEST} cannot be read ({error.strerror}).") from error
        except ValueError as error:
            raise BackupError(f"{folder / MANIFEST} is damaged: {error}.") from error
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise BackupError(f"{folder / MANIFEST} is of another version; restore it with the one that made it.")
        try:
            return cls(**facts)
        except TypeError as error:
            raise BackupError(f"{folder / MANIFEST} is damaged: {error}.") from error

    def entries(self, folder: Path) -> Iterator[Entry]:
        """Every file, as the list says. Raises BackupError when the list is not the one that was written."""
        if digest(folder / LIST) != self.list_sha256:
            raise BackupError(f"{folder / LIST} was changed since the backup was made.")
        with (folder / LIST).open(encoding="utf-8") as lines:
            for line in lines:
                yield Entry(**json.loads(line))


def checked(entry: Entry, folder: Path) -> Path:
    """The file of an entry, after its digest was compared. Raises BackupError."""
    path = folder / entry.path
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BackupError(f"{entry.path} lies outside of the backup.")
    if digest(path) != entry.sha256:
        raise BackupError(f"{path} was changed since the backup was made.")
    return path


def digest(path: Path) -> str:
    """The SHA-256 of a file. Raises BackupError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BackupError(f"{path} cannot be read ({error.strerror}).") from error


class Listing:
    """Writes a backup's files and the list of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = self.bytes = 0
        self._list = (folder / LIST).open("w", encoding="utf-8")

    def take(self, path: str, stream: BinaryIO, *, expected: str | None = None) -> bool:
        """Copy a stream to its end as a file of the backup, unless its SHA-256 is not the `expected` one."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            shutil.copyfileobj(stream, file, PIECE_BYTES)
        if expected is not None and digest(target) != expected:
            target.unlink()
            return False
        self.note(path)
        return True

    def note(self, path: str) -> None:
        """List a file that is there already, as it can be read now."""
        target = self.folder / path
        entry = Entry(path, target.stat().st_size, digest(target))
        self._list.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
        self.files, self.bytes = self.files + 1, self.bytes + entry.size

    def close(self) -> str:
        """End the list; returns its digest."""
        self._list.close()
        return digest(self.folder / LIST)
