"""Which watermark an installation uses, as one line of configuration, and the key of our own.

- `lattice:FILE`: the mark of our own, with the key in a file that nobody else may read.
- `PACKAGE.MODULE:FACTORY=PATH`: any other; `FACTORY(Path(PATH))` must give a `Watermark`. It is code, and runs with the
  rights of whoever opens it. Where strangers' files are read it has to do with the limits of `reader`, or is not heard.
"""

import importlib
import os
import secrets
from pathlib import Path

from provenance.errors import KeyFileError
from provenance.watermark.protocol import Watermark
from provenance.watermark.spread import SpreadSpectrum

KEY_BYTES = 32
_OWN = "lattice:"


def open_watermark(specification: str) -> Watermark:
    """The watermark of a line of configuration; ValueError for what is none, KeyFileError for its key."""
    if path := key_file(specification):
        return SpreadSpectrum(load_key(path))
    place, equals, folder = specification.partition("=")
    module, colon, factory = place.partition(":")
    if not (equals and colon and module and factory):
        raise ValueError(f"watermark: {specification!r}; write lattice:FILE or PACKAGE.MODULE:FACTORY=PATH")
    made: Watermark = getattr(importlib.import_module(module), factory)(Path(folder))
    return made


def key_file(specification: str) -> Path | None:
    """Where the mark of our own has its key, None for another mark or none."""
    return Path(specification.removeprefix(_OWN)) if specification.startswith(_OWN) else None


def create_key(path: Path) -> None:
    """A new key in a file of its own, readable by its owner alone; FileExistsError when there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")


def load_key(path: Path) -> bytes:
    """The key of a file; KeyFileError when it is missing, open to others, or holds no key."""
    try:
        others, text = path.stat().st_mode & 0o077, path.read_text(encoding="ascii")
        key = bytes.fromhex(text.strip())
    except OSError as error:
        raise KeyFileError(
            f"watermark key: {path} cannot be read ({error.strerror}); make one with `watermark key`"
        ) from error
    except ValueError as error:
        raise KeyFileError(f"watermark key: {path} is not the hexadecimal text that `watermark key` writes") from error
    if others:
        raise KeyFileError(f"watermark key: {path} is open to others; give it mode 600")
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"watermark key: {path} holds {len(key)} bytes, not {KEY_BYTES}")
    return key
