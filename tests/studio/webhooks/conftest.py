"""A program elsewhere that listens on this machine, and an organisation that tells it things."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from django.conf import LazySettings

from studio.operations.sample import Sample
from studio.webhooks.actions import add_endpoint
from studio.webhooks.events import Event
from studio.webhooks.models import Endpoint
from tests.studio.pages.conftest import approved, browse, job, outsider, picture, quiet_office, released, review

__all__ = ["approved", "browse", "job", "outsider", "picture", "quiet_office", "released", "review"]


@dataclass
class Receiver:
    """What came, and what is answered: a status, or nothing at all for a while."""

    address: str
    status: int = 200
    text: bytes = b"thank you"
    headers: dict[str, str] = field(default_factory=dict)
    silent: threading.Event | None = None
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            if known.silent is not None:
                known.silent.wait(10)
            self.send_response(known.status)
            for name, value in {"Content-Length": str(len(known.text)), **known.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(known.text)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known = Receiver(f"http://127.0.0.1:{server.server_port}/hook?a=b")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield known
    if known.silent is not None:
        known.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def endpoint(
    receiver: Receiver, sample: Sample, people: SimpleNamespace, now: datetime, settings: LazySettings
) -> tuple[Endpoint, str]:
    """The receiver, added by the administrator for every event, and its secret."""
    settings.WEBHOOKS_MAY_REACH = "127.0.0.0/8"
    return add_endpoint(
        actor=people.administrator,
        organisation=sample.organisation,
        address=receiver.address,
        events=list(Event),
        at=now,
    )
