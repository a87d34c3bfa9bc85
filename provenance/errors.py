"""Everything this library raises on purpose.

`permanent` decides what a worker does: a permanent error will fail again in the same way, the others may be retried.
Invalid arguments of a programmer (a naive datetime, a digest that is no digest) are plain `ValueError`.
"""


class ProvenanceError(Exception):
    """Base of the library's errors; `permanent` says whether a retry can ever help."""

    permanent: bool = True


class KeyFileError(ProvenanceError):
    """A key file is missing, unprotected, expired or does not open; the message says what to do."""

    permanent = False


class TrustError(ProvenanceError):
    """The trust list is empty or cannot be read."""


class SealError(ProvenanceError):
    """A picture could not be labelled, signed or released; an unreachable time-stamp authority is not permanent."""

    def __init__(self, message: str, *, permanent: bool = True) -> None:
        super().__init__(message)
        self.permanent = permanent


class LedgerUnavailableError(ProvenanceError):
    """The ledger cannot be reached, has no tables, is locked or is read-only: fail closed and try again."""

    permanent = False


class LedgerConflictError(ProvenanceError):
    """The ledger holds something else than what is being written or signed: an alarm, never a retry."""


class UnreadableAssetError(ProvenanceError):
    """The bytes are not a picture this library opens, or one beyond its limits."""
