"""One picture from words to a public answer, then load and killing; and what was seen of both."""

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.faults.drill import shown_too_early
from tests.faults.enduring import Enduring, Seen
from tests.production.engines import Engines
from tests.production.fleet import Fleet
from tests.production.installation import Site
from tests.production.load import Answers, Load, Rates, load
from tests.production.outages import OUTAGES, Stage

PATIENCE_SECONDS = 600
# What dies, and at which part of the load.
DEATHS = (("web-1", 0.2), ("generate-1", 0.35), ("sign", 0.5), ("screen", 0.6), ("broker", 0.7), ("sweep", 0.8))
AWAY_SECONDS = 2


@dataclass(slots=True)
class Report:
    """What was seen. `lost`, `early` and `problems` must stay empty, and `failed` where nothing was killed.

    `answers` is empty where no load was asked for.
    """

    verdict: str
    answers: Mapping[str, Answers] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    killed: list[str] = field(default_factory=list)
    accepted: int = 0
    requests: int = 0
    pictures: int = 0
    drained_s: float = 0.0
    unwitnessed_s: list[float] = field(default_factory=list)
    outages: list[Seen] = field(default_factory=list)
    looks: int = 0
    lost: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether everything held."""
        broken = sum(answers.failed for answers in self.answers.values())
        return (
            self.verdict == "ours"
            and (not self.answers or "submit" in self.answers)
            and (not broken or bool(self.killed))
            # Whoever is cut off by a death gets no answer, or the proxy's; a mistake of ours is nobody's death.
            and not any(" 500 " in f" {re.sub(r'[^0-9]+', ' ', error)} " for error in self.errors)
            and self.requests >= self.accepted
            and all(seen.good for seen in self.outages)
            and not (self.lost or self.early or self.problems)
        )

    def text(self) -> str:
        """A page for a person."""
        lines = [f"\nOne picture, all the way: {self.verdict}\n"]
        lines += self._of_load() if self.answers else []
        lines += [seen.line() for seen in self.outages]
        lines += [f"looked {self.looks} times for a picture shown too early: {len(self.early)}"]
        lines += [f"lost: {', '.join(self.lost) or 'none'}", f"disagreements: {'; '.join(self.problems) or 'none'}"]
        return "\n".join(lines) + f"\n\n{'Everything held.' if self.good else 'NOT everything held.'}\n"

    def _of_load(self) -> list[str]:
        lines = [f"{'asked for':<24}{'times':>7}{'a second':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'failed':>8}"]
        for name, one in self.answers.items():
            times = f"{one.p50_ms:>9.0f}{one.p95_ms:>9.0f}{one.p99_ms:>9.0f}"
            lines += [f"{name:<24}{one.asked:>7}{one.per_second:>10.1f}{times}{one.failed:>8}"]
        lines += [f"  {count} x {error}" for error, count in self.errors.items()]
        lines += ["", f"killed meanwhile: {', '.join(self.killed) or 'nothing'}"]
        lines += [
            f"{self.accepted} requests accepted, {self.requests} in the database, {self.pictures} pictures recorded"
        ]
        lines += [f"all at their end {self.drained_s:.0f} s after the load"]
        if self.unwitnessed_s:
            lines += [f"an entry waited at most {max(self.unwitnessed_s):.0f} s for its checkpoint"]
        return lines


class Drill:
    """What is done to a running fleet."""

    def __init__(self, folder: Path, fleet: Fleet, engines: Engines, site: Site, say: Callable[[str], None]) -> None:
        self._folder, self._fleet, self._engines, self._site, self._say = folder, fleet, engines, site, say
        self.report = Report(verdict="")
        self._files: list[Path] = []

    def one_picture(self) -> None:
        """From words to a public answer, through the proxy; keeps its file, and a changed copy, for those who check."""
        headers = {"Authorization": f"Bearer {self._site.tokens[0]}"}
        with self._client(headers=headers) as api:
            body = {"prompt": "woman farmer, green background", "width": 256, "height": 256}
            job = _told(api.post("/api/v1/jobs", json=body, headers={"Prefer": "wait=60"}))
            self._wait(lambda: not _told(api.get(job["url"]))["moving"], "the first request")
            (picture,) = _told(api.get(job["url"]))["pictures"]
            self._release(picture["id"])
            file = self._folder / "ours.png"
            file.write_bytes(_released(picture["id"]))
            changed = self._folder / "changed.png"
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            changed.write_bytes(data)
            self._files = [file, changed]
            self.report.verdict = _told(api.post("/api/v1/check", content=file.read_bytes(), headers=_BYTES))["verdict"]
        self._say(f"one picture went all the way; the public check says {self.report.verdict}")

    def under_load(self, rates: Rates, *, seconds: int, kill: bool, drain: bool) -> None:
        """Load for so many seconds, with deaths; then wait for every end, and compare everything with everything.

        Without `drain` the line is left as it is: more may have been asked for than this machine makes in an hour.
        """
        from studio.jobs.models import Job

        before = Job.objects.count()
        with load(self._fleet, self._site, self._files, rates, self._folder / "load") as under_way:
            self._say(f"load for {seconds} s: {rates.submitters} requests a second, and checks and galleries")
            under_way.start(seconds)
            self._attend(under_way, DEATHS if kill else (), seconds)
            self.report.answers, self.report.errors = under_way.end(), under_way.failures()
        submitted = self.report.answers.get("submit")
        self.report.accepted = submitted.asked - submitted.failed if submitted else 0
        self.report.requests = Job.objects.count() - before
        if drain:
            self._say(f"{self.report.requests} requests are in; waiting for the last of them")
            self._drain()
            self._examine()

    def endure(self, outages: Iterable[str], stage: Stage) -> None:
        """One outage after another; then compare everything with everything."""
        people = Enduring(self._client, self._site.tokens, self._say)
        for name in outages:
            outage = OUTAGES[name]
            seen = people.endure(name, outage.wrong(stage), accepts=outage.accepts)
            self.report.outages.append(seen)
            self.report.looks += seen.looks
        self._examine()

    def _attend(self, under_way: Load, deaths: tuple[tuple[str, float], ...], seconds: int) -> None:
        began, waiting, asked = time.monotonic(), list(deaths), 0.0
        while under_way.is_running:
            self._look()
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                self.report.unwitnessed_s.append(self._fleet.unwitnessed_seconds())
            if waiting and time.monotonic() - began > waiting[0][1] * seconds:
                self._kill(waiting.pop(0)[0])
            time.sleep(0.1)

    def _kill(self, name: str) -> None:
        self._say(f"killing {name}")
        self.report.killed.append(name)
        if name == "broker":
            self._engines.stop_broker()
            time.sleep(AWAY_SECONDS)
            self._engines.start_broker()
            return
        self._fleet.kill(name)
        time.sleep(AWAY_SECONDS)
        self._fleet.restart(name)

    def _look(self) -> None:
        self.report.looks += 1
        self.report.early += shown_too_early()

    def _drain(self) -> None:
        """Until every request and every picture has come to its end."""
        from studio.jobs.models import Job, Picture
        from studio.jobs.states import JOB_ENDS
        from studio.operations.metrics import MOVING
        from studio.trail.actions import pending

        began = time.monotonic()
        moving = Job.objects.exclude(state__in=JOB_ENDS)
        underway = Picture.objects.filter(state__in=MOVING)
        try:
            self._wait(lambda: not (moving.exists() or underway.exists() or pending().exists()), "the last requests")
        except TimeoutError:
            self.report.lost += [f"{job.pk} {job.state}" for job in moving] + [f"{p.pk} {p.state}" for p in underway]
        self.report.drained_s = round(time.monotonic() - began, 1)

    def _examine(self) -> None:
        from django.utils import timezone

        from studio.audit.integrity import problems
        from studio.jobs.models import Job, Picture
        from studio.jobs.states import VISIBLE, JobState

        self.report.pictures = Picture.objects.filter(state__in=VISIBLE).count()
        short = Job.objects.exclude(state=JobState.DONE).values_list("pk", "state")
        self.report.lost += [f"{pk} {state}" for pk, state in short]
        self._say("comparing rows, ledger and files")
        self.report.problems += [str(problem) for problem in problems(now=timezone.now())]

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            self._look()
            if died := self._fleet.processes.died():
                raise RuntimeError(f"{', '.join(died)} ended by itself; see {self._folder / 'logs'}")
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.2)

    def _release(self, picture: str) -> None:
        """What two people decide in the panel: the maker submits, a reviewer approves and releases."""
        from django.utils import timezone

        from studio.accounts.models import User
        from studio.jobs.models import Picture
        from studio.jobs.states import PictureState
        from studio.review.actions import decide, release, submit_for_review

        row, at = Picture.objects.get(pk=picture), timezone.now()
        maker, reviewer = row.job.requester.user, User.objects.get(username="reviewer")
        words: dict[str, Any] = {"purpose": "Poster", "channel": "none", "alt_text": "A farmer", "checklist": {}}
        request = submit_for_review(actor=maker, picture=row, at=at, **words)
        decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=row.sha256, at=at)
        release(actor=reviewer, picture=row, at=at)
        released = Picture.objects.filter(pk=picture, state=PictureState.RELEASED)
        self._wait(released.exists, "the release")

    def _client(self, **options: Any) -> httpx.Client:
        root = os.fspath(self._fleet.root)
        return httpx.Client(base_url=self._fleet.address, verify=root, timeout=120, **options)


_BYTES = {"Content-Type": "application/octet-stream"}


def _released(picture: str) -> bytes:
    from studio import blobs
    from studio.review.models import Release

    return blobs.get(Release.objects.get(picture=picture).sha256)


def _told(answer: httpx.Response) -> dict[str, Any]:
    if answer.is_error:
        raise RuntimeError(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
    told: dict[str, Any] = answer.json()
    return told
