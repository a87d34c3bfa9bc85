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


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """A running server with its files in `folder`; the value is its URL. Raises RuntimeError where there is none."""
    program, control = (shutil.which(name, path=PLACES) for name in ("rabbitmq-server", "rabbitmqctl"))
    if program is None or control is None:
        raise RuntimeError("rabbitmq-server is not installed: install it, or take the broker valkey")
    folder.mkdir(parents=True)
    port, environment = free_port(), _environment(folder)
    environment["RABBITMQ_NODE_PORT"] = str(port)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program], env=environment, stdout=log, stderr=log)
        try:
            _await(control, environment, server)
            yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            server.terminate()
            server.wait(60)
            # Erlang's name service outlives its nodes.
            subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, check=False)


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


def _await(control: str, environment: dict[str, str], server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    ask = [control, "-q", "await_startup"]
    while subprocess.run(ask, env=environment, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("RabbitMQ did not start; its log says why")
        time.sleep(1)
