"""What is kept of a log outside of its database: all that can show that the database was rewritten as a whole.

The product writes three files for each log, and copies of them belong where the database's administrator cannot write:
`NAME.txt`, the last checkpoint; `NAME.anchor.txt`, the last text that was time-stamped, with an earlier checkpoint in
it; and `NAME.anchor.tst`, the token over that text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outside:
    """Copies from elsewhere: a checkpoint's note, and a time-stamp's text and token; what is not there is empty."""

    note: str = ""
    statement: bytes = b""
    token: bytes = b""

    @classmethod
    def beside(cls, checkpoint: Path) -> "Outside":
        """What lies in and beside a checkpoint's file; OSError or ValueError when it cannot be read.

        A time-stamp's text without its token, or the other way round, is an error: half of it shows nothing.
        """
        text, token = checkpoint.with_suffix(".anchor.txt"), checkpoint.with_suffix(".anchor.tst")
        if text.exists() != token.exists():
            missing = token if text.exists() else text
            raise ValueError(
                f"outside: {missing.name} is missing beside {checkpoint.name}; copy both files, or neither"
            )
        stamped = (text.read_bytes(), token.read_bytes()) if text.exists() else (b"", b"")
        return cls(checkpoint.read_text(encoding="utf-8"), *stamped)

    def notes(self) -> Iterator[str]:
        """The checkpoints in it, signatures unchecked."""
        if self.note:
            yield self.note
        if self.statement:
            yield self.statement.decode("utf-8", "replace").rpartition("\ntoken before: ")[0]
