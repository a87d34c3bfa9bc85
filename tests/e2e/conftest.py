"""The whole product on a port of its own, and a real browser in front of it."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from studio.operations.processes import Processes
from tests.e2e.people import Person
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SETTING_UP = """
import sys
sys.path.append("platform")
import django; django.setup()
from django.utils import timezone
from studio.operations.installation import prepare
from studio.operations.sample import prepare_sample
prepare()
prepare_sample(at=timezone.now())
"""


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Web, control and generate at work in a folder of their own; the value is the address."""
    folder = tmp_path_factory.mktemp("office")
    environment = {
        "VAR_DIR": str(folder / "var"),
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "SWEEP_SECONDS": "3",
        "GENERATE_THREADS": "1",
        "WEBHOOKS_MAY_REACH": "127.0.0.0/8",
        # The browser's fixture allows it to tests; the product itself keeps Django's guard.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "",
    }
    subprocess.run([sys.executable, "-c", SETTING_UP], cwd=ROOT, env={**os.environ, **environment}, check=True)
    port = free_port()
    with Processes(folder / "logs", environment) as processes:
        processes.start("control")
        processes.start("generate")
        processes.start_signing()
        processes.start("web", "--port", str(port))
        address = f"http://127.0.0.1:{port}"
        await_answer(f"{address}/robots.txt")
        yield address
        assert processes.died() == []


def await_answer(address: str) -> None:
    """Until the server is up."""
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310  our own address
        except urllib.error.URLError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"{address} did not answer within a minute")


# Three pictures that want no model: the first released, the second withdrawn, the third never released.
WITH_BOOKS = """
from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.operations.sample import prepare_sample
from studio.pipeline import open_for_signing
from studio.projects.actions import open_campaign
from studio.review.actions import decide, release, submit_for_review, withdraw
from studio.review.releasing import finish_release
from studio.trail.actions import pending, settle
from studio.jobs.checkpoints import publish_checkpoint
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask
open_for_signing()
now, sample = timezone.now(), prepare_sample(at=timezone.now())
creator, reviewer = sample.people["creator"], sample.people["reviewer"]
campaign = open_campaign(
    actor=creator, project=sample.project, slug="rains", name="Rainy season", purpose="Posters before the rains.",
    languages=["en"], channels=["poster"], at=now,
)
pictures = print_pictures(ask(campaign, now, count=3), now)
for picture in pictures[:2]:
    wish = submit_for_review(
        actor=creator, picture=picture, purpose="Poster", channel="poster", alt_text="Blue tiles.", checklist={}, at=now
    )
    picture.refresh_from_db()
    decide(actor=reviewer, request=wish, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)
    picture.refresh_from_db()
    assert finish_release(release(actor=reviewer, picture=picture, at=now).pk, at=now)
    picture.refresh_from_db()
withdraw(actor=reviewer, picture=pictures[1], public_reason="It shows the wrong crop.", at=now)
for intent in pending():
    settle(intent, at=now)
publish_checkpoint(sample.organisation, at=now)
"""


@pytest.fixture(scope="package")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Web, control and sign at work on an installation with pictures on record: its address, and its folder."""
    folder = tmp_path_factory.mktemp("books")
    environment = {"VAR_DIR": str(folder / "var"), "DJANGO_SETTINGS_MODULE": "studio.settings"}
    script = SETTING_UP + WITH_BOOKS
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **environment}, check=True)
    port = free_port()
    with Processes(folder / "logs", environment) as processes:
        processes.start("control")
        processes.start_signing()
        processes.start("web", "--port", str(port))
        await_answer(f"http://127.0.0.1:{port}/robots.txt")
        yield f"http://127.0.0.1:{port}", folder / "var"
        assert processes.died() == []


@pytest.fixture
def person(chromium: Browser, office: str) -> Iterator[Callable[..., Person]]:
    """Seats a person; at the end nobody's browser may have complained."""
    seated: list[Person] = []

    def seat(name: str, screen: dict[str, int]) -> Person:
        seated.append(Person(chromium, office, name=name, screen=screen))
        return seated[-1]

    yield seat
    for somebody in seated:
        somebody.leave()
    assert [fault for somebody in seated for fault in somebody.faults] == []


@pytest.fixture
def seat(chromium: Browser, books: tuple[str, Path]) -> Iterator[Callable[[str, dict[str, int]], Person]]:
    """Seats a person in front of the books; at the end nobody's browser may have complained."""
    seated: list[Person] = []

    def sit(name: str, screen: dict[str, int]) -> Person:
        seated.append(Person(chromium, books[0], name=name, screen=screen))
        return seated[-1]

    yield sit
    for somebody in seated:
        somebody.leave()
    assert [fault for somebody in seated for fault in somebody.faults] == []
