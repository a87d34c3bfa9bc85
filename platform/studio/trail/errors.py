"""What every compare-and-set raises when somebody else was faster."""

from uuid import UUID


class StaleStateError(Exception):
    """The row is no longer in the state (or under the claim) this change began from."""

    def __init__(self, row: UUID, state: str) -> None:
        super().__init__(
            f"{row} is no longer {state.lower().replace('_', ' ')}; load the page again to see what happened."
        )
