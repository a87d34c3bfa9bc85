"""Starts and stops the product's processes on one machine: for `manage.py up`, the demo and the fault tests.

It is not a supervisor for production (systemd and Kubernetes are); it starts each role once, keeps its output, and
ends it politely, then not politely.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from django.conf import settings

MANAGE = str(settings.ROOT / "manage.py")
ROLES: Mapping[str, tuple[str, ...]] = {
    "web": ("serve",),
    "control": ("worker", "control"),
    "screen": ("worker", "screen"),
    "sweep": ("worker", "sweep"),
    "generate": ("worker", "generate"),
    "train": ("worker", "train"),
    "sign": ("worker", "sign"),
    "clock": ("clock",),
}
# What only some roles may know: the others start without it, and cannot open a signing key.
SECRETS: Mapping[str, frozenset[str]] = {
    name: frozenset({"sign"}) for name in ("TRUST_PASSPHRASE", "TRUST_PASSPHRASE_FILE", "OFFLINE_PASSPHRASE")
}
POLITE_SECONDS = 10


class Processes:
    """A set of running roles. As a context manager it ends them all on the way out.

    Output goes to `folder/<name>.log`, or to this terminal where `folder` is None.
    """

    def __init__(self, folder: Path | None, environment: Mapping[str, str] | None = None) -> None:
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        self._environment = {**os.environ, **(environment or {})}

    def start(
        self, role: str, *arguments: str, name: str | None = None, environment: Mapping[str, str] | None = None
    ) -> int:
        """Start one role under `name` (the role's own by default); returns its process id."""
        name = name or role
        output = self._output(name)
        process = subprocess.Popen(
            [sys.executable, MANAGE, *ROLES[role], *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=without_secrets(role, {**self._environment, **(environment or {})}),
            # Its own group, so that a terminal's Ctrl-C reaches us first and we end the roles in order.
            start_new_session=True,
        )
        if output is not None:
            output.close()
        self.running[name] = process
        return process.pid

    def start_signing(self) -> None:
        """The sign worker, and for it the development clock where no time-stamp authority is configured."""
        if settings.TSA_URL:
            self.start("sign")
            return
        port = str(_free_port())
        self.start("clock", "--port", port)
        self._environment["TSA_URL"] = f"http://127.0.0.1:{port}/"
        self.start("sign")

    def _output(self, name: str) -> IO[bytes] | None:
        if self._folder is None:
            return None
        self._folder.mkdir(parents=True, exist_ok=True)
        return (self._folder / f"{name}.log").open("ab")

    def died(self) -> list[str]:
        """The names of roles that ended without being asked to."""
        return [name for name, process in self.running.items() if process.poll() is not None]

    def kill(self, name: str) -> None:
        """SIGKILL to a role's whole group, as a power cut would; a role that is dead already leaves nothing behind."""
        process = self.running.pop(name)
        _signal_group(process, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """End every role: SIGTERM, a wait, SIGKILL for those that stay."""
        for process in self.running.values():
            _signal_group(process, signal.SIGTERM)
        for process in self.running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=POLITE_SECONDS)
            # Whoever stayed, and whatever a role that was killed has left behind.
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self.running.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def without_secrets(role: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a role: without what it must not know."""
    kept = {name: value for name, value in environment.items() if role in SECRETS.get(name, {role})}
    # Empty, not absent: absent means the development passphrase where DEBUG is on.
    return kept if role == "sign" else {**kept, "TRUST_PASSPHRASE": ""}


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
