"""People at their screens: each has a browser window of their own, and nothing on any page may go wrong unseen."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from studio.operations.sample import PASSWORD

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
LEFT = ("htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
# Only a test that takes the connection away hears this.
CUT_OFF = "net::ERR_INTERNET_DISCONNECTED"
RESULTS = Path(__file__).resolve().parents[2] / "test-results"


class Person:
    """One window. `faults` gathers what the browser complained of, content policy violations among it."""

    def __init__(self, browser: Browser, office: str, *, name: str, screen: dict[str, int]) -> None:
        self.name, self.office, self._screen = name, office, screen
        self.faults: list[str] = []
        self._context = browser.new_context(viewport=screen, has_touch=screen is PHONE, base_url=office)  # type: ignore[arg-type]
        self.page: Page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self._pictures = 0

    def _hear(self, message: Any) -> None:
        # The browser also calls our own "please mend this field" (422) an error, and htmx a request that was still on
        # its way when its page was left; one that the server answers wrongly has other names.
        usual = "status of 422" in message.text or message.text.startswith(LEFT) or CUT_OFF in message.text
        if message.type in {"error", "warning"} and not usual:
            self.faults.append(f"{self.page.url}: {message.text}")

    def sign_in(self) -> None:
        """As the sample's person of this name."""
        self.page.goto("/login/")
        self.page.get_by_label("Username").fill(self.name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("heading", name="Projects")).to_be_visible()

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Take the connection away for a while."""
        self._context.set_offline(True)
        yield
        self._context.set_offline(False)

    def photograph(self, what: str, *, also: dict[str, int] | None = None) -> None:
        """Keep the page as it looks now, whole, and `also` at another width; it must not be wider than the window."""
        self._pictures += 1
        self._keep(what, self._screen)
        if also:
            self.page.set_viewport_size(also)  # type: ignore[arg-type]
            self._keep(what, also)
            self.page.set_viewport_size(self._screen)  # type: ignore[arg-type]

    def _keep(self, what: str, screen: dict[str, int]) -> None:
        RESULTS.mkdir(exist_ok=True)
        self.page.wait_for_load_state()
        # One file for each test and width: what one kept, the next must not write over.
        test = Path(os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]).stem.removeprefix("test_")
        name = f"{test}-{self.name}-{screen['width']}-{self._pictures:02}-{what}.png"
        self.page.screenshot(path=RESULTS / name, full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), what

    def leave(self) -> None:
        """Close the window."""
        self._context.close()


def open_campaign(creator: Person, name: str) -> None:
    """Open a campaign in the sample's project."""
    page = creator.page
    creator.photograph("projects")
    page.get_by_role("link", name="Harvest and health").first.click()
    page.get_by_role("link", name="New campaign").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("What is it for?").fill("A trainers' manual.")
    page.get_by_label("English").check()
    page.get_by_label("Channels").fill("manual, slides")
    creator.photograph("new-campaign")
    page.get_by_role("button", name="Open the campaign").click()
    creator.photograph("empty-campaign")
