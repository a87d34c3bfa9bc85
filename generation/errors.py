"""What can go wrong in generation, and whether trying again can help.

`permanent` answers the one question a worker asks: True means that the same request fails the same way again,
False means that another attempt may succeed.
"""

from typing import ClassVar


class GenerationError(Exception):
    """Base of every error this library raises on purpose; alone, an unforeseen failure worth another attempt."""

    permanent: ClassVar[bool] = False


class SpecError(GenerationError):
    """A field of a request is wrong; the message names the field and what to write instead."""

    permanent: ClassVar[bool] = True

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class ModelFolderError(GenerationError):
    """A model folder cannot be used; the message names the file and the remedy."""

    permanent: ClassVar[bool] = True


class OutputError(GenerationError):
    """The model ran and gave no picture (not-a-number, infinity): the same seed would give the same again."""

    permanent: ClassVar[bool] = True


class DeadlineError(GenerationError):
    """The pictures were not finished in the time allowed; the child process was stopped."""


class ChildDiedError(GenerationError):
    """The child process ended before its pictures were done.

    `signal` is the number of the signal that ended it, or None when it exited by itself.
    """

    def __init__(self, message: str, *, signal: int | None) -> None:
        super().__init__(message)
        self.signal = signal
