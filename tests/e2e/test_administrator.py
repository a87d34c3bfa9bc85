"""An administrator's pages in real browsers, at both widths: people, limits, what is kept, how it stands."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    "screen", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone", marks=pytest.mark.long)]
)
def test_an_administrators_day(person: Callable[..., Person], screen: dict[str, int]) -> None:
    administrator = person("administrator", screen)
    page = administrator.page
    administrator.sign_in()
    expect(page.get_by_text("your role needs a second step")).to_be_visible()
    page.get_by_role("link", name="administrator").click()
    administrator.photograph("account")
    page.get_by_role("link", name="Limits").click()
    page.get_by_label("Each person, in a day").fill("-3")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("greater than or equal to 0")).to_be_visible()
    administrator.photograph("limits-mistake")
    page.get_by_label("Each person, in a day").fill("500")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.get_by_text("It holds from now on.")).to_be_visible()
    page.get_by_label("Charitable").first.check()
    page.get_by_role("button", name="Save Harvest and health").click()
    expect(page.get_by_text("It holds from now on.")).to_be_visible()
    administrator.photograph("limits")
    page.get_by_role("link", name="Your account").first.click()
    page.get_by_role("link", name="What is kept, and how long").click()
    page.get_by_label("Finished pictures that nobody released").fill("365")
    page.get_by_role("button", name="Keep it so").click()
    expect(page.get_by_text("It is done, and on record.")).to_be_visible()
    administrator.photograph("retention")
    page.get_by_role("link", name="Your account").first.click()
    page.get_by_role("link", name="People").click()
    administrator.photograph("people")
    page.get_by_role("link", name="auditor").click()
    administrator.photograph("person")
    page.get_by_role("link", name="Your account").first.click()
    choose_a_colour(administrator)
    page.goto("/status/")
    expect(page.locator("#workers ~ div .stamp-good")).to_have_count(4, timeout=15_000)
    administrator.photograph("status")


def choose_a_colour(administrator: Person) -> None:
    """A yellow is tried, seen darker on paper, used, seen by a stranger's page, and given up again."""
    page = administrator.page
    page.get_by_role("link", name="Colour of the public pages").click()
    page.get_by_label("Your colour").fill("sunflower")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("Write it as # and six digits")).to_be_visible()
    administrator.photograph("colour-mistake")
    page.get_by_label("Your colour").fill("#f2b705")
    page.get_by_role("button", name="See what it becomes").click()
    expect(page.get_by_text("a shade of yours")).to_be_visible()
    administrator.photograph("colour-tried")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("The public pages wear it from now on.")).to_be_visible()
    page.get_by_role("link", name="Open the check page").click()
    expect(page.locator('link[href="/colours/f2b705.css"]')).to_have_count(1)
    administrator.photograph("colour-worn")
    page.go_back()
    page.get_by_role("button", name="Back to vermilion").click()
    expect(page.get_by_role("heading", name="What they wear now: vermilion")).to_be_visible()
