"""Where something stands, as it changes: server-sent events, for so long, and for so many readers at once.

- Over ASGI a stream holds no thread: each look borrows one for a moment, and asks anew who may look.
- Over WSGI a stream would hold a thread of few. There the answer is where things stand now, and when to ask again,
  which is how readers of server-sent events poll.
- After `LONGEST_SECONDS` a stream ends without a word, and its reader opens a new one by itself.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, StreamingHttpResponse

MOST_STREAMS = 64
LONGEST_SECONDS = 600.0
LOOK_SECONDS = 0.5
# A line of comment now and then keeps what lies between from hanging up.
BREATH_SECONDS = 15.0
AGAIN_MS = 2000
END = "event: end\ndata: {}\n\n"
# What there is to say, and whether it still moves.
Look = Callable[[], tuple[str, bool]]


class FullError(Exception):
    """Too many streams are open in this process."""


class _Open:
    """How many streams this process has open."""

    number = 0


def stream(request: HttpRequest, look: Look, *, event: str, every_s: float | None = None) -> StreamingHttpResponse:
    """Events of one name, whose data is what `look` says, whenever that changed between two looks. Raises FullError."""
    content: Iterator[str] | AsyncIterator[str]
    if isinstance(request, ASGIRequest):
        if _Open.number >= MOST_STREAMS:
            raise FullError
        content = live(lambda: _borrowed(look), event=event, clock=time.monotonic, every_s=every_s)
    else:
        content = iter([told(*look(), event=event, last="")])
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)


async def live(
    look: Look, *, event: str, clock: Callable[[], float], every_s: float | None = None
) -> AsyncIterator[str]:
    """Events until nothing moves any more, or for `LONGEST_SECONDS`."""
    _Open.number += 1
    try:
        began = spoke = clock()
        last = ""
        while clock() - began < LONGEST_SECONDS:
            body, moving = await sync_to_async(look, thread_sensitive=False)()
            if said := told(body, moving, event=event, last=last):
                yield said
                spoke = clock()
            elif clock() - spoke > BREATH_SECONDS:
                yield ": still here\n\n"
                spoke = clock()
            if not moving:
                return
            last = body
            await asyncio.sleep(LOOK_SECONDS if every_s is None else every_s)
    finally:
        _Open.number -= 1


def told(body: str, moving: bool, *, event: str, last: str) -> str:
    """What is to be said after a look; nothing where nothing changed."""
    said = ""
    if body and body != last:
        data = "\n".join(f"data: {line}" for line in body.splitlines())
        said = f"retry: {AGAIN_MS}\nevent: {event}\n{data}\n\n"
    return said if moving else said + END


def _borrowed(look: Look) -> tuple[str, bool]:
    """A look from a borrowed thread, whose connection to the database is not kept beyond its time."""
    try:
        return look()
    finally:
        close_old_connections()
