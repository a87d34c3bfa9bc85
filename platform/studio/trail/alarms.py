"""Alarms: what does not go on by itself for the moment, kept until it does, for whoever looks after the installation.

A worker that fails at something sounds the alarm of its kind, and whoever succeeds at the same thing hushes it. The
cause is for administrators: it names files and addresses, and never words of a prompt.
"""

from datetime import datetime
from uuid import UUID

from django.db.models import F

from studio.trail.models import Alarm, AlarmKind


def sound(kind: AlarmKind, *, organisation: UUID, cause: str, at: datetime) -> None:
    """Raise an alarm, or count it once more."""
    alarm, new = Alarm.objects.get_or_create(
        kind=kind, organisation=organisation, defaults={"cause": cause, "since": at, "last": at}
    )
    if not new:
        Alarm.objects.filter(pk=alarm.pk).update(cause=cause, last=at, times=F("times") + 1)


def hush(kind: AlarmKind, *, organisation: UUID) -> None:
    """End an alarm, if there is one."""
    alarms = Alarm.objects.filter(kind=kind, organisation=organisation)
    if alarms.exists():
        alarms.delete()
