"""People go on asking while something is wrong: what they were told, and how long it took until all was well again."""

import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path

import httpx

from provenance.benchmark.tables import between_marks
from tests.faults.drill import shown_too_early

OUTAGE_SECONDS = 8
PAUSE_SECONDS = 1
PATIENCE_SECONDS = 300
# What a request may be told while nothing can be accepted.
TOLD_TO_WAIT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


@dataclass(slots=True)
class Seen:
    """Of one time that something was wrong: requests `accepted`; `unexpected`, `early` and `lost` must stay empty."""

    name: str
    looks: int = 0
    asked: int = 0
    accepted: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    healed_s: float = 0.0
    unexpected: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything held."""
        return bool(self.accepted) and not (self.unexpected or self.early or self.lost)

    def line(self) -> str:
        """For a person."""
        words = f"{self.name:<34}{len(self.accepted):>4} of {self.asked} accepted, slowest {self.slowest_s:.1f} s, "
        words += f"all at their end {self.healed_s:.0f} s afterwards"
        return words + "".join(f"\n    {wrong}" for wrong in (*self.unexpected, *self.early, *self.lost))


def write(document: Path, seen: Iterable[Seen], *, mark: str, at: datetime) -> None:
    """A table of what was seen, between the document's marks of that name."""
    lines = ["| what was wrong | requests accepted | slowest answer | all at their end | |", "|---|---|---|---|---|"]
    for one in seen:
        held = "held" if one.good else "**not held**"
        accepted = f"{len(one.accepted)} of {one.asked}"
        lines += [f"| {one.name} | {accepted} | {one.slowest_s:.1f} s | {one.healed_s:.0f} s afterwards | {held} |"]
    table = "\n".join([*lines, "", f"Measured {at:%Y-%m-%d}."])
    document.write_text(between_marks(document.read_text(encoding="utf-8"), table, mark=mark), encoding="utf-8")


class Enduring:
    """Somebody who asks for pictures, as a program does, of an installation whose database this process can read.

    `api` opens a client that knows where the installation is; `tokens` are those of people who may ask.
    """

    def __init__(self, api: Callable[[], httpx.Client], tokens: Sequence[str], say: Callable[[str], None]) -> None:
        self._api, self._tokens, self._say = api, tokens, say
        self._numbers = itertools.count()

    def begin(self) -> None:
        """One request, all the way: whoever works is at work. Raises RuntimeError where it does not arrive."""
        seen = Seen("nothing is wrong")
        self._ask(seen, accepts=True)
        self._heal(seen)
        if not seen.good:
            raise RuntimeError(seen.line())

    def endure(self, name: str, wrong: AbstractContextManager[None], *, accepts: bool) -> Seen:
        """Ask once, then while something is `wrong`, then wait until everything accepted has come to its end.

        `accepts` says whether requests must be accepted meanwhile, or may be told to come again.
        """
        seen = Seen(name)
        self._ask(seen, accepts=True)
        with wrong:
            ends = time.monotonic() + OUTAGE_SECONDS
            while time.monotonic() < ends:
                self._ask(seen, accepts=accepts)
                self._pause(seen, PAUSE_SECONDS)
        self._heal(seen)
        self._say(seen.line())
        return seen

    def _ask(self, seen: Seen, *, accepts: bool) -> None:
        number = next(self._numbers)
        seen.asked += 1
        headers = {
            "Authorization": f"Bearer {self._tokens[number % len(self._tokens)]}",
            "Idempotency-Key": f"outage-{number}",
        }
        body = {"prompt": "potted plant, white background", "width": 256, "height": 256, "steps": 2, "seed": number}
        began = time.monotonic()
        try:
            with self._api() as api:
                answer = api.post("/api/v1/jobs", json=body, headers=headers)
        except httpx.HTTPError as error:
            seen.unexpected.append(repr(error))
            return
        finally:
            seen.slowest_s = max(seen.slowest_s, round(time.monotonic() - began, 1))
        if answer.status_code == HTTPStatus.ACCEPTED:
            seen.accepted.append(answer.json()["id"])
        elif accepts or answer.status_code not in TOLD_TO_WAIT:
            seen.unexpected.append(f"{answer.status_code} {answer.text[:300]}")

    def _heal(self, seen: Seen) -> None:
        """Wait for every end; what has none then is lost, and so is what ended without a picture."""
        from studio.jobs.models import Job
        from studio.jobs.states import JOB_ENDS, JobState

        began = time.monotonic()
        while moving := _moving():
            if time.monotonic() - began > PATIENCE_SECONDS:
                seen.lost += moving
                break
            self._pause(seen, 0.2)
        seen.healed_s = round(time.monotonic() - began, 1)
        missed = Job.objects.filter(pk__in=seen.accepted, state__in=JOB_ENDS).exclude(state=JobState.DONE)
        seen.lost += [f"{job.pk} {job.state}: {job.failure}" for job in missed]

    def _pause(self, seen: Seen, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while True:
            seen.looks += 1
            seen.early += _visible_too_early()
            if time.monotonic() > ends:
                return
            time.sleep(0.1)


def _moving() -> list[str]:
    """Requests, pictures and entries that have not come to their end."""
    from studio.jobs.models import Job, Picture
    from studio.jobs.states import JOB_ENDS, VISIBLE
    from studio.trail.actions import pending

    jobs = Job.objects.exclude(state__in=JOB_ENDS).values_list("pk", "state")
    pictures = Picture.objects.exclude(state__in=VISIBLE).values_list("pk", "state")
    return [f"{pk} {state}" for pk, state in (*jobs, *pictures)] + [str(one) for one in pending()]


def _visible_too_early() -> list[str]:
    """What is; nothing where the database cannot be asked, for then nobody is shown anything either."""
    from django.db import Error, connections

    try:
        return shown_too_early()
    except Error:
        connections.close_all()
        return []
