"""What a worker does when it cannot tell the broker that a message was heard."""

from celery.worker import request


class Request(request.Request):  # type: ignore[misc]
    """A message whose acknowledgement breaks its connection when it fails, so that the worker makes a new one.

    Celery logs the failure and goes on; the message counts as held for ever, and a worker that may hold one never hears
    another on that connection (seen with Valkey behind a network that swallowed everything for eight seconds).
    """

    def acknowledge(self) -> None:
        """Tell the broker. Raises what its transport raises."""
        if not self.acknowledged:
            self.message.ack()
            self.acknowledged: bool = True
