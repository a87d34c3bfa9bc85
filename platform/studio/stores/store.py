"""What every kind of store offers, one name of one store, and which store an address means."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Stored:
    """What a store says of a name when it lists what it keeps: the time is that of the last write, in UTC."""

    name: str
    written: datetime


class Store(Protocol):
    """Bytes by name. Every method raises OSError when the store cannot be reached or has no room."""

    def write(self, name: str, data: bytes) -> None:
        """Keep `data` whole under a name, instead of what was there; a crash leaves the old, the new, or nothing."""

    def take(self, name: str, path: Path) -> None:
        """Keep a finished file of any size, on the same terms. It may be gone afterwards from where it was."""

    def read(self, name: str) -> bytes:
        """All bytes. Raises FileNotFoundError."""

    def open(self, name: str) -> BinaryIO:
        """A stream at its start that can be read again from there, for what is too large to be read whole."""

    def has(self, name: str) -> bool:
        """Whether something is there."""

    def remove(self, name: str) -> None:
        """Forget a name, if it is there."""

    def listed(self, prefix: str = "") -> Iterator[Stored]:
        """Every name that begins so, and halves that dead writers left, in no order."""

    def free_bytes(self) -> int | None:
        """How much still goes in, None where nobody can say; the store was reached in any case."""


@dataclass(frozen=True, slots=True)
class Place:
    """One name of one store, whether or not anything is there."""

    store: Store
    name: str

    def write(self, data: bytes) -> None:
        """Keep `data` here. Raises OSError."""
        self.store.write(self.name, data)

    def take(self, path: Path) -> None:
        """Keep a finished file here, which may be gone afterwards from where it was. Raises OSError."""
        self.store.take(self.name, path)

    def read(self) -> bytes:
        """All bytes. Raises FileNotFoundError, OSError."""
        return self.store.read(self.name)

    def open(self) -> BinaryIO:
        """A stream at its start. Raises FileNotFoundError, OSError."""
        return self.store.open(self.name)

    def exists(self) -> bool:
        """Whether something is here. Raises OSError."""
        return self.store.has(self.name)

    def remove(self) -> None:
        """Forget what is here, if anything is. Raises OSError."""
        self.store.remove(self.name)


def is_away(error: BaseException | None) -> bool:
    """Whether a store could not be reached or has no room, as against a name that is not there."""
    return isinstance(error, OSError) and not isinstance(error, FileNotFoundError)


@lru_cache(maxsize=16)
def at(address: str) -> Store:
    """The store of an address: `file:///folder`, or `s3://bucket/prefix?endpoint=https://host`.

    Raises ImproperlyConfigured.
    """
    parts = urlsplit(address)
    if parts.scheme == "file" and parts.path.startswith("/"):
        from studio.stores.folder import Folder

        return Folder(Path(parts.path))
    if parts.scheme == "s3" and parts.netloc:
        from studio.stores.bucket import Bucket

        return Bucket.of(parts)
    raise ImproperlyConfigured(f"{address!r} is no place for files; write file:///folder or s3://bucket/prefix.")
