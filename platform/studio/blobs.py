"""Signed files by the SHA-256 of their bytes, in the store of `STORAGE_URL`, and the small pictures made from them.

A file is written whole or not at all and never changed afterwards. Reading checks the digest again: bytes that changed
where they are kept are an error, not a picture.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from studio import stores

PIECE_BYTES = 2**20


class BlobError(Exception):
    """A stored file that is missing or no longer has its digest."""


def store() -> stores.Store:
    """The store of `STORAGE_URL`."""
    return stores.at(settings.STORAGE_URL)


def blob(sha256: str) -> stores.Place:
    """Where the file with this digest is kept, whether or not it is there."""
    return stores.Place(store(), f"{sha256[:2]}/{sha256}")


def put(data: bytes) -> str:
    """Store `data` under its digest, which is returned; storing the same bytes twice is one file."""
    sha256 = hashlib.sha256(data).hexdigest()
    place = blob(sha256)
    if not place.exists():
        place.write(data)
    return sha256


def get(sha256: str) -> bytes:
    """The stored bytes. Raises BlobError when they are missing or altered, OSError when the store is away."""
    try:
        data = blob(sha256).read()
    except FileNotFoundError as error:
        raise BlobError(f"The file {sha256} is missing from the store.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BlobError(f"The file {sha256} was altered in the store.")
    return data


def adopt(path: Path, *, sha256: str = "") -> tuple[str, int]:
    """Take a finished file of any size into the store, from where it may be gone afterwards; its SHA-256 and its size.

    Whoever wrote it knows its digest already, perhaps.
    """
    if not sha256:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    size = path.stat().st_size
    blob(sha256).take(path)
    return sha256, size


def opened(sha256: str) -> BinaryIO:
    """A stored file of any size, read to its end once and found whole, then open at its start.

    Raises BlobError, OSError.
    """
    try:
        stream = blob(sha256).open()
    except FileNotFoundError as error:
        raise BlobError(f"The file {sha256} is missing from the store.") from error
    digest = hashlib.sha256()
    while piece := stream.read(PIECE_BYTES):
        digest.update(piece)
    if digest.hexdigest() != sha256:
        stream.close()
        raise BlobError(f"The file {sha256} was altered in the store.")
    stream.seek(0)
    return stream


def small(picture: UUID) -> stores.Place:
    """Where the small picture is kept that galleries show; it can be made again at any time from the signed file."""
    return stores.Place(store(), f"small/{picture.hex[:2]}/{picture}.webp")


def strays(*, before: datetime) -> Iterator[stores.Place]:
    """Signed files last written before a moment, halves of dead writers among them."""
    kept = store()
    for found in kept.listed():
        if found.name.count("/") == 1 and found.written < before:
            yield stores.Place(kept, found.name)
