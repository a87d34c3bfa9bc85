"""Turns bodies away that are too large, before Django reads them.

Django's ASGI handler would spool any number of bytes to the disk before the first view could object.

- A declared length over the limit is answered at once; an undeclared body is counted as it arrives and cut off there.
- Views still count for themselves (studio.limits): behind another server this gate may not stand.
"""

import json
from collections.abc import Awaitable, Callable

from asgiref.typing import ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, Scope
from django.template.loader import render_to_string

# Where programs ask, who read no pages: a problem document (RFC 9457) of the kind that studio.api writes.
PROGRAMS = ("/api/", "/v1/")
PROBLEM = {
    "type": "urn:imprimatur:problem:too-large",
    "title": "Too large",
    "status": 413,
    "detail": "The body is larger than anything that is read here; send less.",
    "errors": [],
}


class Gate:
    """An ASGI application before another one. `limit_bytes` holds for the whole body of a request."""

    def __init__(self, application: Callable[..., Awaitable[None]], *, limit_bytes: int) -> None:
        self._application = application
        self._limit = limit_bytes

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        passage = _Passage(receive, send, self._limit, asks=scope["path"].startswith(PROGRAMS))
        if _declared(scope) > self._limit:
            await passage.refuse()
            return
        await self._application(scope, passage.receive, passage.send)
        if passage.cut:
            await passage.refuse()


def _declared(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")  # type: ignore[typeddict-item]  # http scopes have headers
    return int(value) if value.isdigit() else 0


class _Passage:
    """One request on its way through. A cut body looks to the application like a caller who hung up."""

    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable, limit: int, *, asks: bool) -> None:
        self._receive, self._send, self._left, self._asks = receive, send, limit, asks
        self._started = False
        self.cut = False

    async def receive(self) -> ASGIReceiveEvent:
        event = await self._receive()
        if event["type"] == "http.request":
            self._left -= len(event["body"])
            if self._left < 0:
                self.cut = True
                return {"type": "http.disconnect"}
        return event

    async def send(self, event: ASGISendEvent) -> None:
        self._started = True
        await self._send(event)

    async def refuse(self) -> None:
        """Answer 413, unless an answer is already on its way."""
        if self._started:
            return
        page = json.dumps(PROBLEM).encode() if self._asks else render_to_string("413.html").encode()
        headers = [
            (b"content-type", b"application/problem+json" if self._asks else b"text/html; charset=utf-8"),
            (b"content-length", str(len(page)).encode()),
            (b"content-security-policy", b"default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'"),
            (b"connection", b"close"),
        ]
        await self._send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
        await self._send({"type": "http.response.body", "body": page, "more_body": False})
