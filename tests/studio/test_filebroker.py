"""The embedded broker: messages appear whole, in order, and a broken table heals.

Each test has a queue name of its own: kombu remembers, for the whole process, which queues are bound.
"""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue

from studio import celery, filebroker


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a broker of the test's own."""
    url, options = celery.broker_options(f"filesystem://{tmp_path}")
    assert url.startswith(filebroker.SCHEME)
    with Connection(url, transport_options=options) as connection:
        yield connection


def take(queue: SimpleQueue) -> int:
    """Take one message."""
    message = queue.get(timeout=10)
    message.ack()
    return int(message.payload["n"])


def test_messages_come_whole_and_in_order_while_others_write(connection: Connection) -> None:
    def write() -> None:
        with connection.clone() as other, other.SimpleQueue("many") as queue:
            for n in range(200):
                queue.put({"n": n, "padding": "x" * 5000})

    writer = Thread(target=write)
    writer.start()
    with connection.SimpleQueue("many") as queue:
        assert [take(queue) for _ in range(200)] == list(range(200))
    writer.join()


def test_a_table_cut_off_by_a_dying_process_is_made_anew(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "control" / "cut-off.exchange").write_text("")
    with connection.SimpleQueue("cut-off") as queue:
        queue.put({"n": 1})
        assert take(queue) == 1


def test_a_message_in_the_making_is_not_read(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "messages" / ".half").write_text('{"bo')
    with connection.SimpleQueue("half") as queue:
        queue.put({"n": 2})
        assert take(queue) == 2
