"""What an administrator or a custodian has to look at: alarms, keys, and where the log stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.jobs.finishing import ALARMS
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.trail.models import Alarm, AlarmKind

UNATTENDED_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to look at. `urgent`: something stands still because of it; `since` is known for alarms."""

    urgent: bool
    what: str
    cause: str
    since: datetime | None = None


def looked_after_by(user: User) -> QuerySet[Organisation]:
    """The organisations whose installation and keys a person looks after."""
    roles = [Role.ADMINISTRATOR, Role.CUSTODIAN]
    if not user.is_authenticated or not user.is_active:
        return Organisation.objects.none()
    mine = Organisation.objects.filter(memberships__user=user, memberships__grants__role__in=roles)
    return mine.distinct().order_by("name")


def concerns(organisation: Organisation, *, now: datetime) -> list[Concern]:
    """Everything to look at, the urgent first."""
    found = [*_alarms(organisation), *_unattended(organisation, now=now), *_keys(organisation, now=now)]
    return sorted(found, key=lambda concern: not concern.urgent)


def _alarms(organisation: Organisation) -> Iterator[Concern]:
    """Alarms, but not about pictures of which none is left: the last may have been discarded."""
    waiting = Picture.objects.filter(organisation=organisation, state__in=ALARMS)
    still = {ALARMS[state] for state in waiting.values_list("state", flat=True).distinct()}
    gone = set(ALARMS.values()) - still
    for alarm in Alarm.objects.filter(organisation=organisation.pk).exclude(kind__in=gone).order_by("since"):
        yield Concern(True, str(AlarmKind(alarm.kind).label), alarm.cause, alarm.since)


def _unattended(organisation: Organisation, *, now: datetime) -> Iterator[Concern]:
    """Pictures that nobody even tried to sign."""
    waiting = Picture.objects.filter(organisation=organisation, state=PictureState.CHECKED, waiting="", lease=None)
    oldest = waiting.order_by("changed").values_list("changed", flat=True).first()
    if oldest is not None and oldest < now - UNATTENDED_AFTER:
        cause = _("No process takes them. Start one with `manage.py worker sign`, and see its log if it ends.")
        yield Concern(True, str(AlarmKind.SIGN.label), cause, oldest)


def _keys(organisation: Organisation, *, now: datetime) -> Iterator[Concern]:
    try:
        findings = pipeline.key_standing(organisation.slug, now=now).findings
    except pipeline.ProvenanceError as error:
        yield Concern(True, _("The signing keys cannot be read"), str(error))
        return
    for wrong, what in findings:
        yield Concern(wrong, _("The signing keys cannot be used") if wrong else _("The keys need attention soon"), what)
