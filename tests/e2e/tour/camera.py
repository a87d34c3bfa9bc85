"""Takes the tour's pictures in Chromium and writes them small; complains about what a browser complains of."""

import io
from pathlib import Path

from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Page

from studio.accounts.models import User
from tests.e2e.tour.stops import PHONE, Stop
from tests.e2e.tour.world import World
from tests.studio.signing import signed_in

# A reader scrolls one page of the tour, not a whole page of the product for each of its pictures.
TALLEST = {False: 1500, True: 1300}
QUALITY = 72
# What reaches furthest to the right, or to the left where that is the end, but for rows that are pushed aside.
WIDEST = """() => {
  const box = (one) => one.getBoundingClientRect();
  const reach = (one) => Math.max(box(one).right - innerWidth, -box(one).left);
  const all = [...document.body.querySelectorAll("*")].filter((one) => !one.closest(".ways, .sections, .tabs"));
  return all.sort((a, b) => reach(b) - reach(a))[0].outerHTML.slice(0, 120);
}"""


class Camera:
    """A browser in front of the product at `address`. `faults` gathers what went wrong on the pages."""

    def __init__(self, browser: Browser, address: str, world: World) -> None:
        self._browser, self._address, self._world = browser, address, world
        self.faults: list[str] = []

    def take(self, stop: Stop, folder: Path) -> Path:
        """Go there, do what is done there, and keep the picture as a WebP file."""
        phone = stop.screen is PHONE
        width, height = stop.screen
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=stop.scheme,  # type: ignore[arg-type]
            base_url=self._address,
            has_touch=phone,
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": stop.language, "url": self._address}])
        if stop.who:
            client = signed_in(User.objects.get(username=stop.who))
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self._address}])
        page = context.new_page()
        page.on("console", lambda message: self._hear(stop, message))
        page.goto(stop.where(self._world))
        stop.act(page, self._world)
        page.wait_for_load_state("networkidle") if stop.who == "" else page.wait_for_timeout(800)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.faults.append(f"{stop.name}: wider than its window, by {page.evaluate(WIDEST)}")
        path = self._keep(page, folder / f"{stop.name}.webp", tallest=TALLEST[phone])
        context.close()
        return path

    def _hear(self, stop: Stop, message: ConsoleMessage) -> None:
        usual = message.text.startswith("htmx:") or "favicon.ico" in str(message.location)
        if message.type in {"error", "warning"} and not usual:
            self.faults.append(f"{stop.name}: {message.text}")

    @staticmethod
    def _keep(page: Page, path: Path, *, tallest: int) -> Path:
        page.mouse.move(0, 0)
        with Image.open(io.BytesIO(page.screenshot(full_page=True))) as whole:
            shown = whole.convert("RGB").crop((0, 0, whole.width, min(whole.height, tallest)))
        shown.save(path, quality=QUALITY, method=6)
        return path
