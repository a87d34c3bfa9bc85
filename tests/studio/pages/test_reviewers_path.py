"""The reviewer's whole path in a real browser, at a desk and on a phone: inbox, keys, pins, flags, together, outside.

Nothing on any page may go wrong unseen: no complaint of the browser's, no page wider than its window.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.models import Comment, ReviewDecision, ReviewRequest
from studio.review.tasks import recall
from tests.e2e.people import DESKTOP, PHONE, RESULTS
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask
from tests.studio.review.reviewing import stages, submit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.django_db(transaction=True)]
INBOX = "admin:review_reviewrequest_changelist"


class Window:
    """Somebody's window; `faults` gathers what the browser complained of."""

    def __init__(self, browser: Browser, base: str, screen: dict[str, int], user: User | None, scheme: str) -> None:
        size: ViewportSize = {"width": screen["width"], "height": screen["height"]}
        self.context = browser.new_context(
            viewport=size,
            has_touch=screen is PHONE,
            base_url=base,
            color_scheme=scheme,
            reduced_motion="reduce",  # type: ignore[arg-type]
        )
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": base}])
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.name = f"reviewing-{scheme}-{screen['width']}"
        self.shots = 0
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        usual = "status of 422" in message.text or message.text.startswith("htmx:")
        if message.type in {"error", "warning"} and not usual and "favicon.ico" not in str(message.location):
            self.faults.append(f"{self.page.url}: {message.text}")

    def photograph(self, what: str) -> None:
        """Keep the page as it looks; it must not be wider than the window."""
        RESULTS.mkdir(exist_ok=True)
        self.shots += 1
        self.page.screenshot(path=RESULTS / f"{self.name}-{self.shots:02}-{what}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), what


@pytest.fixture
def window(chromium: Browser, live_server: SimpleNamespace) -> Iterator[Callable[..., Window]]:
    """Opens windows; at the end nobody's browser may have complained."""
    opened: list[Window] = []

    def open_one(screen: dict[str, int], user: User | None = None, scheme: str = "light") -> Window:
        opened.append(Window(chromium, live_server.url, screen, user, scheme))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()
    assert [fault for one in opened for fault in one.faults] == []


@pytest.fixture
def waiting(campaign: Campaign, people: SimpleNamespace, sample: Sample, now: datetime) -> list[ReviewRequest]:
    """Two requests with four pictures in review, one of them due soon and at a stage of two."""
    first = print_pictures(ask(campaign, now, count=3), now)
    reviews = [submit(picture, people.creator, now, purpose=f"Poster {picture.index + 1}") for picture in first]
    stages(sample.project, people.administrator, now, ("Medical", 1, [people.reviewer]), ("Brand", 1, []))
    (last,) = print_pictures(ask(campaign, now, seed=9), now)
    reviews.append(submit(last, people.creator, now, purpose="Leaflet", due=(now + timedelta(days=2)).date()))
    return reviews


@pytest.mark.parametrize(
    ("screen", "scheme"), [(DESKTOP, "light"), (PHONE, "dark"), pytest.param(PHONE, "light", marks=pytest.mark.long)]
)
def test_the_reviewers_path(
    screen: dict[str, int], scheme: str, window: Callable[..., Window], waiting: list[ReviewRequest],
    people: SimpleNamespace,
) -> None:  # fmt: skip
    one = window(screen, people.reviewer, scheme)
    page = one.page
    page.goto("/admin/desk/")
    page.get_by_role("link", name=re.compile("Open the inbox")).click()
    expect(page.get_by_text("4 pictures wait")).to_be_visible()
    one.photograph("inbox")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    one.photograph("keys")
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(page.get_by_label("Request changes")).to_be_checked()
    expect(page.get_by_text("Leaflet").first).to_be_visible()
    one.photograph("picture")
    pin(one)
    expect(page.get_by_label("Request changes")).to_be_checked()
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Choose a reason, or please write")).to_be_visible()
    one.photograph("no-reason")
    page.get_by_label("Something is drawn badly").check()
    page.get_by_label("Request changes").check()
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your decision is on record")).to_be_visible()
    flagged(one)
    page.goto(reverse(INBOX))
    expect(page.get_by_alt_text("flagged and blurred")).to_be_visible()
    one.photograph("inbox-flagged")
    reveal_and_approve(one, waiting[0])
    together(one)
    expect(page.get_by_text("Nothing waits for you")).to_be_visible()
    one.photograph("nothing-waits")
    assert ReviewDecision.objects.count() == 4


def pin(one: Window) -> None:
    """Click a place in the picture and say what is wrong there."""
    page = one.page
    page.locator("[data-pin]").click(position={"x": 40, "y": 60})
    page.get_by_label("Comment").fill("This corner is empty.")
    page.get_by_role("button", name="Add the comment").click()
    expect(page.locator(".pins circle")).to_have_count(1)
    expect(page.locator("#said li")).to_contain_text("This corner is empty.")
    one.photograph("pinned")
    made = Comment.objects.get()
    box = page.locator("[data-pin]").bounding_box()
    assert box is not None
    assert made.x is not None
    assert abs(made.x - 40_000 / box["width"]) < 20


def flagged(one: Window) -> None:
    """Flag the picture that is open now."""
    page = one.page
    page.get_by_role("textbox", name="Reason optional").blur()
    page.keyboard.press("f")
    page.get_by_label("Why should it be looked at by itself?").fill("Could be taken for a real place.")
    page.get_by_role("button", name="Flag it").click()
    expect(page.get_by_text("reviewer flagged it")).to_be_visible()
    one.photograph("flagged")


def reveal_and_approve(one: Window, review: ReviewRequest) -> None:
    """See the flagged picture, compare it, approve it by key."""
    page = one.page
    page.get_by_role("link", name=re.compile("flagged and blurred")).click()
    page.get_by_role("button", name="Reveal it").click()
    expect(page.locator("[data-pin] img")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_text("Back to the picture")).to_be_visible()
    one.photograph("compare")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Put it on record")).to_be_visible()
    page.keyboard.press("a")
    expect(page.get_by_label("Approve")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your decision is on record")).to_be_visible()


def together(one: Window) -> None:
    """Approve what is left of the request at once."""
    page = one.page
    page.goto(reverse(INBOX))
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    one.photograph("chosen")
    page.get_by_role("button", name="Approve the chosen ones").click()
    expect(page.get_by_text("2 pictures are approved")).to_be_visible()


@pytest.mark.parametrize("screen", [pytest.param(DESKTOP, marks=pytest.mark.long), PHONE])
def test_somebody_outside_decides(
    screen: dict[str, int], window: Callable[..., Window], review: ReviewRequest, people: SimpleNamespace
) -> None:
    inside, outside = window(DESKTOP, people.reviewer), window(screen)
    inside.page.goto(reverse("admin:review_reviewrequest_change", args=[review.pk]))
    inside.page.get_by_text("Ask somebody outside").click()
    inside.page.get_by_label("E-mail address").fill("nurse@clinic.example")
    inside.photograph("inviting")
    inside.page.get_by_role("button", name="Send the link").click()
    expect(inside.page.get_by_text("its link works once")).to_be_visible()
    found = re.search(r"/outside/[\w-]{43}/", str(mail.outbox[0].body))
    assert found
    page = outside.page
    page.goto(found.group(0))
    outside.photograph("outside")
    page.get_by_label("Approve").check()
    page.get_by_role("button", name="Put it on record").click()
    expect(page.locator("#id_name_error")).to_be_visible()
    outside.photograph("outside-mistake")
    page.get_by_label("Approve").check()
    page.get_by_label("Reason", exact=True).fill("The dose is right.")
    page.get_by_label("Your name").fill("A. Nurse")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your decision is on record")).to_be_visible()
    outside.photograph("outside-done")


@pytest.mark.parametrize("screen", [pytest.param(DESKTOP, marks=pytest.mark.long), PHONE])
def test_stages_and_a_recall(
    screen: dict[str, int], window: Callable[..., Window], released: Picture, sample: Sample, people: SimpleNamespace
) -> None:
    one = window(screen, people.administrator)
    page = one.page
    page.goto(reverse("admin:review-plan", args=[sample.project.pk]))
    page.get_by_label("Name").first.fill("Medical")
    page.get_by_label("reviewer").first.check()
    one.photograph("stages")
    page.get_by_role("button", name="Put it in force").click()
    expect(page.get_by_text("It holds for what is submitted from now on.")).to_be_visible()
    page.goto(reverse("admin:recalls"))
    one.photograph("recalls")
    page.get_by_role("link", name=re.compile(r"See what it would do\s*: Starter")).click()
    expect(page.get_by_text("1 released picture")).to_be_visible()
    one.photograph("recall-shown")
    page.get_by_label("Reason, shown to the public").fill("Its faces were all alike.")
    page.get_by_role("button", name="Recall them").click()
    expect(page.get_by_text("0 of 1 withdrawn")).to_be_visible()
    recall(page.url.rstrip("/").rpartition("/")[2])
    expect(page.get_by_text("Ended: 1 picture is withdrawn.")).to_be_visible()
    one.photograph("recall-ended")
