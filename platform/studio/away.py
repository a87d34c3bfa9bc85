"""What is answered while a database or a store cannot be reached, or is full: nothing was changed, ask again.

It is a server's error that heals, so programs, proxies and people are told so (503) and not that we broke (500).
"""

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.template import loader
from django.views import defaults

from studio import stores

AGAIN_SECONDS = 5


def is_away(error: BaseException | None) -> bool:
    """Whether an exception comes from what we stand on and not from us; Django's are raised from the database's own."""
    if isinstance(error, UnreadablePostError):
        return False
    return isinstance(error, OperationalError | InterfaceError) or stores.is_away(error)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for whatever no view has caught, as `handler500`: Django calls it while the exception is handled."""
    if not is_away(sys.exc_info()[1]):
        return defaults.server_error(request)
    page = loader.get_template("away.html").render()
    headers = {"Retry-After": str(AGAIN_SECONDS)}
    return HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
