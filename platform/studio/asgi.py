"""ASGI entry: `uvicorn studio.asgi:application` with `platform/` on the path."""

import os

import django
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from studio.connections import MOST_CONNECTIONS
from studio.gate import Gate, Turns

# What a form adds around the largest file.
FORM_BYTES = 65_536
# Threads of one process take turns anyway, and hold locks of the database while they wait for theirs. Streams, answers
# on their way and whoever watches over the process need connections besides.
AT_ONCE = MOST_CONNECTIONS // 4
# At a tenth of a second each, whoever comes last waits for four seconds.
WAITING = 40 * AT_ONCE


class InOneThread(ASGIHandler):
    """Django's handler, with everything from the first middleware to the view's end in one thread.

    Django's own goes back to the event loop between middlewares and views. Ours all wait for a database and none of
    them is a coroutine, so that way took most of a request's processor time and brought nothing. What a response
    streams still comes from the loop.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain as WSGI has it."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Go through the chain in the request's thread."""
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
django.setup(set_prefix=False)
application = Gate(
    InOneThread(),
    limit_bytes=settings.UPLOAD_LIMIT_BYTES + FORM_BYTES,
    turns=Turns(at_once=AT_ONCE, waiting=WAITING),
)
