"""The product's processes as a small production has them: two webs behind a proxy, workers of each role.

The proxy is Caddy with a certificate of its own authority, so that what runs here is what runs in service: TLS ends in
front, and each caller's own address arrives.
"""

import json
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.ports import free_port

WEBS = ("web-1", "web-2")
PATIENCE_SECONDS = 180


class Fleet:
    """Everything that runs. As a context manager it ends all of it on the way out. Needs Django set up."""

    def __init__(self, folder: Path, *, generators: int, environment: Mapping[str, str] | None = None) -> None:
        from studio.operations.processes import Processes

        self.processes = Processes(folder / "logs", environment)
        self.ports = {name: free_port() for name in WEBS}
        self.generators = [f"generate-{n}" for n in range(1, generators + 1)]
        self.port, self._administration = free_port(), free_port()
        self._folder = folder
        self._proxy: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where people and programs reach it."""
        return f"https://localhost:{self.port}"

    @property
    def root(self) -> Path:
        """The certificate of the proxy's own authority."""
        return self._folder / "proxy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"

    def start(self) -> None:
        """Start every process and wait until the webs are ready."""
        for name in WEBS:
            self.start_web(name)
        self.processes.start("screen")
        self.processes.start("sweep")
        self.processes.start("sign")
        for name in self.generators:
            self.processes.start("generate", "--name", name, name=name)
        self._start_proxy()
        for name in WEBS:
            self.wait_ready(name)
        self._wait_for_proxy()

    def start_web(self, name: str) -> None:
        """Start one web process, again too."""
        self.processes.start("web", "--port", str(self.ports[name]), name=name)

    def wait_ready(self, name: str) -> None:
        """Until a web says that it can serve. Raises RuntimeError when it ends instead, TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not answers(f"http://localhost:{self.ports[name]}/ready"):
            if name in self.processes.died():
                raise RuntimeError((self._folder / "logs" / f"{name}.log").read_text()[-2000:])
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is not ready")
            time.sleep(0.2)

    def unwitnessed_seconds(self) -> float:
        """How long the oldest entry waits for its checkpoint, as the web that nobody kills tells Prometheus."""
        address = f"http://localhost:{self.ports[WEBS[1]]}/metrics"
        with urllib.request.urlopen(address, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        (line,) = (line for line in lines if line.startswith("imprimatur_unwitnessed_seconds "))
        return float(line.split()[1])

    def kill(self, name: str) -> None:
        """SIGKILL one process."""
        self.processes.kill(name)

    def restart(self, name: str) -> None:
        """Start a killed process again, as a supervisor would."""
        if name in WEBS:
            self.start_web(name)
        elif name in self.generators:
            self.processes.start("generate", "--name", name, name=name)
        else:
            self.processes.start(name)

    def _start_proxy(self) -> None:
        program = shutil.which("caddy", path=str(Path(sys.executable).parent))
        if program is None:
            raise RuntimeError("caddy is not installed; `make` installs it from requirements-dev.txt")
        (self._folder / "proxy").mkdir()
        config = self._folder / "proxy" / "caddy.json"
        config.write_text(json.dumps(self._config()), encoding="utf-8")
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self._folder), "XDG_DATA_HOME": str(self._folder / "proxy")}
        with (self._folder / "logs" / "proxy.log").open("wb") as log:
            self._proxy = subprocess.Popen(
                [program, "run", "--config", str(config)], env=environment, stdout=log, stderr=log
            )

    def _wait_for_proxy(self) -> None:
        """Until it has its certificate, and a way to a web. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (self.root.exists() and answers(f"{self.address}/alive", trusting=self.root)):
            if time.monotonic() > deadline:
                raise TimeoutError("the proxy does not answer")
            time.sleep(0.2)

    def _config(self) -> dict[str, Any]:
        """Each web in turn; one that does not answer is left out for a while, and the request goes to the other."""
        webs = [{"dial": f"127.0.0.1:{port}"} for port in self.ports.values()]
        handler = {
            "handler": "reverse_proxy",
            "upstreams": webs,
            "load_balancing": {
                "selection_policy": {"policy": "round_robin"},
                "try_duration": "5s",
                # A request whose connection broke half way is asked again only where that changes nothing twice.
                "retry_match": [{"method": ["GET", "HEAD"]}],
            },
            "health_checks": {"passive": {"fail_duration": "5s", "max_fails": 1}},
        }
        server = {
            "listen": [f"127.0.0.1:{self.port}"],
            "routes": [{"match": [{"host": ["localhost"]}], "handle": [handler]}],
            "automatic_https": {"disable_redirects": True},
        }
        tls = {"automation": {"policies": [{"subjects": ["localhost"], "issuers": [{"module": "internal"}]}]}}
        pki = {"certificate_authorities": {"local": {"install_trust": False}}}
        return {
            "admin": {"listen": f"127.0.0.1:{self._administration}"},
            "apps": {"http": {"servers": {"studio": server}}, "tls": tls, "pki": pki},
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._proxy is not None:
            self._proxy.terminate()
            self._proxy.wait(30)
        self.processes.stop()


def answers(address: str, *, trusting: Path | None = None) -> bool:
    """Whether something answers there with a success; over TLS, under a certificate that this root vouches for."""
    context = ssl.create_default_context(cafile=trusting) if trusting else None
    try:
        # Ours, on the loopback interface.
        with urllib.request.urlopen(address, timeout=5, context=context) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
