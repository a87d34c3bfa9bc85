"""The first steps on a fresh installation, kept so that they can be left and taken up again."""

import uuid

from django.conf import settings
from django.db import models

from studio.accounts.models import Organisation
from studio.jobs.models import Job
from studio.policies.models import PolicyDraft


class Setup(models.Model):
    """One way through the first steps. Who may begin it holds the link's secret, of which `digest` is the SHA-256.

    `helper` is the demonstration's reviewer: a second person who is nobody, there for the first picture alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField()
    operator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    keys_wanted = models.BooleanField(default=False)
    draft = models.ForeignKey(PolicyDraft, on_delete=models.PROTECT, null=True, related_name="+")
    helper = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    finished = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "first steps"
