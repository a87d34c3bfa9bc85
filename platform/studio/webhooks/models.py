"""Endpoints that are told what happened, and every delivery to them.

- A delivery is written in the transaction of what it tells about, with the very bytes that are signed and sent; so
  nothing is told that did not happen, and what happened is told at least once.
- An endpoint's secret is sealed under a key of its own (studio.vault), because it signs each delivery.
"""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from studio.accounts.models import Organisation, Role, User
from studio.claims import Claimable


class EndpointQuerySet(models.QuerySet["Endpoint"]):
    """Endpoints, seen from a person's chair."""

    def for_actor(self, user: User) -> "EndpointQuerySet":
        """Those of the organisations that `user` administers."""
        administered = Organisation.objects.filter(
            memberships__user=user, memberships__grants__role=Role.ADMINISTRATOR, memberships__user__is_active=True
        )
        return self.filter(organisation__in=administered).exclude(state=Endpoint.State.REMOVED)


class Endpoint(models.Model):
    """An address of a program elsewhere, and of which events it is told."""

    class State(models.TextChoices):
        """Whether it is told anything."""

        ACTIVE = "ACTIVE", "Active"
        PAUSED = "PAUSED", "Paused"
        SILENT = "SILENT", "Stopped answering"
        REMOVED = "REMOVED", "Removed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="endpoints")
    address = models.CharField(max_length=500)
    events = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=State.choices, default=State.ACTIVE)
    key = models.BinaryField(help_text="Wrapped.")
    secret = models.BinaryField(help_text="Sealed under the key.")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added = models.DateTimeField()

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-added"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["ACTIVE", "PAUSED", "SILENT", "REMOVED"]), name="endpoint_state_known"
            )
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def stamp(self) -> str:
        """The name of its state's stamp."""
        return f"endpoint {self.state.lower()}"


class Delivery(Claimable):
    """One event for one endpoint. Its id is the message's, the same at each attempt, by which a receiver knows it."""

    class State(models.TextChoices):
        """Where a delivery stands."""

        WAITING = "WAITING", "Waiting"
        DELIVERED = "DELIVERED", "Delivered"
        FAILED = "FAILED", "Given up"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=40)
    body = models.TextField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    created = models.DateTimeField()
    tried = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="Of the last answer; none where none came.")
    answer = models.TextField(blank=True, help_text="How the last attempt went.")
    took_ms = models.PositiveIntegerField(null=True)

    class Meta:
        ordering: ClassVar = ["-created"]
        indexes: ClassVar = [
            models.Index(fields=["endpoint", "-created"], name="delivery_newest"),
            models.Index(fields=["created"], condition=Q(state="WAITING"), name="delivery_waiting"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["WAITING", "DELIVERED", "FAILED"]), name="delivery_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"

    @property
    def stamp(self) -> str:
        """The name of its state's stamp."""
        return f"delivery {self.state.lower()}"
