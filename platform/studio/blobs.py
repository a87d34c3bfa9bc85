"""Signed files by the SHA-256 of their bytes, and the quarantine of unsigned ones.

- A blob is written whole or not at all (temporary name, fsync, rename, fsync of the folder) and never changed
  afterwards.
- Reading checks the digest again: bytes that changed on the disk are an error, not a picture.
- The quarantine holds sealed bytes (studio.vault) by picture id, pixels and the strip of their making, until they are
  signed or expire; beside them, by request id, the pictures that requests start from, and by lesson id those that a
  model is to be taught.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from studio.faults import fault

# Sealed bytes are written before the row that names them; younger ones may still get theirs.
STRAY_AFTER = timedelta(hours=1)
PIECE_BYTES = 2**20
# What the quarantine keeps by picture: pixels, and how they were made.
PIXELS, PROCESS = QUARANTINED = (".sealed", ".process")


class BlobError(Exception):
    """A stored file that is missing or no longer has its digest."""


def root() -> Path:
    """The folder of `STORAGE_URL`."""
    parts = urlsplit(settings.STORAGE_URL)
    if parts.scheme != "file":
        raise ImproperlyConfigured(f"STORAGE_URL begins with {parts.scheme!r}; use file:///folder.")
    return Path(parts.path)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` so that a crash leaves either the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with partial.open("wb") as stream:
            stream.write(data[: len(data) // 2])
            fault("blob half written")
            stream.write(data[len(data) // 2 :])
            stream.flush()
            os.fsync(stream.fileno())
        fault("blob before rename")
        partial.replace(path)
    except OSError:
        # A full disk must not fill further with the halves of what did not fit.
        partial.unlink(missing_ok=True)
        raise
    _keep_names(path.parent)
    fault("blob after rename")


def _keep_names(folder: Path) -> None:
    """Make renames in a folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def blob_path(sha256: str) -> Path:
    """Where the file with this digest lies, whether or not it is there."""
    return root() / sha256[:2] / sha256


def put(data: bytes) -> str:
    """Store `data` under its digest, which is returned; storing the same bytes twice is one file."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = blob_path(sha256)
    if not path.exists():
        write_whole(path, data)
    return sha256


def get(sha256: str) -> bytes:
    """The stored bytes. Raises BlobError when they are missing or altered."""
    try:
        data = blob_path(sha256).read_bytes()
    except FileNotFoundError as error:
        raise BlobError(f"The file {sha256} is missing from the store.") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BlobError(f"The file {sha256} was altered in the store.")
    return data


def adopt(path: Path) -> tuple[str, int]:
    """Copy a finished file into the store piece by piece; its SHA-256 and its size. The file itself stays."""
    digest, size = hashlib.sha256(), 0
    partial = root() / f".{path.name}.{uuid4().hex}"
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("rb") as source, partial.open("wb") as stream:
            while piece := source.read(PIECE_BYTES):
                digest.update(piece)
                size += stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        sha256 = digest.hexdigest()
        place = blob_path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(place)
    finally:
        partial.unlink(missing_ok=True)
    _keep_names(place.parent)
    return sha256, size


def opened(sha256: str) -> BinaryIO:
    """A stored file of any size, read to its end once and found whole, then open at its start. Raises BlobError."""
    try:
        stream = blob_path(sha256).open("rb")
    except FileNotFoundError as error:
        raise BlobError(f"The file {sha256} is missing from the store.") from error
    if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
        stream.close()
        raise BlobError(f"The file {sha256} was altered in the store.")
    stream.seek(0)
    return stream


def report_path(report: UUID) -> Path:
    """Where a report is written until it is whole."""
    return settings.QUARANTINE_DIR / f"{report}.report"


def quarantine_path(picture: UUID) -> Path:
    """Where a picture's sealed pixels lie before it is signed."""
    return settings.QUARANTINE_DIR / f"{picture}{PIXELS}"


def process_path(picture: UUID) -> Path:
    """Where the sealed strip of a picture's making lies before it is signed."""
    return settings.QUARANTINE_DIR / f"{picture}{PROCESS}"


def reference_path(job: UUID) -> Path:
    """Where the sealed picture lies that a request starts from, until the request has ended."""
    return settings.QUARANTINE_DIR / f"{job}.reference"


def credential_path(job: UUID) -> Path:
    """Where that picture's sealed file lies if it carries a credential, until all that is made from it is signed."""
    return settings.QUARANTINE_DIR / f"{job}.credential"


def lesson_path(lesson: UUID, place: int) -> Path:
    """Where a sealed picture lies that a model is to be taught, until the lesson has ended."""
    return settings.QUARANTINE_DIR / f"{lesson}.{place}.lesson"


def protected_path(protected: UUID) -> Path:
    """Where a sealed picture file lies that an organisation protects, until the worker has read it."""
    return settings.QUARANTINE_DIR / f"{protected}.protected"


def protected_purpose(protected: UUID) -> str:
    """What such a file is sealed for."""
    return f"protected {protected}"


def small_path(picture: UUID) -> Path:
    """Where the small picture lies that galleries show; it can be made again at any time from the signed file."""
    return root() / "small" / picture.hex[:2] / f"{picture}.webp"


def is_left(path: Path, *, now: datetime) -> bool:
    """Whether sealed bytes are older than any row that is still to name them; not if somebody removed them just now."""
    try:
        return path.stat().st_mtime < (now - STRAY_AFTER).timestamp()
    except FileNotFoundError:
        return False


def strays(*, before: float) -> Iterator[Path]:
    """Files of the store last written before `before` (seconds since 1970), halves of dead writers among them."""
    for path in root().glob("??/*"):
        if path.stat().st_mtime < before:
            yield path
