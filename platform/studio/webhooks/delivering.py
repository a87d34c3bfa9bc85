"""Tells an endpoint: one signed attempt after another, with longer and longer pauses, until it answers or is given up.

Signatures are those of the Standard Webhooks specification (`webhook-id`, `webhook-timestamp`, `webhook-signature`).
"""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID, uuid4

from django.conf import settings
from django.db.models import F, QuerySet
from standardwebhooks.webhooks import Webhook

from studio import vault
from studio.claims import claimable, cut_leases
from studio.webhooks.guard import Answer, GuardError, networks, post
from studio.webhooks.models import Delivery, Endpoint

# After the first attempt and each later one; after the last pause comes the last attempt.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
)
LEASE = timedelta(seconds=60)
KEPT = timedelta(days=30)
LONGEST_TOLD = 300


def due(now: datetime) -> QuerySet[Delivery]:
    """Deliveries whose time has come, of endpoints that are told, oldest first."""
    waiting = Delivery.objects.filter(claimable(now, longest=PAUSES[-1]), state=Delivery.State.WAITING)
    return waiting.filter(endpoint__state=Endpoint.State.ACTIVE).order_by("created")


def cut_stretched(*, now: datetime) -> None:
    """Give back what a sender held that died before the clock was set back."""
    cut_leases(Delivery.objects.filter(state=Delivery.State.WAITING), longest=now + LEASE)


def deliver(pk: UUID, *, now: datetime) -> str | None:
    """Make the attempt that is due; returns the state then, None where none was due or somebody else makes it."""
    token = uuid4()
    if not due(now).filter(pk=pk).update(attempt=F("attempt") + 1, token=token, lease=now + LEASE, tried=now):
        return None
    delivery = Delivery.objects.select_related("endpoint").get(pk=pk)
    started = time.monotonic()
    try:
        answer = _send(delivery, now=now)
        status, told = answer.status, _told(answer)
    except (GuardError, vault.SealBrokenError, vault.VaultKeyError) as error:
        status, told = None, str(error)
    changes = {"status": status, "answer": told, "took_ms": round((time.monotonic() - started) * 1000)}
    state = _next(delivery, status)
    rest = {"not_before": now + PAUSES[delivery.attempt - 1]} if state == Delivery.State.WAITING else {}
    Delivery.objects.filter(pk=pk, token=token).update(state=state, lease=None, **changes, **rest)
    if state == Delivery.State.FAILED:
        _give_up(delivery, status)
    return state


def _send(delivery: Delivery, *, now: datetime) -> Answer:
    inside = networks(settings.WEBHOOKS_MAY_REACH)
    return post(delivery.endpoint.address, delivery.body.encode(), signed(delivery, now=now), inside=inside)


def signed(delivery: Delivery, *, now: datetime) -> Mapping[str, str]:
    """The headers of an attempt at this moment. Raises SealBrokenError, VaultKeyError."""
    name = f"msg_{delivery.pk.hex}"
    return {
        "Content-Type": "application/json",
        "User-Agent": "Imprimatur",
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret_of(delivery.endpoint)).sign(name, now, delivery.body),
    }


def secret_of(endpoint: Endpoint) -> str:
    """The secret that the receiver has too. Raises SealBrokenError, VaultKeyError."""
    return vault.unseal(bytes(endpoint.secret), key=bytes(endpoint.key), purpose=f"webhook {endpoint.pk}").decode()


def _told(answer: Answer) -> str:
    """The beginning of what it answered, on one line; a good answer is not quoted."""
    good = HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES
    return "" if good else " ".join(answer.text.split())[:LONGEST_TOLD].replace("\x00", "")


def _next(delivery: Delivery, status: int | None) -> str:
    if status is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivery.State.DELIVERED
    ended = status == HTTPStatus.GONE or delivery.attempt > len(PAUSES)
    return Delivery.State.FAILED if ended else Delivery.State.WAITING


def _give_up(delivery: Delivery, status: int | None) -> None:
    """An endpoint that is gone, or took nothing since this was written, is told no more until somebody looks."""
    since = delivery.endpoint.deliveries.filter(state=Delivery.State.DELIVERED, tried__gte=delivery.created)
    if status == HTTPStatus.GONE or not since.exists():
        active = Endpoint.objects.filter(pk=delivery.endpoint_id, state=Endpoint.State.ACTIVE)
        active.update(state=Endpoint.State.SILENT)


def forget(*, now: datetime) -> int:
    """Remove deliveries from the log whose time is over; returns how many."""
    return Delivery.objects.filter(created__lt=now - KEPT).exclude(state=Delivery.State.WAITING).delete()[0]
