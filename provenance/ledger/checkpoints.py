"""Checkpoints: a log's size and root, signed, so that history cannot be rewritten under whoever holds one.

The text is C2SP tlog-checkpoint: origin, size in decimal, root in base64, one line each, signed as a note. A text with
further lines is read too, they are part of what is signed.
"""

import base64
import binascii
from dataclasses import dataclass

from provenance.keys.notes import VerifierKey, open_note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`root` is 32 bytes over the first `size` entries of the log `origin`."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text to sign."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, note: str) -> "Checkpoint":
        """The checkpoint in a note, its signature unchecked; ValueError when it is malformed."""
        lines = note.split("\n")
        try:
            root = base64.b64decode(lines[2], validate=True)
            size = int(lines[1])
        except (IndexError, ValueError, binascii.Error) as error:
            raise ValueError("checkpoint: expected the origin, the size and the base64 root, one a line") from error
        if not lines[0] or len(root) != 32 or size < 0 or str(size) != lines[1]:
            raise ValueError("checkpoint: origin, size or root is malformed")
        return cls(lines[0], size, root)


def open_checkpoint(note: str, *, origin: str, keys: tuple[VerifierKey, ...]) -> Checkpoint:
    """The checkpoint of a log whose signature by one of the keys holds; ValueError says what does not."""
    opened = open_note(note, keys)
    if opened is None:
        raise ValueError("checkpoint: no valid signature by a key of the trust list")
    checkpoint = Checkpoint.parse(opened[0])
    if checkpoint.origin != origin:
        raise ValueError(f"checkpoint: it is of the log {checkpoint.origin}, not of {origin}")
    return checkpoint
