"""How long the server takes for the first page of long lists, on SQLite and on PostgreSQL: `make bench-gallery`.

A hundred thousand pictures as rows in a database of its own, in six campaigns of three projects, by four people; each
page is asked for again and again as a browser (or a program) would, through every middleware, without the network.
The figures are the machine's; the goal is one for all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

GOAL_MS = 150
ROUNDS = 15


def main() -> None:
    """Both databases, one after the other, each in a process of its own; or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    chosen = parser.parse_args()
    if chosen.database:
        print(json.dumps(measured(chosen.pictures, chosen.database)))  # noqa: T201
        return
    table = {}
    for database in ("sqlite", "postgresql"):
        command = [sys.executable, "-m", "tests.studio.gallery_bench", "--pictures", str(chosen.pictures)]
        answer = subprocess.run([*command, "--database", database], check=True, stdout=subprocess.PIPE, text=True)
        table[database] = json.loads(answer.stdout.splitlines()[-1])
    _tell(table, chosen.pictures)
    if any(one["median_ms"] > GOAL_MS for rows in table.values() for one in rows.values()):
        sys.exit(f"not met: a first page took longer than {GOAL_MS} ms")


def _tell(table: Mapping[str, Mapping[str, Mapping[str, float]]], pictures: int) -> None:
    print(f"First page with {pictures} pictures, ms of server time (median / slowest of {ROUNDS}), queries")  # noqa: T201
    for name in table["sqlite"]:
        cells = (
            f"{rows[name]['median_ms']:6.1f} / {rows[name]['most_ms']:6.1f} {rows[name]['queries']:3}"
            for rows in table.values()
        )
        print(f"{name:<34} {'   '.join(cells)}")  # noqa: T201


def measured(pictures: int, database: str) -> dict[str, dict[str, float]]:
    """Each page's median and slowest time in ms, and its number of queries."""
    if database == "postgresql":
        import tests.postgresql
    import tests.scratch  # noqa: F401  a folder of its own, before Django reads its settings

    sys.path.append("platform")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, reset_queries

    settings.ALLOWED_HOSTS.append("testserver")
    call_command("migrate", verbosity=0)
    asked = dict(_filled(pictures))
    # As in service: nothing keeps a list of all that the database was asked.
    settings.DEBUG = False
    reset_queries()
    if database == "postgresql":
        with connection.cursor() as cursor:
            # Autovacuum does this by itself within a minute.
            cursor.execute("ANALYZE")
    return {name: _timed(ask) for name, ask in asked.items()}


def _timed(ask: Callable[[], Any]) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert ask().status_code == 200
    asked, took = len(queries), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began))
    return {"median_ms": statistics.median(took), "most_ms": max(took), "queries": asked}


def _filled(pictures: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Fill the database; yields a name and a call for each page."""
    from datetime import timedelta

    from django.test import Client
    from django.utils import timezone

    from studio.accounts.models import Membership, Role
    from studio.jobs.models import Picture, Star
    from studio.operations.installation import prepare
    from studio.operations.sample import prepare_sample
    from studio.projects.actions import open_campaign, open_project
    from tests.studio.api.program import program_of
    from tests.studio.crowd import crowd

    now = timezone.now()
    prepare()
    sample = prepare_sample(at=now)
    creator, administrator = sample.people[Role.CREATOR], sample.people[Role.ADMINISTRATOR]
    projects = [sample.project]
    for name in ("second", "third"):
        projects.append(
            open_project(actor=administrator, organisation=sample.organisation, slug=name, name=name, at=now)
        )
    words = {"purpose": "Posters.", "languages": ["en"], "channels": ["poster"], "at": now}
    campaigns = [
        open_campaign(actor=creator, project=project, slug=slug, name=slug, **words)
        for project in projects for slug in ("one", "two")
    ]  # fmt: skip
    makers = list(Membership.objects.filter(organisation=sample.organisation)[:4])
    crowd(pictures, campaigns=campaigns, makers=makers, models=[sample.model], at=now)
    rows = Picture.objects.filter(state="RECORDED")[:200]
    Star.objects.bulk_create([Star(user=creator, picture=picture, at=now) for picture in rows])
    client = Client()
    client.force_login(creator)
    day, past = (now - timedelta(days=2)).date(), (now - timedelta(days=12)).date()
    for name, query in {
        "gallery": "",
        "gallery, status": "?state=APPROVED",
        "gallery, project": f"?project={projects[1].pk}",
        "gallery, campaign": f"?campaign={campaigns[0].pk}",
        "gallery, maker": f"?maker={makers[0].pk}",
        "gallery, model": f"?model={sample.model.pk}",
        "gallery, since": f"?since={day}",
        "gallery, until": f"?until={past}",
        "gallery, starred": "?starred=on",
        "gallery, flagged": "?flagged=on",
        "gallery, campaign, status, flagged": f"?campaign={campaigns[0].pk}&state=APPROVED&flagged=on",
    }.items():
        yield name, lambda query=query: client.get(f"/gallery/{query}")
    yield "projects (home)", lambda: client.get("/")
    yield "project", lambda: client.get(f"/projects/{projects[0].pk}/")
    yield "campaign", lambda: client.get(f"/campaigns/{campaigns[0].pk}/")
    yield "queue", lambda: client.get("/queue/")
    program = program_of(creator, sample.organisation)
    asking = Client(headers=program.headers)
    yield "/api/v1/pictures", lambda: asking.get("/api/v1/pictures")
    yield "/api/v1/pictures, state", lambda: asking.get("/api/v1/pictures?state=RELEASED")


if __name__ == "__main__":
    main()
