"""Fills a database with synthetic pictures and entries, then measures pages and exports."""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID, uuid5

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from studio import blobs, pipeline
from studio.accounts.models import Membership, Organisation, User
from studio.audit import writing
from studio.audit.models import Recorded, Report
from studio.audit.reporting import ask_report
from studio.jobs.models import Job, Picture
from studio.operations.sample import prepare_sample
from studio.projects.actions import open_campaign

Figure = tuple[str, float, str, float | None]
PICTURES_A_JOB = 10
BATCH = 5000
STATES = ("RECORDED", "IN_REVIEW", "APPROVED", "REJECTED", "RELEASED", "WITHDRAWN")
ROUNDS = 15
MS_GOAL, RATIO_GOAL, MEMORY_GOAL_MB = 150.0, 1.3, 32.0


def prepare() -> Organisation:
    """An empty installation with the sample organisation."""
    call_command("migrate", verbosity=0)
    pipeline.create_ledger()
    pipeline.create_watermark_key()
    return prepare_sample(at=timezone.now()).organisation


def fill(organisation: Organisation, entries: int) -> None:
    """So many entries, one for each picture, over some campaigns and all visible states."""
    now, maker = timezone.now(), Membership.objects.get(user__username="creator", organisation=organisation)
    project = organisation.projects.get()
    model, policy = organisation.models.get(), project.policies.get()
    campaigns = [
        open_campaign(
            actor=maker.user, project=project, slug=f"c{n}", name=f"Campaign {n}", purpose="A measurement.",
            languages=["en"], channels=["poster"], at=now,
        )
        for n in range(20)
    ]  # fmt: skip
    name = UUID(int=7)
    for start in range(0, entries, BATCH):
        numbers = range(start, min(entries, start + BATCH))
        jobs = [
            Job(
                id=uuid5(name, f"job {n}"), project=project, campaign=campaigns[n % 20], requester=maker, model=model,
                policy=policy, state="DONE", spec={}, words=b"", request_digest=digest(n), prompt_commitment=digest(n),
                count=PICTURES_A_JOB, submitted=now,
            )
            for n in range(numbers.start // PICTURES_A_JOB, -(-numbers.stop // PICTURES_A_JOB))
        ]  # fmt: skip
        Job.objects.bulk_create(jobs, ignore_conflicts=True)
        Picture.objects.bulk_create(_picture(name, n, now) for n in numbers)
        Recorded.objects.bulk_create(
            Recorded(
                organisation=organisation, sequence=n, entry=str(uuid5(name, f"entry {n}")), kind="picture",
                at=f"{now - timedelta(seconds=entries - n):%Y-%m-%dT%H:%M:%S}.000000Z",
                record=f"urn:uuid:{uuid5(name, f'picture {n}')}", asset=digest(n), leaf=digest(n),
                picture=uuid5(name, f"picture {n}"), project=str(project.pk),
                campaign=str(campaigns[n // PICTURES_A_JOB % 20].pk), model=model.digest, policy=policy.digest,
                maker=str(maker.pseudonym), outcome="",
            )
            for n in numbers
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _picture(name: UUID, n: int, now: datetime) -> Picture:
    # The oldest few alone are withdrawn: what is rare must be found as fast as what is common.
    state = "WITHDRAWN" if n < 5 else STATES[n % 5]
    return Picture(
        id=uuid5(name, f"picture {n}"), job_id=uuid5(name, f"job {n // PICTURES_A_JOB}"), index=n % PICTURES_A_JOB,
        state=state, seed="7", width=512, height=512, recipe={}, recipe_digest=digest(n), source_pixel_sha256=digest(n),
        sha256=digest(n), pixel_sha256=digest(n), sequence=n, leaf=digest(n), created=now, changed=now,
    )  # fmt: skip


def digest(n: int) -> str:
    """Something of the form of a SHA-256, another for each number."""
    return f"{n:064x}"


def register(*, rows: int) -> Iterator[Figure]:
    """Server time and queries of the register's pages."""
    organisation, rows = prepare(), rows or 100_000
    fill(organisation, rows)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="auditor"))
    where = reverse("register", args=[organisation.pk])
    campaign = Recorded.objects.latest("sequence").campaign
    for name, query in {
        "first page": "", "last page": "?before=40", "one kind": "?kind=picture",
        "one campaign": f"?campaign={campaign}",
        "a common state": "?state=RECORDED", "a rare, old state": "?state=WITHDRAWN",
        "an old day": f"?until={timezone.now() - timedelta(seconds=rows):%Y-%m-%d}",
    }.items():  # fmt: skip
        times, queries = [], 0
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = client.get(where + query)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200
        with CaptureQueriesContext(connection) as seen:
            client.get(where + query)
            queries = len(seen)
        yield f"{connection.vendor}, {rows:,} pictures: {name}", round(median(times), 1), "ms", MS_GOAL
        yield "    queries", queries, "", None


def reports(*, rows: int) -> Iterator[Figure]:
    """CSV against a bare cursor with csv.writer, and how much the largest export takes more than a tenth of it."""
    organisation, most = prepare(), rows or 1_000_000
    few = most // 10
    fill(organisation, most)
    ours = _fastest(lambda: _export(organisation, few))
    bare = _fastest(lambda: _bare(organisation, few))
    yield f"{connection.vendor}: CSV of {few:,} rows / cursor + csv.writer", round(ours / bare, 2), "x", RATIO_GOAL
    yield "    CSV", round(few / ours), "rows/s", None
    peaks = {size: _peak_mb(organisation, size) for size in (few, most)}
    for size, peak in peaks.items():
        yield f"    memory at its highest, {size:,} rows", round(peak, 1), "MB", None
    yield f"memory, {most:,} - {few:,} rows", round(peaks[most] - peaks[few], 1), "MB", MEMORY_GOAL_MB


def _fastest(work: Callable[[], None]) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def _export(organisation: Organisation, rows: int) -> None:
    """A whole report, as the worker writes it: slices, digest, store, entry."""
    now = timezone.now()
    auditor = User.objects.get(username="auditor")
    report = ask_report(actor=auditor, organisation=organisation, form="csv", level="partner", scope={}, at=now)
    Report.objects.filter(pk=report.pk).update(until=rows - 1)
    while writing.write(report.pk, at=timezone.now()):
        pass
    report.refresh_from_db()
    assert (report.state, report.written) == ("DONE", rows), report.fault
    blobs.blob_path(report.sha256).unlink(missing_ok=True)


BARE = """
SELECT r.sequence, r.at, r.kind, r.outcome, r.record, p.state, j.name, c.name, r.policy, m.title, r.maker, r.asset,
    r.leaf, r.entry
FROM audit_recorded r
LEFT JOIN jobs_picture p ON p.id = r.picture
LEFT JOIN projects_project j ON {project} = r.project
LEFT JOIN projects_campaign c ON {campaign} = r.campaign
LEFT JOIN catalogue_model m ON m.digest = r.model
WHERE r.organisation_id = %s AND r.sequence < %s ORDER BY r.sequence
"""


def _bare(organisation: Organisation, rows: int) -> None:
    """The same table without a product: one query, a cursor, csv.writer, and the file on the disk."""
    text = connection.vendor == "sqlite"
    # SQLite keeps a key as 32 digits; the register has them as they are written.
    joined = "{0}.id = replace({1}, '-', '')" if text else "{0}.id::text = {1}"
    sql = BARE.replace("{project} = r.project", joined.format("j", "r.project"))
    sql = sql.replace("{campaign} = r.campaign", joined.format("c", "r.campaign"))
    key = organisation.pk.hex if text else organisation.pk
    with tempfile.TemporaryFile("w", newline="") as stream, connection.chunked_cursor() as cursor:
        cursor.execute(sql, [key, rows])
        writer = csv.writer(stream)
        while page := cursor.fetchmany(2000):
            writer.writerows(page)
        stream.flush()
        os.fsync(stream.fileno())


MEASURED = """
import os, resource, sys
sys.path.append("platform")
import django; django.setup()
from studio.accounts.models import Organisation
from tests.studio.audit.bench.measuring import _export
_export(Organisation.objects.get(), int(sys.argv[1]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _peak_mb(organisation: Organisation, rows: int) -> float:
    """The resident memory of a process that writes such a report, at its highest."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(rows)], capture_output=True, text=True, check=True, env={**os.environ}
    )
    return float(done.stdout.split()[-1])
