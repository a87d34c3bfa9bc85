"""Where the studio's files lie when its stores are folders, for tests that look at them or harm them."""

from pathlib import Path
from uuid import UUID

from studio import blobs, quarantine, stores
from studio.quarantine import Kind
from studio.stores.folder import Folder


def file_of(place: stores.Place) -> Path:
    """The file of a place, whether or not it is there."""
    assert isinstance(place.store, Folder)
    return place.store.path(place.name)


def signed_file(sha256: str) -> Path:
    """The signed file of a digest."""
    return file_of(blobs.blob(sha256))


def sealed_file(kind: Kind, owner: UUID) -> Path:
    """The sealed file of a row."""
    return file_of(quarantine.place(kind, owner))
