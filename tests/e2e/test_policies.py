"""A policy on its way into force in real browsers: written, tried, rehearsed, approved on a phone, felt by a maker."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE, Person, open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# A worker that has just begun loads its screens at the first question.
PATIENCE_MS = 90_000


def test_a_policy_from_draft_to_effect(person: Callable[..., Person]) -> None:
    author, approver, creator = person("administrator", DESKTOP), person("reviewer", PHONE), person("creator", DESKTOP)
    for somebody in (author, approver, creator):
        somebody.sign_in()
    write(author)
    try_it(author)
    rehearse_and_propose(author)
    approve(approver)
    expect_refusal(creator)


def write(author: Person) -> None:
    """Begin a draft from what is in force; hold what names a brand, and refuse one name."""
    page = author.page
    page.get_by_role("link", name="Harvest and health").first.click()
    page.get_by_role("link", name="Version 1").click()
    author.photograph("policy")
    page.get_by_role("button", name="Begin a draft").click()
    brands = page.get_by_role("group", name="Artists, brands and characters").first
    brands.get_by_label("Ask a reviewer").select_option(label="when it is likely")
    brands.get_by_label("Refuse it").select_option(label="when it is plain")
    author.photograph("what-follows")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("link", name="Words", exact=True).click()
    page.get_by_label("Word or phrase").fill("Zebra Relief")
    page.get_by_label("It is about").select_option(label="Artists, brands and characters")
    page.get_by_label("Why?").fill("It is another organisation")
    page.get_by_role("button", name="Add it").click()
    author.photograph("words")
    page.get_by_role("link", name="Back to the draft").click()
    page.get_by_role("link", name="Examples", exact=True).click()
    page.get_by_label("These prompts must be").select_option("block")
    page.get_by_label("Prompts, one a line").fill("a tent of Zebra Relief")
    page.get_by_role("button", name="Add them").click()
    page.get_by_label("Prompts, one a line").fill("a nurse at work")
    page.get_by_role("button", name="Add them").click()
    author.photograph("examples")
    page.get_by_role("link", name="Back to the draft").click()


def try_it(author: Person) -> None:
    """Type on the bench and see both policies answer."""
    page = author.page
    page.get_by_label("What a maker might write").press_sequentially("a tent of Zebra Relief")
    expect(page.get_by_text("The two come to different answers.")).to_be_visible(timeout=PATIENCE_MS)
    author.photograph("bench")


def rehearse_and_propose(author: Person) -> None:
    """Rehearse the draft, then hand it on; its author finds no button to publish it."""
    page = author.page
    page.get_by_role("button", name="Rehearse it").click()
    expect(page.get_by_text("All examples as they must be")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Propose it").click()
    expect(page.get_by_text("It waits for a reviewer or another administrator.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve and publish")).to_have_count(0)
    author.photograph("proposed")


def approve(approver: Person) -> None:
    """Find what waits, look, and publish it."""
    page = approver.page
    page.goto("/")
    page.get_by_role("link", name="policy to approve").click()
    expect(page.get_by_text("It is another organisation").first).to_be_visible()
    approver.photograph("to-approve")
    page.get_by_role("button", name="Approve and publish").click()
    expect(page.get_by_role("heading", name="Version 2: humanitarian")).to_be_visible()
    approver.photograph("in-force")


def expect_refusal(creator: Person) -> None:
    """The create page says at once what would happen, and stops saying it once the words are others."""
    page = creator.page
    open_campaign(creator, "Tents")
    page.get_by_role("link", name="Create pictures").click()
    wish = page.get_by_label("What should the picture show?")
    wish.press_sequentially("a tent of Zebra Relief")
    expect(page.get_by_text("This would be refused.")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("It is another organisation").first).to_be_visible()
    creator.photograph("would-be-refused")
    wish.fill("")
    wish.press_sequentially("a nurse at work")
    expect(page.get_by_text("Nothing in these words would be held.")).to_be_visible(timeout=PATIENCE_MS)
    creator.photograph("would-pass")
