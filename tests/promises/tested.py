"""Runs tests that show a promise, and counts them; `record_testsuite_property("figure", …)` says what one has seen."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from tests.production.engines import ROOT
from tests.promises.figure import Figure, judged
from tests.promises.place import Database


def tested(database: Database, *names: str, environment: dict[str, str] | None = None, enough: bool = True) -> Figure:
    """Run the tests of these files or node ids; SQLite alone where they touch no database."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        plugins = ["-p", "tests.postgresql"] if database == Database.POSTGRESQL else []
        command = [sys.executable, "-m", "pytest", "-q", *plugins, f"--junitxml={report}", *names]
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, capture_output=True, text=True, check=False
        )
        if not report.exists():
            return judged(f"the tests did not run: {done.stdout[-200:]}", good=False)
        suite = ElementTree.parse(report).getroot()[0]  # noqa: S314  our own file
    run = int(suite.get("tests", 0)) - int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    said = [one.get("value", "") for one in suite.iter("property") if one.get("name") == "figure"]
    words = "; ".join([*said, f"{run} {'test' if run == 1 else 'tests'}, {failed} failed"])
    return judged(words, good=run > 0 and not failed, enough=enough)
