"""The files of a trust directory, read and written without trusting the file system more than needed.

- A private key is a regular file, mode 0600, owned by the process's user; anything else is refused with the remedy.
- New files appear complete or not at all: a new directory is written beside its place and renamed at the end.
- Which key signs is decided by `chain.pem` alone: the key of its leaf lies under the leaf's own digest, so replacing
  that one file is a rotation, and a crash before or after it leaves a directory that signs.

    root.pem  root-*.pem          whose claim signers count; never whose time-stamps
    time-root*.pem                whose time-stamps count; never whose claim signers
    intermediate.pem              what issues our own leaves
    chain.pem  former-*.pem       the leaf that signs now with its intermediates, and those before it
    *.crl.pem                     what was revoked, since when, and why
    checkpoint.vkey               the public half of the key of the log
    leaf-*.key.pem  leaf-*.uri    the leaf's key, or the URI of the place where it is; the sealing process alone
    checkpoint.key.pem            the log's key; the sealing process alone
    offline/                      the keys of root and intermediate: to be moved away
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
TIME_ROOT = "time-root.pem"
TIME_CHAIN = "time.pem"
TIME_KEY = "time.key.pem"
CHECKPOINT_KEY = "checkpoint.key.pem"
CHECKPOINT_VKEY = "checkpoint.vkey"
OFFLINE = "offline"
LISTS = "*.crl.pem"

_PRIVATE_SUFFIX = ".key.pem"
_ID_CHARACTERS = 16


def leaf_key(key_id: str) -> str:
    """The name of the file with the key of a leaf; `key_id` is the SHA-256 of its certificate."""
    return f"leaf-{key_id[:_ID_CHARACTERS]}{_PRIVATE_SUFFIX}"


def leaf_uri(key_id: str) -> str:
    """The name of the file that says where the key of a leaf is, when it is not in a file beside it."""
    return f"leaf-{key_id[:_ID_CHARACTERS]}.uri"


def former(key_id: str) -> str:
    """The name under which the chain of a leaf is kept once it signs no more."""
    return f"former-{key_id[:_ID_CHARACTERS]}.pem"


def is_private(name: str) -> bool:
    """Whether a file is for its owner alone."""
    return name.endswith(_PRIVATE_SUFFIX)


def read_private(path: Path) -> bytes:
    """The bytes of a file with a key or another secret, after its protection was checked on the opened file itself."""
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
    """The certificates that vouch for claim signers: `root.pem`, and others kept beside it as `root-….pem`."""
    return [path for path in sorted(directory.glob("root*.pem")) if not is_private(path.name)]


def time_roots(directory: Path) -> list[Path]:
    """The certificates that vouch for time-stamp authorities."""
    return [path for path in sorted(directory.glob("time-root*.pem")) if not is_private(path.name)]


def revocation_lists(directory: Path) -> list[Path]:
    """The revocation lists."""
    return sorted(directory.glob(LISTS))


def chains(directory: Path) -> list[Path]:
    """The chains of the leaf that signs now, first, and of those before it."""
    present = directory / CHAIN
    return [*([present] if present.exists() else []), *sorted(directory.glob("former-*.pem"))]


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write all files and rename them into place as one new directory; KeyFileError if it exists already."""
    directory = directory.absolute()
    require_new(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        for name, data in files.items():
            (draft / name).parent.mkdir(mode=0o700, exist_ok=True)
            _write(draft / name, data, private=is_private(name))
        draft.chmod(0o755)
        draft.rename(directory)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync_directory(directory.parent)


def require_new(directory: Path) -> None:
    """KeyFileError if something is there already."""
    if os.path.lexists(directory):
        raise KeyFileError(f"{directory}: it exists already, and keys are never overwritten; choose a new directory")


def replace(path: Path, data: bytes) -> None:
    """Put new contents in a file's place, complete or not at all."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    _write(draft, data, private=is_private(path.name))
    draft.rename(path)
    _sync_directory(path.parent)


def _write(path: Path, data: bytes, *, private: bool) -> None:
    mode = 0o600 if private else 0o644
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
