"""What machines ask of the web process: whether it lives, whether it can serve, and its figures for Prometheus.

No causes, names or words stand in the answers; the status page and `manage.py doctor` say what is wrong.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import ip_address
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from studio import blobs, pipeline
from studio.limits import client_address
from studio.operations import metrics
from studio.webhooks.guard import networks

logger = logging.getLogger(__name__)
NOBODY = UUID(int=0)


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers at all; a supervisor starts another where it does not."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 when database, ledger and store can be reached, else 503: a load balancer sends people elsewhere.

    The broker is not asked: no page fails because of it.
    """
    found = {name: _answers(name, look) for name, look in _NEEDED.items()}
    status = HTTPStatus.OK if all(found.values()) else HTTPStatus.SERVICE_UNAVAILABLE
    return JsonResponse(found, status=status)


def _answers(name: str, look: Callable[[], object]) -> bool:
    try:
        look()
    except Exception as error:  # noqa: BLE001  whatever fails is what is asked
        logger.warning("not ready: %s (%s)", name, error)
        return False
    return True


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


_NEEDED: dict[str, Callable[[], object]] = {
    "database": _database,
    "ledger": lambda: pipeline.entry(NOBODY),
    "storage": lambda: blobs.store().free_bytes(),
}


@never_cache
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """The figures in Prometheus' text format, for the networks of METRICS_FROM; for all others no such page."""
    try:
        caller = ip_address(client_address(request))
    except ValueError:
        raise Http404 from None
    if not any(caller in network for network in networks(settings.METRICS_FROM)):
        raise Http404
    return HttpResponse(generate_latest(metrics.REGISTRY), content_type=CONTENT_TYPE_LATEST)
