"""Whether what the product stands on is there: databases, broker, cache, disk, clock, mail, and the workers.

Each is looked at when somebody asks, and told in a sentence with what to do. Workers are asked by the bell like for any
other work, and answer through the cache; one that makes a picture at the moment is busy, and needs not answer.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from studio import blobs, pipeline, quarantine
from studio.catalogue.models import Lesson
from studio.catalogue.states import LessonState
from studio.celery import app, ring
from studio.jobs.models import Job
from studio.jobs.states import JobState

GIGABYTE = 10**9
LEAST_DISK = 2 * GIGABYTE
MOST_SECONDS_APART = 5
PATIENCE_SECONDS = 6
# A worker's role, by the queue that it listens to.
ROLES = {"control": "control", "screen": "screen", "sign": "seal", "generate": "generate", "train": "train"}


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at: `well`, or what is wrong and what to do. `asked`: nobody knows yet."""

    name: str
    well: bool
    words: str
    asked: bool = False

    @property
    def stamp(self) -> dict[str, str]:
        """How it stands, as pages stamp it."""
        if self.asked:
            return {"tone": "plain", "drawing": "studio/shapes/clock.svg", "word": _("Asked")}
        if self.well:
            return {"tone": "good", "drawing": "studio/shapes/tick.svg", "word": _("Well")}
        return {"tone": "caution", "drawing": "studio/shapes/alert.svg", "word": _("Look at it")}


def signs() -> Iterator[Sign]:
    """Everything but the workers."""
    for name, look in _LOOKS.items():
        try:
            words, well = look()
        except Exception as error:  # noqa: BLE001  whatever fails is what the page is there to tell
            words, well = _("It cannot be reached: %(why)s") % {"why": error}, False
        yield Sign(str(_(name)), well, words)


def _database() -> tuple[str, bool]:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    took = (time.perf_counter() - began) * 1000
    words = _("%(vendor)s answers in %(took).1f ms.")
    return words % {"vendor": connection.display_name, "took": took}, True


def _ledger() -> tuple[str, bool]:
    began = time.perf_counter()
    pipeline.entry(uuid4())
    if not settings.DEBUG and pipeline.ledger_may_be_rewritten():
        return _(
            "LEDGER_URL's role may change entries. Give it INSERT and SELECT alone, and set LEDGER_ADMIN_URL."
        ), False
    return _("It answers in %(took).1f ms.") % {"took": (time.perf_counter() - began) * 1000}, True


def _broker() -> tuple[str, bool]:
    with app.connection_for_write() as wire:
        wire.ensure_connection(max_retries=1, timeout=2)
        kind = str(wire.transport_cls)
    if kind == "filesystem" or "file" in kind:
        return _("A folder on this machine; every worker must run here."), True
    return _("%(kind)s answers.") % {"kind": kind}, True


def _cache() -> tuple[str, bool]:
    key = f"health-{uuid4()}"
    cache.set(key, True, 10)
    # One on a server answers from this process's memory while that is away (`studio.rediscache`).
    if getattr(cache, "is_away", bool)():
        raise ConnectionError(settings.CACHE_URL.rpartition("@")[2])
    if not cache.get(key):
        return _("It forgets at once: limits on signing in do not hold. See CACHE_URL."), False
    return _("It keeps what it is given."), True


def _disk() -> tuple[str, bool]:
    rooms = {str(place): place.free_bytes() for place in (blobs.store(), quarantine.store())}
    told = {path: free for path, free in rooms.items() if free is not None}
    if not told:
        return _("The object storage answers: %(places)s.") % {"places": ", ".join(rooms)}, True
    path, free = min(told.items(), key=lambda item: item[1])
    words = {"free": f"{free / GIGABYTE:.1f}", "path": path}
    if free < LEAST_DISK:
        return _("Only %(free)s GB are free at %(path)s; pictures stop when it is full. Make room.") % words, False
    return _("%(free)s GB are free where pictures are kept.") % words, True


def _clock() -> tuple[str, bool]:
    if connection.vendor != "postgresql":
        return _("One machine, one clock: %(now)s UTC.") % {"now": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"}, True
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart > MOST_SECONDS_APART:
        words = _(
            "The database's clock is %(apart).0f seconds apart from this machine's. Let both follow a time server."
        )
        return words % {"apart": apart}, False
    return _("This machine and the database agree within %(apart).1f s.") % {"apart": apart}, True


def _mail() -> tuple[str, bool]:
    if not settings.EMAIL_URL:
        return _("No server is set (EMAIL_URL); invitations show their link, and nobody gets a new password."), False
    return _("Sent by %(host)s.") % {"host": settings.EMAIL_HOST}, True


_LOOKS: dict[str, Callable[[], tuple[str, bool]]] = {
    gettext_noop("Database"): _database,
    gettext_noop("Ledger"): _ledger,
    gettext_noop("Broker"): _broker,
    gettext_noop("Cache"): _cache,
    gettext_noop("Disk"): _disk,
    gettext_noop("Clock"): _clock,
    gettext_noop("Mail"): _mail,
}


def call_workers() -> str:
    """Ask every role to answer; returns the question's name."""
    question = uuid4().hex
    cache.set(_asked(question), time.time(), 60)
    for role, queue in ROLES.items():
        ring("studio.operations.tasks.awake", question, role, queue=queue)
    return question


def answer(question: str, role: str) -> None:
    """What a worker does who hears it."""
    cache.set(f"awake-{question}-{role}", True, 60)


def workers(question: str, *, now: datetime) -> tuple[list[Sign], bool]:
    """Who has answered, and whether it is worth looking again in a moment."""
    asked = cache.get(_asked(question))
    waiting = asked is not None and time.time() - asked < PATIENCE_SECONDS
    busy = {
        "generate": Job.objects.filter(state=JobState.GENERATING, lease__gt=now).exists(),
        "train": Lesson.objects.filter(state=LessonState.TRAINING, lease__gt=now).exists(),
    }
    found = [
        _worker(role, bool(cache.get(f"awake-{question}-{role}")), busy.get(role, False), waiting) for role in ROLES
    ]
    return found, waiting and not all(sign.well for sign in found)


def _worker(role: str, awake: bool, busy: bool, waiting: bool) -> Sign:
    if awake:
        return Sign(role, True, _("It answers."))
    if busy:
        return Sign(role, True, _("It is at work, and answers when it has finished."))
    if waiting:
        return Sign(role, False, _("It is being asked …"), asked=True)
    told = {"role": "control" if role == "screen" else role}
    return Sign(role, False, _("It does not answer. Start it with manage.py worker %(role)s.") % told)


def _asked(question: str) -> str:
    return f"awake-{question}"
