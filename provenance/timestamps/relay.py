"""A short way between the C2PA SDK and a time-stamp authority, so that how long to wait is ours to say.

The SDK asks the authority by itself and waits half a minute for an answer that does not come. Here it asks a port on
the loopback interface that lives as long as one signature, under a path that nobody can guess, and what is asked there
is passed on with a time-out of our own. What comes back is not believed here: `credentials` checks it in the file.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from provenance.errors import SealError
from provenance.timestamps.client import REPLY, asked

TIMEOUT_SECONDS = 5.0
_LARGEST_QUERY = 64 * 1024
_POLL_SECONDS = 0.05


@contextmanager
def relayed(authority: str, *, failed: Callable[[Exception], None], timeout: float = TIMEOUT_SECONDS) -> Iterator[str]:
    """The address of a relay to an authority while the context lasts; each answer takes `timeout` seconds at most.

    `failed` is told, from another thread, why there was no answer: a SealError that is never permanent.
    """
    path, over = f"/{secrets.token_urlsafe(16)}", threading.Event()

    class Passing(BaseHTTPRequestHandler):
        """One question, passed on."""

        def do_POST(self) -> None:
            """Ask the authority the same. The SDK would lose the reason of a failure."""
            size = self.headers.get("Content-Length", "")
            if self.path != path or not size.isdecimal() or int(size) > _LARGEST_QUERY:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            try:
                reply = asked(authority, self.rfile.read(int(size)), timeout=timeout)
            except SealError as error:
                failed(error)
                self.send_error(HTTPStatus.GATEWAY_TIMEOUT)
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", REPLY)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
            """Stay silent."""

    server = HTTPServer(("127.0.0.1", 0), Passing)
    server.timeout = _POLL_SECONDS

    def serve() -> None:
        with server:
            while not over.is_set():
                server.handle_request()

    threading.Thread(target=serve, name="time-stamp relay", daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{path}"
    finally:
        over.set()  # the thread ends, and closes the port, within a moment; nobody has to wait for it
