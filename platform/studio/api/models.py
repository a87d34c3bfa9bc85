"""Tokens: by one of them a program acts as the member who made it, in one organisation, until a day.

- The secret is shown once; kept is its SHA-256. It is random with 256 bits, so there is nothing to stretch or to guess.
- A token holds no role. Whatever a program asks for is judged by the roles that its owner holds at that moment, and by
  the token's scopes besides; none of those approves, releases or withdraws anything.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import Membership, Organisation, Role, User
from studio.projects.models import Campaign


class Scope(models.TextChoices):
    """What a token may be used for."""

    READ = "read", _("Look at projects, requests and pictures")
    MAKE = "make", _("Ask for pictures, and cancel")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens, seen from a person's chair."""

    def for_actor(self, user: User) -> "ApiTokenQuerySet":
        """A person's own, and those of the organisations that they administer."""
        administered = Organisation.objects.filter(
            memberships__user=user, memberships__grants__role=Role.ADMINISTRATOR, memberships__user__is_active=True
        )
        theirs = Q(membership__user=user) | Q(membership__organisation__in=administered)
        return self.filter(theirs).select_related("membership__user", "membership__organisation")

    def live(self, at: datetime) -> "ApiTokenQuerySet":
        """Those that open something: neither revoked nor past their day, of a person who is still here."""
        return self.filter(revoked=None, expires__gt=at, membership__user__is_active=True)


class ApiToken(models.Model):
    """A program's key. `hint` is the end of the secret, by which its owner knows it again.

    `campaign` is where requests go that name none, as those of OpenAI's clients do.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    scopes = models.JSONField(default=list)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    made = models.DateTimeField()
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-made"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="token_digest_whole"),
            models.CheckConstraint(condition=Q(expires__gt=F("made")), name="token_ends_after_it_began"),
            models.CheckConstraint(
                condition=Q(revoked=None, revoked_by=None) | Q(revoked__isnull=False, revoked_by__isnull=False),
                name="token_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"token {self.name}"

    @property
    def owner(self) -> User:
        """As whom a program acts with it."""
        return self.membership.user

    @property
    def labels(self) -> list[str]:
        """Its scopes in words."""
        return [str(Scope(scope).label) for scope in self.scopes]
