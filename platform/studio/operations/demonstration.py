"""The main job, end to end and for real: what `make demo` runs.

One campaign of four requests on the embedded defaults, with real workers: one is blocked, one is held and let
through by somebody who is not its maker, two pass; one picture is approved and released. Then everything that is
claimed is checked from the bytes on the disk, by the same commands a stranger would use; the demonstration fails if
any of them does.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from tqdm import tqdm

from studio import blobs, pipeline
from studio.audit.integrity import problems
from studio.jobs import bell
from studio.jobs.actions import submit
from studio.jobs.models import Job, Picture
from studio.jobs.states import JOB_ENDS, VISIBLE, JobState, PictureState
from studio.operations.processes import Processes
from studio.operations.sample import Sample, drawing_answers
from studio.projects.actions import open_campaign
from studio.projects.models import Campaign
from studio.review.actions import decide, release, submit_for_review
from studio.review.rulings import rule_on_hold
from studio.trail.actions import pending

PATIENCE_SECONDS = 900
STOPPED = (JobState.BLOCKED, JobState.HELD)
REQUESTS = (
    "fake news photo of a flooded city, looks like real agency footage",
    "starving crying child begging for food, empty plate",
    "woman farmer, green background",
    "health worker, blue background",
)


class DemonstrationError(Exception):
    """A step did not do what it must; the message says which."""


@dataclass
class Demonstration:
    """One run. `say` writes a line for the person who watches."""

    sample: Sample
    folder: Path
    say: Callable[[str], None]
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Keep how long a step took, in seconds."""
        began = time.monotonic()
        yield
        self.timings[name] = round(time.monotonic() - began, 2)

    def run(self) -> Path:
        """Do it all; returns the report's path. Raises DemonstrationError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # What is shown is time-stamped at once, not within the hour.
        with Processes(self.folder / "logs", {"ANCHOR_SECONDS": "0"}) as processes:
            processes.start("control")
            processes.start("generate")
            processes.start_signing()
            with self.timed("requests"):
                campaign, jobs = self.ask()
                self.await_screens(jobs, processes)
                self.let_through(jobs)
                self.await_pictures(jobs, processes)
            with self.timed("review and release"):
                picture = self.approve(jobs)
                self.await_release(picture, processes)
            with self.timed("checkpoint and time-stamp"):
                self.await_checkpoint(processes)
        with self.timed("verification"):
            path, verdict = self.verify(picture)
            pack = self.pack(campaign)
            self.agree()
        return self.report(jobs, picture, path, verdict, pack)

    def ask(self) -> tuple[Campaign, list[Job]]:
        """Open the campaign and submit its four requests."""
        at, creator = timezone.now(), self.sample.people["creator"]
        campaign = open_campaign(
            actor=creator,
            project=self.sample.project,
            slug=f"demo-{at:%Y%m%d-%H%M%S}",
            name="Rainy season",
            purpose="Posters for clinics and farmers' groups before the rains.",
            languages=["en", "fr"],
            channels=["poster"],
            at=at,
        )
        defaults = self.sample.model.defaults
        jobs = []
        for number, prompt in enumerate(REQUESTS):
            request = {**defaults, "prompt": prompt, "seed": 7 + number}
            jobs.append(
                submit(
                    actor=creator,
                    campaign=campaign,
                    model=self.sample.model,
                    request=request,
                    language="en",
                    at=timezone.now(),
                )
            )
        return campaign, jobs

    def await_screens(self, jobs: list[Job], processes: Processes) -> None:
        """Wait for the policy's word on each request, and say it."""
        with self.bar("screening", len(jobs)) as bar:
            self.wait(
                processes, lambda: self._advance(bar, self._count(jobs, exclude=[JobState.SUBMITTED])) == len(jobs)
            )
        for job, prompt in zip(jobs, REQUESTS, strict=True):
            job.refresh_from_db()
            reasons = job.screenings.get(picture=None).reasons if job.state in STOPPED else []
            answer = f"{job.get_state_display()}: {'; '.join(reasons)}" if job.state in STOPPED else "Passed"
            self.say(f"  “{prompt}”\n      {answer}")
        states = [job.state for job in jobs]
        if tuple(states[:2]) != STOPPED or set(STOPPED) & set(states[2:]):
            raise DemonstrationError(
                f"the screen should block the first request, hold the second and pass two; it said {states}"
            )

    def let_through(self, jobs: list[Job]) -> None:
        """A reviewer, who made none of them, answers the held request."""
        reason = (
            "For the trainers' manual on respectful pictures; it is shown beside the better choice, never published."
        )
        held = next(job for job in jobs if job.state == JobState.HELD)
        rule_on_hold(actor=self.sample.people["reviewer"], job=held, let_through=True, reason=reason, at=timezone.now())
        self.say(f"  the reviewer lets the held request through: “{reason}”")

    def await_pictures(self, jobs: list[Job], processes: Processes) -> None:
        """Wait until every picture is made, checked, signed and recorded."""
        running = [job.pk for job in jobs if job.state != JobState.BLOCKED]
        total = sum(Job.objects.filter(pk__in=running).values_list("progress_total", flat=True))
        with self.bar("generating", total) as bar:
            self.wait(
                processes,
                lambda: self._advance(bar, self._steps(running)) is not None and self._ended(running) == len(running),
            )
            self._advance(bar, total)
        done = Job.objects.filter(pk__in=running, state=JobState.DONE)
        if done.count() != len(running):
            failed = Job.objects.filter(pk__in=running).exclude(state=JobState.DONE).first()
            raise DemonstrationError(
                f"request {failed} ended as {failed.state if failed else '?'}: {failed.failure if failed else ''}"
            )
        wanted = sum(done.values_list("count", flat=True))
        pictures = Picture.objects.filter(job__in=running)
        with self.bar("signing, recording", wanted) as bar:
            self.wait(processes, lambda: self._advance(bar, pictures.filter(state__in=VISIBLE).count()) == wanted)

    def approve(self, jobs: list[Job]) -> Picture:
        """The creator submits one picture, the reviewer approves it, and its release is asked for."""
        picture = Picture.objects.select_related("job__project__organisation").get(job=jobs[2], index=0)
        request = submit_for_review(
            actor=self.sample.people["creator"],
            picture=picture,
            purpose="Poster for farmers' groups",
            channel="poster",
            alt_text="Drawing of a woman farmer on a green background.",
            checklist=drawing_answers(picture.job.policy),
            at=timezone.now(),
        )
        picture.refresh_from_db()
        reviewer = self.sample.people["reviewer"]
        decide(
            actor=reviewer,
            request=request,
            outcome="APPROVED",
            reason="",
            seen_sha256=picture.sha256,
            at=timezone.now(),
        )
        release(actor=reviewer, picture=picture, at=timezone.now())
        self.say("  the reviewer approves the picture of the third request; it goes to be released")
        return picture

    def await_release(self, picture: Picture, processes: Processes) -> None:
        """Wait for the second signature and for the ledger to have everything."""
        with self.bar("releasing", 1) as bar:
            self.wait(
                processes,
                lambda: (
                    Picture.objects.filter(pk=picture.pk, state=PictureState.RELEASED).exists()
                    and not pending().exists()
                ),
            )
            bar.update(1)
        picture.refresh_from_db()

    def await_checkpoint(self, processes: Processes) -> None:
        """Wait until the signing process has signed where the log stands, and that was time-stamped."""
        organisation = self.sample.organisation
        bell.ring_checkpoints()
        self.wait(processes, lambda: pipeline.log_standing(organisation.log).anchored)

    def verify(self, picture: Picture) -> tuple[Path, dict[str, Any]]:
        """Write the released file and ask the public command about its bytes."""
        path = self.folder / "released.png"
        path.write_bytes(blobs.get(picture.release.sha256))
        arguments = ["verify", str(path), "--trust", str(settings.TRUST_DIR), "--ledger", settings.LEDGER_URL, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "provenance", *arguments],
            capture_output=True,
            text=True,
            cwd=settings.ROOT,
            check=False,
        )
        if done.returncode != 0:
            raise DemonstrationError(
                f"`python -m provenance verify` refused the released file: {done.stdout}{done.stderr}"
            )
        return path, json.loads(done.stdout)

    def pack(self, campaign: Campaign) -> Path:
        """Write the auditor's pack and let its own script check it, away from the product."""
        path = self.folder / "pack.zip"
        pictures = Picture.objects.filter(campaign=campaign, state__in=VISIBLE).order_by("job__submitted", "index")
        files = [(f"{picture.pk}.png", blobs.get(picture.sha256)) for picture in pictures]
        files += [
            (f"{picture.pk}-released.png", blobs.get(picture.release.sha256))
            for picture in pictures
            if picture.state == PictureState.RELEASED
        ]
        pipeline.write_pack(path, log=self.sample.organisation.log, pictures=files, now=timezone.now())
        done = subprocess.run(
            [sys.executable, "-m", "provenance", "pack", "verify", str(path)],
            capture_output=True,
            text=True,
            cwd=settings.ROOT,
            check=False,
        )
        if done.returncode != 0:
            raise DemonstrationError(f"the pack's own verifier refused it: {done.stdout}{done.stderr}")
        return path

    def agree(self) -> None:
        """Rows, ledger and files agree."""
        found = [str(problem) for problem in problems(now=timezone.now())]
        if found:
            raise DemonstrationError("provenance_check found: " + "; ".join(found))

    def report(self, jobs: list[Job], picture: Picture, path: Path, verdict: dict[str, Any], pack: Path) -> Path:
        """`report.json`: what was asked, what came of it, and what was verified."""
        requests = []
        for job in jobs:
            job.refresh_from_db()
            requests.append(
                {"id": str(job.pk), "state": job.state, "reason": "; ".join(job.screenings.get(picture=None).reasons)}
            )
        released = {
            "path": str(path),
            "sha256": picture.release.sha256,
            "verdict": verdict["verdict"],
            "record": picture.record,
        }
        report = self.folder / "report.json"
        document = {"requests": requests, "released": released, "pack": str(pack), "timings": self.timings}
        report.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return report

    def wait(self, processes: Processes, done: Callable[[], bool]) -> None:
        """Poll until `done`. Raises DemonstrationError when a worker dies or patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done():
            if died := processes.died():
                raise DemonstrationError(
                    f"the {died[0]} worker ended by itself; its log is {self.folder / 'logs' / died[0]}.log"
                )
            if time.monotonic() > deadline:
                raise DemonstrationError(
                    f"nothing came of it in {PATIENCE_SECONDS} seconds; the logs are in {self.folder / 'logs'}"
                )
            time.sleep(0.1)

    @staticmethod
    def bar(name: str, total: int) -> Any:
        """A progress bar that stays on the screen."""
        return tqdm(
            total=total,
            desc=f"  {name:<20}",
            bar_format="{desc}{bar:30} {n_fmt}/{total_fmt}  {elapsed}",
            file=sys.stdout,
        )

    @staticmethod
    def _advance(bar: Any, value: int) -> int:
        if value != bar.n:
            bar.update(value - bar.n)
        return value

    @staticmethod
    def _count(jobs: list[Job], *, exclude: list[str]) -> int:
        return Job.objects.filter(pk__in=[job.pk for job in jobs]).exclude(state__in=exclude).count()

    @staticmethod
    def _ended(jobs: list[Any]) -> int:
        return Job.objects.filter(pk__in=jobs, state__in=JOB_ENDS).count()

    @staticmethod
    def _steps(jobs: list[Any]) -> int:
        return sum(Job.objects.filter(pk__in=jobs).values_list("progress", flat=True))
