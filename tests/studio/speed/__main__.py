"""`python -m tests.studio.speed`: lists and exports beside their goals, on SQLite and on PostgreSQL.

Each database is filled in a process of its own, in a folder that is gone afterwards. The figures are the machine's; the
goals are one for all. With `--keep` they stay in a folder, so that one database may be measured today and the other
tomorrow, and the tables be written from both. Exit status 1 when a goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from provenance.benchmark.tables import between_marks, write_between_marks
from tests.studio.speed import tables


def main() -> int:
    """Both databases, one after the other; or the one that is named, whose figures are told as JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.studio.speed",
        description=__doc__,
        epilog="example: python -m tests.studio.speed --write docs/speed.md",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=list(tables.TABLES), help="one table alone (default: both)")
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--database", choices=list(tables.NAMES))
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="put the tables into a document, between their marks"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="keep each database's figures here; what is here is not measured again",
    )
    chosen = parser.parse_args()
    wanted = [chosen.what] if chosen.what else list(tables.TABLES)
    if chosen.database:
        for table, figure in _measured(wanted, chosen.pictures, chosen.database):
            print(json.dumps([table, asdict(figure)]), flush=True)  # noqa: T201
        return 0
    if chosen.write:
        document = chosen.write.read_text(encoding="utf-8")
        for mark in wanted:
            between_marks(document, "", mark=mark)  # before minutes are spent
    found = {database: _asked(database, chosen) for database in tables.NAMES}
    made = [(mark, tables.TABLES[mark](_of(found, mark), chosen.pictures)) for mark in wanted]
    for mark, table in made:
        print(table.text)  # noqa: T201
        if chosen.write:
            write_between_marks(chosen.write, table.text, mark=mark)
    return 0 if all(table.held for _, table in made) else 1


def _asked(database: str, chosen: argparse.Namespace) -> list[list[Any]]:
    """The figures of one database, measured by a process of its own."""
    command = [sys.executable, "-m", "tests.studio.speed", *([chosen.what] if chosen.what else [])]
    command += ["--pictures", str(chosen.pictures), "--database", database]
    kept = chosen.keep / f"{database}.jsonl" if chosen.keep else None
    if kept and kept.exists():
        return _read(kept.read_text(encoding="utf-8"))
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(answer.stdout, encoding="utf-8")
    return _read(answer.stdout)


def _read(told: str) -> list[list[Any]]:
    return [json.loads(line) for line in told.splitlines() if line.startswith("[")]


def _of(found: Mapping[str, list[list[Any]]], mark: str) -> tables.Figures:
    return {database: [figure for table, figure in figures if table == mark] for database, figures in found.items()}


def _measured(wanted: Sequence[str], pictures: int, database: str) -> Iterator[tuple[str, Any]]:
    if database == "postgresql":
        import tests.postgresql
    import tests.scratch  # noqa: F401  a folder of its own, before Django reads its settings

    sys.path.append("platform")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "studio.settings", "LOG_LEVEL": "ERROR"}
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, reset_queries, transaction
    from django.utils import timezone

    from studio.operations.installation import prepare
    from studio.operations.sample import prepare_sample
    from tests.studio.speed import filling, lists, reports

    settings.ALLOWED_HOSTS.append("testserver")
    now = timezone.now()
    prepare()
    sample = prepare_sample(at=now)
    # As in service: nothing keeps a list of all that the database was asked.
    settings.DEBUG = False
    reset_queries()
    with transaction.atomic():
        scene = filling.fill(sample, pictures, at=now)
    with connection.cursor() as cursor:
        # What either does by itself within minutes. SQLite keeps no statistics in service, and has none here.
        cursor.execute("VACUUM ANALYZE" if database == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)")
    if "lists" in wanted:
        yield from (("lists", figure) for figure in lists.measured(scene))
    if "reports" in wanted:
        reports.fill_ledger(scene.organisation)
        yield from (("reports", figure) for figure in reports.measured(scene.organisation))


if __name__ == "__main__":
    sys.exit(main())
