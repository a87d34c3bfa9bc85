"""From an empty folder to a checked picture: the link that a command prints, every step in a browser, real workers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from studio.operations.processes import Processes
from tests.e2e.conftest import ROOT, await_answer
from tests.e2e.people import DESKTOP, PHONE, Person
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PATIENCE_MS = 240_000


@pytest.fixture
def fresh_office(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Every process over an empty folder: the address, and the link of the first steps."""
    environment = {
        "VAR_DIR": str(tmp_path / "var"),
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "SWEEP_SECONDS": "1",
        "GENERATE_THREADS": "1",
    }
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "manage.py", "setup", "--address", address]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    link = re.search(rf"{address}/setup/begin/\S+", done.stdout)
    assert link, done.stdout
    with Processes(tmp_path / "logs", environment) as processes:
        processes.start("control")
        processes.start("generate")
        processes.start_signing()
        processes.start("web", "--port", str(port))
        await_answer(f"{address}/robots.txt")
        yield address, link[0]
        assert processes.died() == []


def test_the_first_steps(chromium: Browser, fresh_office: tuple[str, str], tmp_path: Path) -> None:
    """Gone on a phone; an installation has them once, so each is photographed at a desk's width too."""
    address, link = fresh_office
    person = Person(chromium, address, name="operator", screen=PHONE)
    page = person.page
    page.goto(link)
    person.photograph("begin", also=DESKTOP)
    page.get_by_label("Username").fill("head")
    page.get_by_label("E-mail").fill("head@aid.example")
    page.get_by_label("Password").fill("printing-house-nine")
    page.get_by_role("button", name="Make my account").click()
    page.get_by_label("Username").fill("head")
    page.get_by_label("Password").fill("printing-house-nine")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Its name").fill("Water Aid")
    page.get_by_label("A short name").fill("water-aid")
    person.photograph("organisation", also=DESKTOP)
    page.get_by_role("button", name="Found it").click()
    page.get_by_role("button", name="Make keys here").click()
    expect(page.get_by_text("The sign worker is asked")).to_be_visible()
    person.photograph("keys", also=DESKTOP)
    expect(page.get_by_role("button", name="Approve it")).to_be_visible(timeout=60_000)
    person.photograph("model", also=DESKTOP)
    page.get_by_role("button", name="Approve it").click()
    page.get_by_label("A first project").fill("Wells")
    page.get_by_label("Charitable").check()
    person.photograph("policy", also=DESKTOP)
    page.get_by_role("button", name="Propose it").click()
    person.photograph("second-person", also=DESKTOP)
    page.goto("/account/")
    page.goto("/setup/")
    page.get_by_role("button", name="Let the demonstration's reviewer approve it").click()
    page.get_by_role("button", name="Ask for it").click()
    person.photograph("being-made", also=DESKTOP)
    release = page.get_by_role("button", name="Let it be approved, and release it")
    expect(release).to_be_visible(timeout=PATIENCE_MS)
    person.photograph("made", also=DESKTOP)
    release.click()
    take = page.get_by_role("link", name="Take the released file")
    expect(take).to_be_visible(timeout=60_000)
    person.photograph("released", also=DESKTOP)
    with page.expect_download() as download:
        take.click()
    file = tmp_path / "released.png"
    download.value.save_as(file)
    page.goto("/check")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Check it").click()
    expect(page.locator(".stamp-large")).to_have_text("Genuine and unchanged")
    page.goto("/setup/")
    page.get_by_role("button", name="End the first steps").click()
    expect(page.get_by_role("heading", name="The first steps are done")).to_be_visible()
    page.goto("/status/")
    expect(page.locator("#workers ~ div .stamp-good")).to_have_count(4, timeout=15_000)
    person.photograph("status", also=DESKTOP)
    person.leave()
    assert person.faults == []
