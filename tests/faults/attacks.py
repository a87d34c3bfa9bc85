"""Who dies at each fault point, and of what else; each attack sees through what it had asked for."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tests.faults.act import act
from tests.faults.drill import Attack, Drill
from tests.processes import ROOT, children

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from studio.jobs.models import Picture

# More than a request of the drill needs, so that it can be met in the middle.
LONG_STEPS = "40"


def working(drill: Drill, points: Sequence[str], *, role: str) -> None:
    """A worker dies while it serves one of several requests, nobody knows which; its successor is the next to die."""
    from studio.claims import MAX_ATTEMPTS

    # Whatever met a death with each of its attempts would be given up, as it should.
    most = MAX_ATTEMPTS - 1
    for first in range(0, len(points), most):
        jobs: list[str] = []
        for point in points[first : first + most]:
            drill.arm(role, point)
            jobs += drill.line()
            drill.await_death(point)
        drill.restart(role)
        drill.see_through(*jobs)


def submitting(drill: Drill, points: Sequence[str], *, kept: int) -> None:
    """The web process dies in a submit: what it had committed goes on, what it had not never was."""
    from studio.jobs.models import Job

    for point in points:
        before = set(Job.objects.values_list("pk", flat=True))
        dies(drill, point, "submit")
        new = Job.objects.exclude(pk__in=before)
        if len(new) != kept:
            drill.figures.lost.append(f"{point}: {len(new)} requests kept")
        drill.see_through(*(str(job.pk) for job in new))


def deciding(drill: Drill, points: Sequence[str]) -> None:
    """The web process dies in a decision."""
    for point in points:
        dies(drill, point, "decide", drill.picture())


def erasing(drill: Drill, points: Sequence[str]) -> None:
    """Whoever erases a picture dies when that is written down, and its files are still there."""
    from studio.trail.models import LedgerIntent

    for point in points:
        picture = drill.picture()
        dies(drill, point, "erase", picture)
        drill.await_row(LedgerIntent.objects.filter(row=picture, kind="erasure", sequence__isnull=False), point)


def forgetting(drill: Drill, points: Sequence[str]) -> None:
    """Whoever erases a person dies when their key is gone, and nothing says so yet: it was not gone."""
    from studio.accounts.models import Membership, SubjectKey
    from studio.trail.models import LedgerIntent

    for point in points:
        membership = act("join")
        key = SubjectKey.objects.filter(membership=membership)
        drill.see_through(act("submit", "", membership))
        act("leave", membership)
        dies(drill, point, "forget", membership)
        if not key.exists():
            drill.figures.problems.append(f"{point}: a key is gone without an entry")
        row = Membership.objects.get(pk=membership).pseudonym
        act("forget", membership)
        drill.await_row(LedgerIntent.objects.filter(row=row, kind="erasure", sequence__isnull=False), point)
        if key.exists():
            drill.figures.problems.append(f"{point}: a key is left")


def releasing(drill: Drill, points: Sequence[str]) -> None:
    """The sign worker dies while it releases an approved picture, and so do its successors."""
    picture = drill.picture()
    for number, point in enumerate(points):
        drill.arm("sign", point)
        if number == 0:
            act("release", picture)
        drill.await_death(point)
    drill.restart("sign")
    drill.await_row(released(picture), picture)


def rendering(drill: Drill, points: Sequence[str]) -> None:
    """The sign worker dies while it makes a rendition of a released picture, and so do its successors."""
    from studio.review.models import Rendition

    picture = drill.picture()
    act("release", picture)
    drill.await_row(released(picture), picture)
    rendition = Rendition.objects.none()
    for number, point in enumerate(points):
        drill.arm("sign", point)
        if number == 0:
            rendition = Rendition.objects.filter(pk=act("render", picture))
        drill.await_death(point)
    drill.restart("sign")
    drill.await_row(rendition.filter(at__isnull=False), f"a rendition of {picture}")


def rotating(drill: Drill, points: Sequence[str]) -> None:
    """The sign worker dies between intent and append, and the next one signs with another key."""
    from django.conf import settings
    from django.utils import timezone

    from provenance.keys import Offline, rotate
    from provenance.keys.files import OFFLINE
    from studio.accounts.models import Organisation
    from studio.pipeline import trust_folder

    for point in points:
        drill.arm("sign", "intent before append")
        jobs = drill.line()
        drill.await_death(point)
        passphrase = settings.TRUST_PASSPHRASE.encode()
        for organisation in Organisation.objects.all():
            folder = trust_folder(organisation.slug)
            rotate(folder, passphrase=passphrase, offline=Offline(folder / OFFLINE, passphrase), now=timezone.now())
        drill.restart("sign")
        drill.see_through(*jobs)


def migrating(drill: Drill, points: Sequence[str]) -> None:
    """`manage.py migrate` dies in a new database; run again, it finishes."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    command = [sys.executable, str(ROOT / "manage.py"), "migrate"]
    for point in points:
        name = f"migrated_{secrets.token_hex(4)}"
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA {name}")
        # With SQLite a new folder is a new database; with PostgreSQL a new schema, which libpq is told of.
        elsewhere = {"VAR_DIR": str(drill.folder / name), "PGOPTIONS": f"-c search_path={name}"}
        environment = {**os.environ, **elsewhere}
        within = 1 + secrets.randbelow(len(MigrationLoader(connection).graph.leaf_nodes()))
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as first:
            said = ""
            while first.stdout and said.count("Applying") < within and (more := first.stdout.read(1)):
                said += more
            first.kill()
        if first.returncode != -signal.SIGKILL:
            drill.figures.problems.append(f"{point}: it ended by itself, with {first.returncode}")
        for words in ([], ["--check"]):
            done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                drill.figures.problems.append(f"{point}: {done.stderr.strip()[-500:]}")
        drill.killed(point)


def child_killed(drill: Drill, points: Sequence[str]) -> None:
    """The process that holds the model dies while it works, as when memory runs out."""
    for point in points:
        job = _begun(drill)
        found = children(drill.processes.running["generate"].pid)
        if not found:
            drill.figures.problems.append(f"{point}: there was none")
        for pid in found:
            os.kill(pid, signal.SIGKILL)
        drill.killed(point)
        drill.see_through(job)


def told_to_end(drill: Drill, points: Sequence[str]) -> None:
    """The generate worker is told to end (SIGTERM) while it works, as by an operator's restart."""
    for point in points:
        job = _begun(drill)
        drill.processes.running["generate"].terminate()
        drill.await_death(point)
        drill.restart("generate")
        drill.see_through(job)


def released(picture: str) -> "QuerySet[Picture]":
    """A picture, once it is released."""
    from studio.jobs.models import Picture
    from studio.jobs.states import PictureState

    return Picture.objects.filter(pk=picture, state=PictureState.RELEASED)


def dies(drill: Drill, point: str, verb: str, *arguments: str) -> None:
    """Do one thing as a person, in a process of its own that shall die there."""
    environment = {**os.environ, "FAULT_POINT": f"{point}:1"}
    command = [sys.executable, "-m", "tests.faults.act", verb, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode not in {0, -signal.SIGKILL}:
        raise RuntimeError(done.stderr)
    if done.returncode == 0:
        drill.figures.problems.append(f"{point}: the acting process lived")
    drill.killed(point)


def _begun(drill: Drill) -> str:
    """A request that is being made."""
    from studio.jobs.models import Job

    job = act("submit", LONG_STEPS)
    drill.wait(Job.objects.filter(pk=job, progress__gt=0).exists, "the model never began")
    return job


GENERATING: Attack = partial(working, role="generate")
CHECKING: Attack = partial(working, role="control")
SIGNING: Attack = partial(working, role="sign")

# Those of one attack stand together, so that one death follows the other.
POINTS: dict[str, Attack] = {
    "submit before commit": partial(submitting, kept=0),
    "submit after commit": partial(submitting, kept=1),
    "after claim": GENERATING,
    "during generation": GENERATING,
    "after generation": GENERATING,
    "blob half written": GENERATING,
    "blob before rename": GENERATING,
    "blob after rename": GENERATING,
    "after output check": CHECKING,
    "signed before store": SIGNING,
    "stored before intent": SIGNING,
    "intent before append": SIGNING,
    "appended before recorded": SIGNING,
    "recorded before notify": SIGNING,
    "checkpoint half written": SIGNING,
    "checkpoint before publish": SIGNING,
    "decision before append": deciding,
    "release signed before store": releasing,
    "release stored before intent": releasing,
    "release appended before published": releasing,
    "rendition signed before store": rendering,
    "rendition stored before intent": rendering,
    "rendition appended before shown": rendering,
    "erasure before removal": erasing,
    "erasure before tombstone": forgetting,
}
# Deaths that no point in our own code can bring about, or that want more than a death.
OTHER_DEATHS: dict[str, Attack] = {
    "the model's child is killed": child_killed,
    "a worker is told to end": told_to_end,
    "keys change before an append": rotating,
    "a migration is killed": migrating,
}
ATTACKS = POINTS | OTHER_DEATHS
