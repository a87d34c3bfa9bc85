"""A creator's whole way in a real browser, at a desk and on a phone.

One request for two clicks, a queue that outlives a lost connection, a gallery to look through, a picture's tabs by the
keyboard, a variation, and a submission.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from studio.operations.demonstration import REQUESTS
from tests.e2e.people import DESKTOP, PHONE, Person, open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PATIENCE_MS = 300_000
SCREENS = {"desk": DESKTOP, "phone": PHONE}


@pytest.mark.parametrize("where", [pytest.param("desk", marks=pytest.mark.long), "phone"])
def test_a_creators_way(where: str, person: Callable[..., Person]) -> None:
    creator, campaign = person("creator", SCREENS[where]), f"Market day, {where}"
    creator.sign_in()
    open_campaign(creator, campaign)
    ask_twice_for_two(creator)
    watch(creator, campaign)
    look_through(creator)
    read_by_keyboard(creator)
    vary(creator)
    submit(creator)


def ask_twice_for_two(creator: Person) -> None:
    """A shape for stories, two pictures, and an impatient hand on the button."""
    page = creator.page
    page.get_by_role("link", name="Create pictures").click()
    page.get_by_label("What should the picture show?").fill(REQUESTS[2])
    page.get_by_role("radio", name=re.compile("^Story")).check()
    page.get_by_label("Pictures", exact=True).fill("2")
    expect(page.get_by_text("Costs 2 pictures")).to_be_visible()
    creator.photograph("create")
    page.get_by_role("button", name="Send the request").dblclick()
    expect(page.get_by_role("heading", name=re.compile("2 pictures for Market day"))).to_be_visible()


def watch(creator: Person, campaign: str) -> None:
    """The queue moves by itself, says when it cannot, and goes on; then both pictures are there."""
    page = creator.page
    page.get_by_role("link", name="Queue", exact=True).click()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    creator.photograph("queue")
    with creator.cut_off():
        expect(page.get_by_text("The connection is lost")).to_be_visible(timeout=30_000)
        creator.photograph("queue-lost")
    expect(page.get_by_text("The connection is lost")).to_be_hidden(timeout=30_000)
    expect(page.get_by_text("Nothing waits and nothing is being made.")).to_be_visible(timeout=PATIENCE_MS)
    creator.photograph("queue-empty")
    page.goto("/")
    page.get_by_role("link", name=campaign, exact=True).click()
    expect(page.locator("#requests .rows > li")).to_have_count(1)
    for _ in range(60):
        if page.locator(".card").count() == 2:
            break
        page.wait_for_timeout(2000)
        page.reload()
    expect(page.locator(".card")).to_have_count(2)
    creator.photograph("campaign")


def look_through(creator: Person) -> None:
    """Star one, find it by its star, compare the two."""
    page = creator.page
    card = page.locator(".card").first
    card.get_by_role("button", name="Star").click()
    expect(card.get_by_role("button", name="Star")).to_have_attribute("aria-pressed", "true")
    for place in (0, 1):
        page.locator(".card").nth(place).get_by_role("checkbox", name="Choose").check()
    page.get_by_role("button", name="Compare the two ticked").click()
    expect(page.get_by_role("heading", name="Two pictures side by side")).to_be_visible()
    creator.photograph("compared")
    page.get_by_role("link", name="Gallery", exact=True).first.click()
    page.get_by_text("Narrow it down").click()
    creator.photograph("gallery")
    page.get_by_label("Only those I starred").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".card")).not_to_have_count(0)
    creator.photograph("starred")
    page.locator(".card a").first.click()


def read_by_keyboard(creator: Person) -> None:
    """Every tab is a link that Enter opens; the picture and what to do next stay in their place."""
    page = creator.page
    for tab in ("Provenance", "Moderation", "History", "Related", "Recipe"):
        page.get_by_role("navigation", name="About this picture").get_by_role("link", name=tab).focus()
        page.keyboard.press("Enter")
        current = page.get_by_role("navigation", name="About this picture").locator('[aria-current="page"]')
        expect(current).to_have_text(tab)
        creator.photograph(f"tab-{tab.lower()}")


def vary(creator: Person) -> None:
    """The create page comes filled in, with the seed locked."""
    page = creator.page
    picture = page.url
    page.get_by_role("link", name="Vary it: same seed, one thing changed").click()
    expect(page.get_by_label("What should the picture show?")).to_have_value(REQUESTS[2])
    expect(page.get_by_label("Seed")).not_to_have_value("")
    creator.photograph("vary")
    page.goto(picture)


def submit(creator: Person) -> None:
    """Say what it is for, describe it, answer the sector's questions."""
    page = creator.page
    page.get_by_label("What is it for?").fill("The story of the market day")
    page.get_by_label("Describe it").fill("Somebody at work, drawn for the market day's story.")
    for answers in page.locator("fieldset").all():
        answers.get_by_label("No", exact=True).check()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("It is with the reviewers now.")).to_be_visible()
    expect(page.locator("#words-alt")).to_have_text("Somebody at work, drawn for the market day's story.")
    creator.photograph("submitted")
