"""`python -m tests.studio.speed lists|reports`: each figure beside its goal, on SQLite and on PostgreSQL.

Each database is filled in a process of its own, in a folder that is gone afterwards. The figures are the machine's; the
goals are one for all. Exit status 1 when one of them is missed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.studio.speed import tables

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Both databases, one after the other; or the one that is named, whose figures are told as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studio.speed",
        description=__doc__,
        epilog="example: python -m tests.studio.speed lists --write docs/speed.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["lists", "reports"])
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--database", choices=DATABASES)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into a document, between its marks")
    chosen = parser.parse_args()
    if chosen.database:
        for figure in _measured(chosen.what, chosen.pictures, chosen.database):
            print(json.dumps(asdict(figure)))  # noqa: T201
        return 0
    if chosen.write:
        tables.write(chosen.write, "", mark=chosen.what)  # before minutes are spent
    command = [sys.executable, "-m", "tests.studio.speed", chosen.what, "--pictures", str(chosen.pictures)]
    found = {}
    for database in DATABASES:
        answer = subprocess.run([*command, "--database", database], check=True, stdout=subprocess.PIPE, text=True)
        found[database] = [json.loads(line) for line in answer.stdout.splitlines() if line.startswith("{")]
    table = {"lists": tables.lists, "reports": tables.reports}[chosen.what](found, chosen.pictures)
    print(table.text)  # noqa: T201
    if chosen.write:
        tables.write(chosen.write, table.text, mark=chosen.what)
    return 0 if table.held else 1


def _measured(what: str, pictures: int, database: str) -> Iterator[Any]:
    if database == "postgresql":
        import tests.postgresql
    import tests.scratch  # noqa: F401  a folder of its own, before Django reads its settings

    sys.path.append("platform")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "studio.settings", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, reset_queries
    from django.utils import timezone

    from studio.operations.installation import prepare
    from studio.operations.sample import prepare_sample
    from tests.studio.speed import filling, lists, reports

    settings.ALLOWED_HOSTS.append("testserver")
    now = timezone.now()
    prepare()
    scene = filling.fill(prepare_sample(at=now), pictures, at=now)
    # As in service: nothing keeps a list of all that the database was asked.
    settings.DEBUG = False
    reset_queries()
    if database == "postgresql":
        with connection.cursor() as cursor:
            # What autovacuum does by itself within minutes. SQLite keeps no statistics in service, and has none here.
            cursor.execute("VACUUM ANALYZE")
    if what == "lists":
        yield from lists.measured(scene)
    else:
        reports.fill_ledger(scene.organisation)
        yield from reports.measured(scene.organisation)


if __name__ == "__main__":
    sys.exit(main())
