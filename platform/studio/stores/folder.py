"""A store that is a folder of this machine, or of a share that all machines mount."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from studio.faults import fault
from studio.stores.store import Stored


def write_whole(path: Path, data: bytes, *, halfway: str = "blob half written") -> None:
    """Write `data` so that a crash or a power cut leaves either the whole file or none. Raises OSError.

    `halfway` is the fault point in the middle.
    """
    half = len(data) // 2

    def fill(stream: BinaryIO) -> None:
        stream.write(data[:half])
        fault(halfway)
        stream.write(data[half:])

    _whole(path, fill)


def _whole(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """A temporary name, fsync, rename, and fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with partial.open("wb") as stream:
            fill(stream)
            stream.flush()
            os.fsync(stream.fileno())
        fault("blob before rename")
        partial.replace(path)
    except OSError:
        # A full disk must not fill further with the halves of what did not fit.
        partial.unlink(missing_ok=True)
        raise
    _sync(path.parent)
    fault("blob after rename")


def _sync(path: Path) -> None:
    """Onto the disk with a file, or with the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Folder:
    """Files under `root`, which is made when the first of them comes."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """Where a name's file lies."""
        return self.root / name

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` under a name, as the protocol says."""
        write_whole(self.path(name), data)

    def take(self, name: str, path: Path) -> None:
        """Move a finished file here, or copy it from another disk."""
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync(path)
        try:
            path.replace(target)
            _sync(target.parent)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            with path.open("rb") as source:
                _whole(target, lambda stream: shutil.copyfileobj(source, stream))

    def read(self, name: str) -> bytes:
        """All bytes. Raises FileNotFoundError."""
        return self.path(name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        """The open file. Raises FileNotFoundError."""
        return self.path(name).open("rb")

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.path(name).exists()

    def remove(self, name: str) -> None:
        """Remove the file, if it is there."""
        self.path(name).unlink(missing_ok=True)

    def listed(self, prefix: str = "") -> Iterator[Stored]:
        """Every file whose name begins so. What somebody removes meanwhile is left out."""
        for folder, _, files in os.walk(self.path(prefix.rpartition("/")[0])):
            for path in (Path(folder, file) for file in files):
                name = path.relative_to(self.root).as_posix()
                if not name.startswith(prefix):
                    continue
                try:
                    written = path.stat().st_mtime
                except FileNotFoundError:
                    continue
                yield Stored(name, datetime.fromtimestamp(written, UTC))

    def free_bytes(self) -> int:
        """The free bytes of the disk that the folder is on, or will be."""
        place = self.root
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def __str__(self) -> str:
        return str(self.root)
