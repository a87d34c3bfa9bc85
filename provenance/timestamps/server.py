"""The authority behind HTTP, as RFC 3161 section 3.4 has it: POST a query, get a reply.

It listens on the loopback interface unless told otherwise, reads at most 64 KiB, and keeps no log.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from provenance.timestamps.authority import TimeStampAuthority
from provenance.timestamps.client import QUERY, REPLY

_LARGEST_QUERY = 64 * 1024
_SERIAL_BITS = 64
_PATIENCE_SECONDS = 10


@contextmanager
def serve(
    authority: TimeStampAuthority, *, clock: Callable[[], datetime], host: str = "127.0.0.1", port: int = 0
) -> Iterator[str]:
    """Answer requests in the background while the context lasts; yields the URL. Port 0 takes any free one."""
    server = make_server(authority, clock=clock, host=host, port=port)
    thread = threading.Thread(target=server.serve_forever, name="time-stamps", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def make_server(
    authority: TimeStampAuthority, *, clock: Callable[[], datetime], host: str, port: int
) -> ThreadingHTTPServer:
    """The server itself, bound but not yet running."""

    class Answering(BaseHTTPRequestHandler):
        """One request, with this authority and clock."""

        timeout = _PATIENCE_SECONDS

        def do_POST(self) -> None:
            """Read the query, send the reply."""
            size = self.headers.get("Content-Length", "")
            if self.headers.get("Content-Type") != QUERY or not size.isdecimal() or int(size) > _LARGEST_QUERY:
                self.send_error(HTTPStatus.BAD_REQUEST, f"Send a {QUERY} of at most {_LARGEST_QUERY} bytes")
                return
            # Random serial numbers of 64 bits need no memory and do not repeat in the life of an authority.
            serial = secrets.randbits(_SERIAL_BITS)
            reply = authority.answer(self.rfile.read(int(size)), now=clock(), serial=serial)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", REPLY)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
            """Stay silent: who asked for what is nobody's business."""

    return ThreadingHTTPServer((host, port), Answering)
