"""The embedded broker: kombu's filesystem transport, made to survive processes that die while they write.

kombu opens a message's file before it has content, so a reader may find half a message, or none, and its worker ends
on it; a process killed at that moment leaves such a file behind for good. Here a message appears under its name whole
or not at all, and the exchange's table is read and written in turns, a broken one being made anew.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import time_ns
from typing import Any
from uuid import uuid4

import kombu.transport
from kombu.transport import filesystem

SCHEME = "imprimatur-files"
_BINDING = Lock()


class Channel(filesystem.Channel):
    """A channel whose files are never seen half written."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu's own disagree
        folder = Path(self.data_folder_out)
        # A name that no queue matches, until the message is whole.
        partial = folder / f".{uuid4()}"
        try:
            partial.write_text(json.dumps(payload), encoding="utf-8")
        except OSError:
            # A disk without room takes the name all the same.
            partial.unlink(missing_ok=True)
            raise
        partial.replace(folder / f"{time_ns():020}_{uuid4()}.{queue}.msg")

    def get_table(self, exchange: str) -> Any:
        """The exchange's queues."""
        with self._turn(exchange):
            return super().get_table(exchange)

    def queue_bind(self, *arguments: Any, **named: Any) -> None:
        """Bind a queue, or wait for the thread that does: kombu takes it for bound before the table says so.

        What another thread published meanwhile would reach no queue.
        """
        with _BINDING:
            super().queue_bind(*arguments, **named)

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        with self._turn(exchange):
            super()._queue_bind(exchange, routing_key, pattern, queue)

    @contextmanager
    def _turn(self, exchange: str) -> Iterator[None]:
        """One process at a time at an exchange's table, which is removed where it does not parse."""
        with (Path(self.control_folder) / "turn").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self._exchange_file(exchange)
            try:
                json.loads(table.read_text(encoding="utf-8"))
            except ValueError:
                table.unlink()
            except FileNotFoundError:
                pass
            yield


class Transport(filesystem.Transport):
    """kombu's transport with our channel."""

    Channel = Channel


def register() -> None:
    """Teach kombu the scheme `imprimatur-files://`."""
    kombu.transport.TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
