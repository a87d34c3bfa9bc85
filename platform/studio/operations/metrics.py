"""Figures for Prometheus: of this process what it served, of the installation what moves, waits and stands still.

The installation's are counted in the database whenever somebody asks, so every web process gives the same ones and none
has to be kept. Only what is still moving is counted, never the whole history, so asking costs the same at any size.
Figures carry no organisation, person or word.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from studio import blobs, pipeline, quarantine
from studio.accounts.models import Organisation
from studio.asked import method_of, view_of
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, JobState, PictureState
from studio.trail.models import Alarm, AlarmKind, LedgerIntent

REGISTRY = CollectorRegistry()
SERVED = Histogram(
    "imprimatur_request_seconds",
    "What this web process answered, by view, method and status, and how long it took.",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
OPEN = tuple(set(JobState) - JOB_ENDS)
# Pictures on their way; those that are recorded wait for people, not for the machine.
MOVING = (PictureState.GENERATED, PictureState.CHECKED, PictureState.SIGNED)


class Installation(Collector):
    """What is counted when somebody asks."""

    def collect(self) -> Iterator[Metric]:
        """Each figure; one that cannot be had is left out, and its absence is an alarm's business."""
        now = timezone.now()
        jobs = Job.objects.filter(state__in=OPEN)
        pictures = Picture.objects.filter(state__in=MOVING)
        yield _by_state("imprimatur_requests", "Requests that have not ended, by state.", jobs)
        yield _oldest("imprimatur_oldest_request_seconds", "How long the oldest of them waits.", jobs, "submitted", now)
        yield _by_state("imprimatur_pictures_moving", "Pictures between the model and the ledger, by state.", pictures)
        yield _oldest("imprimatur_oldest_picture_seconds", "How long the oldest waits.", pictures, "changed", now)
        owed = LedgerIntent.objects.filter(sequence=None)
        yield GaugeMetricFamily("imprimatur_ledger_owed", "Entries owed to the ledger.", value=owed.count())
        yield _oldest("imprimatur_oldest_owed_seconds", "How long the oldest of them waits.", owed, "created", now)
        yield _alarms()
        yield from _witnesses(now)
        yield _room()


REGISTRY.register(Installation())


def _by_state(name: str, says: str, rows: "QuerySet[Any]") -> Metric:
    family = GaugeMetricFamily(name, says, labels=["state"])
    for state, count in rows.order_by().values_list("state").annotate(n=Count("pk")):
        family.add_metric([state], count)
    return family


def _oldest(name: str, says: str, rows: "QuerySet[Any]", field: str, now: datetime) -> Metric:
    first = rows.aggregate(first=Min(field))["first"]
    return GaugeMetricFamily(name, says, value=0.0 if first is None else max(0.0, (now - first).total_seconds()))


def _alarms() -> Metric:
    family = GaugeMetricFamily("imprimatur_alarms", "What does not go on by itself, by kind.", labels=["kind"])
    counted = dict(Alarm.objects.order_by().values_list("kind").annotate(n=Count("pk")))
    for kind in AlarmKind.values:
        family.add_metric([kind], counted.get(kind, 0))
    return family


def _witnesses(now: datetime) -> Iterator[Metric]:
    """The worst of all organisations: entries that no checkpoint outside the ledger covers, and certificates."""
    unwitnessed, days = 0.0, []
    for organisation in Organisation.objects.all():
        path = pipeline.checkpoint_path(organisation.slug)
        covered = 0
        with suppress(OSError, ValueError):
            covered = pipeline.note_size(path.read_text(encoding="utf-8"))
        later = LedgerIntent.objects.filter(log=organisation.log, sequence__gte=covered)
        first = later.aggregate(first=Min("appended"))["first"]
        unwitnessed = max(unwitnessed, 0.0 if first is None else (now - first).total_seconds())
        with suppress(pipeline.ProvenanceError):
            days.append((pipeline.key_standing(organisation.slug, now=now).expires - now).days)
    yield GaugeMetricFamily(
        "imprimatur_unwitnessed_seconds", "How long an entry waits for its checkpoint.", unwitnessed
    )
    if days:
        yield GaugeMetricFamily("imprimatur_certificate_days", "Days until a signing certificate runs out.", min(days))


def _room() -> Metric:
    family = GaugeMetricFamily(
        "imprimatur_free_bytes", "Room where files are kept, where it is known.", labels=["store"]
    )
    for name, store in (("storage", blobs.store()), ("quarantine", quarantine.store())):
        with suppress(OSError):
            free = store.free_bytes()
            if free is not None:
                family.add_metric([name], free)
    return family


@sync_and_async_middleware
def timed(answer: Any) -> Any:
    """Middleware that notes how long each answer took until it began."""
    if iscoroutinefunction(answer):

        async def waited(request: HttpRequest) -> HttpResponseBase:
            began = time.perf_counter()
            response: HttpResponseBase = await answer(request)
            _note(request, response, time.perf_counter() - began)
            return response

        return waited

    def called(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response: HttpResponseBase = answer(request)
        _note(request, response, time.perf_counter() - began)
        return response

    return called


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    SERVED.labels(view_of(request), method_of(request), str(response.status_code)).observe(seconds)
