"""A RabbitMQ of its own where the system has one installed; it listens on the loopback interface."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

# Not the wrapper that distributions put into /usr/sbin, which changes to another user.
PLACES = os.pathsep.join(("/usr/lib/rabbitmq/bin", "/usr/local/sbin", os.environ.get("PATH", "")))
PATIENCE_SECONDS = 90


def installed() -> bool:
    """Whether there is a RabbitMQ to start."""
    return shutil.which("rabbitmq-server", path=PLACES) is not None


class Rabbit:
    """One server with its files in a folder, which may be killed and started again on the same port."""

    def __init__(self, folder: Path) -> None:
        """Raises RuntimeError where none is installed."""
        program, control = (shutil.which(name, path=PLACES) for name in ("rabbitmq-server", "rabbitmqctl"))
        if program is None or control is None:
            raise RuntimeError("rabbitmq-server is not installed: install it, or take the broker valkey")
        folder.mkdir(parents=True)
        self._program, self._control, self._folder = program, control, folder
        self._port, self._environment = free_port(), _environment(folder)
        self._environment["RABBITMQ_NODE_PORT"] = str(self._port)
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}//"

    def start(self) -> None:
        """Start, and wait until it serves. Raises RuntimeError when it does not."""
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen([self._program], env=self._environment, stdout=log, stderr=log)
        deadline, ask = time.monotonic() + PATIENCE_SECONDS, [self._control, "-q", "await_startup"]
        while subprocess.run(ask, env=self._environment, capture_output=True, check=False).returncode:
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("RabbitMQ did not start; its log says why")
            time.sleep(1)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._server is not None:
            self._server.terminate()
            self._server.wait(60)
            self._server = None

    def close(self) -> None:
        """End it, and Erlang's name service, which outlives its nodes."""
        self.stop()
        subprocess.run(["epmd", "-kill"], env=self._environment, capture_output=True, check=False)


@contextmanager
def rabbitmq(folder: Path) -> Iterator[Rabbit]:
    """A running server with its files in `folder`. Raises RuntimeError where there is none."""
    server = Rabbit(folder)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_NODENAME": "imprimatur@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
    }
