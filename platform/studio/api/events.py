"""Where a request stands, as it changes: server-sent events, for so long, and for so many programs at once.

- Over ASGI, a stream holds no thread: each look borrows one for a moment. Token and roles are looked at each time too.
- Over WSGI a stream would hold a thread of few. There the answer is where things stand now, and when to ask again,
  which is how clients of server-sent events poll.

Events: `job` with the request as JSON whenever it changed; `end` when it moves no more, or may be seen no longer.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from uuid import UUID

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone

from studio.api import finding, refusals, schemas, showing
from studio.api.authentication import ProgramRequest
from studio.api.models import ApiToken

MOST_STREAMS = 64
LONGEST_SECONDS = 600.0
LOOK_SECONDS = 0.5
# A line of comment now and then keeps what lies between from hanging up.
BREATH_SECONDS = 15.0
AGAIN_MS = 2000
FULL_SECONDS = 10
END = "event: end\ndata: {}\n\n"
Look = Callable[[], tuple[str, bool]]


class _Open:
    """How many streams this process has open."""

    number = 0


def stream(request: ProgramRequest, pk: UUID) -> StreamingHttpResponse:
    """The events of a request that was found. Raises Refusal when too many streams are open."""
    content: Iterator[str] | AsyncIterator[str]
    if isinstance(request, ASGIRequest):
        if _Open.number >= MOST_STREAMS:
            reason = f"Too many streams are open here; ask again in {FULL_SECONDS} seconds, or ask for the request."
            raise refusals.wait("too-many-streams", reason, retry_after_s=FULL_SECONDS)
        content = live(lambda: _looked(request, pk), clock=time.monotonic)
    else:
        content = iter([_event(*_seen(request, pk), last="")])
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingHttpResponse(content, content_type="text/event-stream", headers=headers)


async def live(look: Look, *, clock: Callable[[], float]) -> AsyncIterator[str]:
    """Events until nothing moves any more, or for `LONGEST_SECONDS`; a client then opens a new stream by itself."""
    _Open.number += 1
    try:
        began = spoke = clock()
        last = ""
        while clock() - began < LONGEST_SECONDS:
            body, moving = await sync_to_async(look, thread_sensitive=False)()
            if event := _event(body, moving, last=last):
                yield event
                spoke = clock()
            elif clock() - spoke > BREATH_SECONDS:
                yield ": still here\n\n"
                spoke = clock()
            if not moving:
                return
            last = body
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        _Open.number -= 1


def _event(body: str, moving: bool, *, last: str) -> str:
    """What is to be said after a look; nothing where nothing changed."""
    told = f"retry: {AGAIN_MS}\nevent: job\ndata: {body}\n\n" if body and body != last else ""
    return told if moving else told + END


def _looked(request: ProgramRequest, pk: UUID) -> tuple[str, bool]:
    """A look from a borrowed thread, whose connection to the database is not kept beyond its time."""
    try:
        if not ApiToken.objects.live(timezone.now()).filter(pk=request.auth.pk).exists():
            return "", False
        return _seen(request, pk)
    except Http404:
        return "", False
    finally:
        close_old_connections()


def _seen(request: ProgramRequest, pk: UUID) -> tuple[str, bool]:
    """The request as JSON, and whether it moves."""
    shown = schemas.JobOut.model_validate(showing.job(request, finding.job(request, pk)))
    return shown.model_dump_json(), shown.moving
