"""A refusal appealed in real browsers: refused, asked again with its purpose, granted by a person, made, on record."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from studio.operations.demonstration import REQUESTS
from tests.e2e.people import DESKTOP, PHONE, Person, open_campaign
from tests.e2e.test_browser import wait_for_picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PATIENCE_MS = 90_000
CAMPAIGN = "Media literacy"
PURPOSE = "Slide 4 of a lesson on how to recognise an invented picture."


def test_a_refusal_is_appealed_granted_and_made(person: Callable[..., Person]) -> None:
    creator, reviewer = person("creator", DESKTOP), person("reviewer", PHONE)
    creator.sign_in()
    reviewer.sign_in()
    be_refused(creator)
    appeal(creator)
    grant(reviewer)
    wait_for_picture(creator, reviewer, CAMPAIGN)
    find_it_on_record(creator)


def be_refused(creator: Person) -> None:
    """Ask for what the policy refuses, and read why."""
    page = creator.page
    open_campaign(creator, CAMPAIGN)
    page.get_by_role("link", name="Create pictures").click()
    page.get_by_label("What should the picture show?").fill(REQUESTS[0])
    page.get_by_label("Pictures", exact=True).fill("1")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("The policy blocks this request; nothing was made.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("an invented event")).to_be_visible()
    creator.photograph("refused")


def appeal(creator: Person) -> None:
    """Say what it is for; without that there is no appeal."""
    page = creator.page
    page.reload()
    page.get_by_role("button", name="Appeal").click()
    expect(page.locator("#id_purpose_error")).to_be_visible()
    page.locator("#id_purpose").fill(PURPOSE)
    page.get_by_role("button", name="Appeal").click()
    expect(page.get_by_text("A reviewer has to look at this")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_role("link", name="an earlier request")).to_be_visible()
    creator.photograph("appealed")


def grant(reviewer: Person) -> None:
    """Read the purpose, and let it through with a reason."""
    page = reviewer.page
    page.goto("/admin/")
    page.get_by_role("link", name=re.compile(CAMPAIGN)).click()
    expect(page.get_by_text(PURPOSE)).to_be_visible()
    page.get_by_label("Let it through").check()
    page.get_by_label("Reason").fill("It is labelled, and shown beside the real one.")
    reviewer.photograph("appeal")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your ruling is on record.")).to_be_visible()


def find_it_on_record(creator: Person) -> None:
    """The picture's page knows who ruled, and which entry of the ledger holds it."""
    page = creator.page
    page.get_by_role("link", name="Provenance", exact=True).click()
    expect(page.locator("main")).to_contain_text(re.compile(r"Entry \d+ of "))
    page.get_by_role("link", name="History", exact=True).click()
    history = page.locator("main")
    expect(history).to_contain_text("reviewer ruled on the held request")
    expect(history).to_contain_text("The picture was entered in the ledger")
    creator.photograph("appealed-and-made")
