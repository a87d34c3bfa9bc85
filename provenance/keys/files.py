"""Reading and writing key files without ever trusting the file system more than needed.

- A private key is a regular file, mode 0600, owned by the process's user; anything else is refused with the remedy.
- New files appear complete or not at all: they are written into a sibling directory that is renamed at the end.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from provenance.errors import KeyFileError

ROOT_CERTIFICATE = "root.pem"
ROOT_KEY = "root.key.pem"
INTERMEDIATE_CERTIFICATE = "intermediate.pem"
INTERMEDIATE_KEY = "intermediate.key.pem"
CHAIN = "chain.pem"
LEAF_KEY = "leaf.key.pem"
TIME_CHAIN = "time.pem"
TIME_KEY = "time.key.pem"
CHECKPOINT_KEY = "checkpoint.key.pem"
CHECKPOINT_VKEY = "checkpoint.vkey"

PRIVATE = frozenset({ROOT_KEY, INTERMEDIATE_KEY, LEAF_KEY, TIME_KEY, CHECKPOINT_KEY})


def read_private(path: Path) -> bytes:
    """The bytes of a private key file, after its protection was checked on the opened file itself."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path}: no such key file; make the keys with `python -m provenance keys init`") from error
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; a key must be a readable regular file, no symlink") from error
    with os.fdopen(descriptor, "rb") as file:
        _require_protected(path, os.fstat(file.fileno()))
        return file.read()


def read_public(path: Path) -> bytes:
    """The bytes of a certificate or verifier key; KeyFileError when it is not there."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}; restore it from the trust directory") from error


def roots(directory: Path) -> list[Path]:
    """The root certificates in a directory: `root.pem`, and older ones kept beside it as `root-….pem`."""
    return sorted(path for path in directory.glob("root*.pem") if path.name not in PRIVATE)


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write all files and rename them into place as one new directory; KeyFileError if it exists already."""
    directory = directory.absolute()
    if os.path.lexists(directory):
        raise KeyFileError(f"{directory}: it exists already, and keys are never overwritten; choose a new directory")
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        for name, data in files.items():
            _write(draft / name, data, mode=0o600 if name in PRIVATE else 0o644)
        draft.chmod(0o755)
        draft.rename(directory)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync_directory(directory.parent)


def replace(path: Path, data: bytes) -> None:
    """Put new contents in a file's place, complete or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    _write(draft, data, mode=0o600 if path.name in PRIVATE else 0o644)
    draft.rename(path)
    _sync_directory(path.parent)


def _write(path: Path, data: bytes, *, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_protected(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise KeyFileError(f"{path}: not a regular file; put the key itself there")
    if status.st_uid != os.geteuid():
        raise KeyFileError(f"{path}: owned by user {status.st_uid}; run `chown {os.geteuid()} {path}`")
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyFileError(f"{path}: readable by others; run `chmod 600 {path}`")
