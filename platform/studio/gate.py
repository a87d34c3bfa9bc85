"""What is decided about a request before Django sees it: bodies too large are turned away, and requests take turns.

Django's ASGI handler would spool any number of bytes to the disk before the first view could object, and give every
request a thread and a connection to the database, however many come at once.

- A declared length over the limit is answered at once; an undeclared body is counted as it arrives and cut off there.
  Views still count for themselves (studio.limits): behind another server this gate may not stand.
- A request takes its turn when its body has arrived, so that nobody holds one by sending slowly, and gives it back when
  its answer begins. The others wait in the order they came; where too many wait already, the answer is 503.
- Who waits for a worker gives the turn back meanwhile: what is at `scope[LEAVE]` does that, from the request's thread.
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from asgiref.typing import (
    ASGIReceiveCallable,
    ASGIReceiveEvent,
    ASGISendCallable,
    ASGISendEvent,
    HTTPScope,
    Scope,
)
from django.core.handlers.asgi import ASGIRequest
from django.template.loader import render_to_string
from django.utils import translation

# Where programs ask, who read no pages: a problem document (RFC 9457) of the kind that studio.api writes.
PROGRAMS = ("/api/", "/v1/")
# Whoever watches over this process must be answered when it is busy, too.
PROBES = frozenset({"/alive", "/ready", "/metrics"})
AGAIN_SECONDS = 2
LEAVE = "imprimatur.leave"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request goes no further, as a page (its template) and as a problem document."""

    status: int
    template: str
    kind: str
    title: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def problem(self) -> bytes:
        """What programs read."""
        told = {"type": f"urn:imprimatur:problem:{self.kind}", "title": self.title, "status": self.status}
        return json.dumps({**told, "detail": self.detail, "errors": []}).encode()


TOO_LARGE = Refusal(
    413,
    "413.html",
    "too-large",
    "Too large",
    "The body is larger than anything that is read here; send less.",
)
BUSY = Refusal(
    503,
    "503.html",
    "busy",
    "Busy",
    "More is being asked than can be answered at once; ask again in a few seconds.",
    ((b"retry-after", str(AGAIN_SECONDS).encode()),),
)


class Turns:
    """So many at once, so many waiting, in the order they came. Of one event loop."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting, self._most = 0, waiting

    async def take(self) -> bool:
        """Wait for a turn; False, at once, where too many wait already."""
        if self._places.locked() and self._waiting >= self._most:
            return False
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        return True

    def give_back(self) -> None:
        """The next may begin."""
        self._places.release()


class Gate:
    """An ASGI application before another one. `limit_bytes` holds for the whole body of a request."""

    def __init__(self, application: Callable[..., Awaitable[None]], *, limit_bytes: int, turns: Turns) -> None:
        self._application = application
        self._limit = limit_bytes
        self._turns = turns

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass the request on, or say why not."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        turns = None if scope["path"] in PROBES else self._turns
        passage = _Passage(receive, send, self._limit, turns)
        if _declared(scope) > self._limit:
            passage.refused = TOO_LARGE
        else:
            try:
                await self._application({**scope, LEAVE: passage.leave}, passage.receive, passage.send)
            finally:
                passage.done()
        if passage.refused is not None and not passage.started:
            await _answer(passage.refused, scope, send)


def _declared(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")  # type: ignore[typeddict-item]  # http scopes have headers
    return int(value) if value.isdigit() else 0


class _Passage:
    """One request on its way through. A refused one looks to the application like a caller who hung up."""

    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable, limit: int, turns: Turns | None) -> None:
        self._receive, self._send, self._left = receive, send, limit
        self._turns, self._served = turns, False
        self._loop = asyncio.get_running_loop()
        self.started = False
        self.refused: Refusal | None = None

    async def receive(self) -> ASGIReceiveEvent:
        event = await self._receive()
        if event["type"] != "http.request":
            return event
        self._left -= len(event["body"])
        if self._left < 0:
            self.refused = TOO_LARGE
        elif not event.get("more_body") and self._turns is not None:
            self._served = await self._turns.take()
            if not self._served:
                self.refused = BUSY
        return {"type": "http.disconnect"} if self.refused else event

    async def send(self, event: ASGISendEvent) -> None:
        self.started = True
        self.done()
        await self._send(event)

    def leave(self) -> None:
        """Let others go first, from a thread; there is no coming back, and need be none for what is left to do."""
        self._loop.call_soon_threadsafe(self.done)

    def done(self) -> None:
        """Give the turn back, if one was taken."""
        if self._served and self._turns is not None:
            self._served = False
            self._turns.give_back()


async def _answer(refusal: Refusal, scope: HTTPScope, send: ASGISendCallable) -> None:
    """Say why the request goes no further, to a person in their language."""
    asks = scope["path"].startswith(PROGRAMS)
    page = refusal.problem() if asks else _page(refusal, scope)
    headers = [
        (b"content-type", b"application/problem+json" if asks else b"text/html; charset=utf-8"),
        (b"content-length", str(len(page)).encode()),
        (b"content-security-policy", b"default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'"),
        (b"connection", b"close"),
        *refusal.headers,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": page, "more_body": False})


def _page(refusal: Refusal, scope: HTTPScope) -> bytes:
    """Middlewares, which would find out the language, have not seen the request."""
    asked: Any = ASGIRequest(scope, io.BytesIO())
    with translation.override(translation.get_language_from_request(asked)):
        return render_to_string(refusal.template).encode()
