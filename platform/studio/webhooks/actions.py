"""What administrators do with endpoints: add, pause, resume, remove, test, and send something again."""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import vault
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.trail.actions import note
from studio.trail.errors import StaleStateError
from studio.webhooks import bell
from studio.webhooks.events import TEST, Event, write
from studio.webhooks.guard import GuardError, checked, networks
from studio.webhooks.models import Delivery, Endpoint

SECRET_BYTES = 32
MOST_ENDPOINTS = 20
State = Endpoint.State


def add_endpoint(
    *, actor: User, organisation: Organisation, address: str, events: Collection[str], at: datetime
) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which is shown this once. Raises PermissionDenied, ValidationError."""
    holds(actor, organisation, Role.ADMINISTRATOR).enforce()
    address = address.strip()
    try:
        checked(address, inside=networks(settings.WEBHOOKS_MAY_REACH))
    except GuardError as error:
        raise ValidationError({"address": str(error)}) from error
    if not events or not set(events) <= set(Event.values):
        raise ValidationError({"events": _("Choose at least one event.")})
    if Endpoint.objects.filter(organisation=organisation).exclude(state=State.REMOVED).count() >= MOST_ENDPOINTS:
        raise ValidationError(
            {"address": _("There are %(most)s already; remove one first.") % {"most": MOST_ENDPOINTS}}
        )
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
    key, pk = vault.new_key(), uuid4()
    endpoint = Endpoint(
        id=pk,
        organisation=organisation,
        address=address,
        events=[event.value for event in Event if event in events],
        key=key,
        secret=vault.seal(secret.encode(), key=key, purpose=f"webhook {pk}"),
        added_by=actor,
        added=at,
    )
    with transaction.atomic():
        endpoint.save(force_insert=True)
        _note(actor, endpoint, "webhook.add", at=at, address=address, events=endpoint.events)
    return endpoint, secret


def pause_endpoint(*, actor: User, endpoint: Endpoint, at: datetime) -> None:
    """Tell it nothing for now; what waits goes on waiting. Raises PermissionDenied, StaleStateError."""
    _move(actor, endpoint, {State.ACTIVE}, State.PAUSED, "webhook.pause", at=at)


def resume_endpoint(*, actor: User, endpoint: Endpoint, at: datetime) -> None:
    """Tell it again, first what waited. Raises PermissionDenied, StaleStateError."""
    _move(actor, endpoint, {State.PAUSED, State.SILENT}, State.ACTIVE, "webhook.resume", at=at)


def remove_endpoint(*, actor: User, endpoint: Endpoint, at: datetime) -> None:
    """Tell it nothing ever again; its secret is destroyed. Raises PermissionDenied, StaleStateError."""
    with transaction.atomic():
        _move(actor, endpoint, {State.ACTIVE, State.PAUSED, State.SILENT}, State.REMOVED, "webhook.remove", at=at)
        Endpoint.objects.filter(pk=endpoint.pk).update(key=b"", secret=b"")
        Delivery.objects.filter(endpoint=endpoint, state=Delivery.State.WAITING).update(state=Delivery.State.FAILED)


def send_test(*, actor: User, endpoint: Endpoint, at: datetime) -> Delivery:
    """Tell it that this is a test. Raises PermissionDenied, StaleStateError where it is told nothing."""
    holds(actor, endpoint.organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, state=State.ACTIVE).exists():
            raise StaleStateError(endpoint.pk, State.ACTIVE)
        delivery = write(endpoint, TEST, {"organisation": str(endpoint.organisation_id)}, at=at)
        _note(actor, endpoint, "webhook.test", at=at)
    return delivery


def send_again(*, actor: User, delivery: Delivery, at: datetime) -> None:
    """Begin anew with what was given up. Raises PermissionDenied, StaleStateError."""
    endpoint = delivery.endpoint
    holds(actor, endpoint.organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        failed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.FAILED)
        if not failed.update(state=Delivery.State.WAITING, attempt=0, not_before=None, lease=None):
            raise StaleStateError(delivery.pk, Delivery.State.FAILED)
        _note(actor, endpoint, "webhook.again", at=at, delivery=str(delivery.pk))
        transaction.on_commit(lambda: bell.ring_delivery(delivery.pk))


def _move(actor: User, endpoint: Endpoint, start: Collection[str], end: str, verb: str, *, at: datetime) -> None:
    holds(actor, endpoint.organisation, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        if not Endpoint.objects.filter(pk=endpoint.pk, state__in=start).update(state=end):
            raise StaleStateError(endpoint.pk, endpoint.state)
        _note(actor, endpoint, verb, at=at)


def _note(actor: User, endpoint: Endpoint, verb: str, *, at: datetime, **detail: object) -> None:
    note(actor=actor, verb=verb, subject=endpoint, organisation=endpoint.organisation_id, at=at, **detail)
