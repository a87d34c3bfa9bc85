"""Barriers on every page, as axe-core finds them, for each role: light at a desk, then dark on a phone.

The pages of members and of the public are those of `test_access`, so that no new one is left out; the desk's and what
only one role sees are listed here. Beside barriers, a page must not be wider than its window, nor upset the browser.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client
from django.urls import NoReverseMatch, reverse
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

from studio.accounts.actions import set_colour
from studio.accounts.models import User
from studio.jobs.models import Job, Picture
from studio.projects.models import Campaign
from studio.review.commenting import comment
from studio.review.flags import flag
from studio.review.inviting import invite
from studio.review.models import ReviewRequest
from studio.site import site
from tests.studio.pages import test_access
from tests.studio.requests import ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.django_db(transaction=True)]
address, token = test_access.address, test_access.token
AXE = Axe()
WEIGHTY = {"serious", "critical"}
LOOKS: tuple[tuple[Literal["light", "dark"], ViewportSize], ...] = (
    ("light", {"width": 1280, "height": 900}),
    ("dark", {"width": 390, "height": 844}),
)
DESK = "/admin/"
# Pages by role that the lists of `test_access` do not have: an address, or a name with what fills it.
ROLES: dict[str, tuple[str, ...]] = {
    "reviewer": (
        "admin:desk",
        "admin:review_reviewrequest_changelist",
        "admin:decided",
        "admin:quality",
        "admin:review-plans",
    ),
    "auditor": (
        "admin:trail_auditrow_changelist",
        "admin:jobs_picture_changelist",
        "register",
        "dossier",
        "integrity",
        "keys",
        "model-uses",
        "reports",
    ),
    "administrator": (
        "home",
        "status",
        "webhooks",
        "account",
        "organisation-people",
        "organisation-colours",
        "organisation-limits",
        "organisation-retention",
        "mfa_index",
        "mfa_activate_totp",
    ),
    "custodian": ("home", "models", "admin:recalls"),
}
NOT_A_PAGE = {
    "picture-file:signed",
    "picture-file:process",
    "picture-file:released",
    "picture-small",
    "picture-caption",
    "robots",
    "colours",
}


@dataclass(frozen=True, slots=True)
class Look:
    """A window, in which each page is looked at in all `LOOKS`; `faults` gathers what is wrong, page by page."""

    page: Page
    base: str
    faults: list[str]

    def at(self, where: str) -> None:
        """Open an address and look at it."""
        self.page.emulate_media(color_scheme=LOOKS[0][0])
        answer = self.page.goto(f"{self.base}{where}")
        assert answer is not None
        if not answer.text().lower().lstrip().startswith("<!doctype html"):
            return
        if answer.status != 200:
            self.faults.append(f"{where}: status {answer.status}")
        for scheme, size in LOOKS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size(size)
            if (scheme, size) != LOOKS[0] and where.startswith(DESK):
                # The desk chooses its colours when a page is loaded.
                self.page.reload()
            found = AXE.run(self.page).response["violations"]
            self.faults.extend(f"{where}, {scheme}: {_told(one)}" for one in found if one["impact"] in WEIGHTY)
            if self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                self.faults.append(f"{where}, {scheme}: wider than its window")

    def hear(self, message: ConsoleMessage) -> None:
        """What the browser complains of, but for requests that were on their way when their page was left.

        It also asks for an icon that the desk's own pages name otherwise.
        """
        expected = message.text.startswith("htmx:") or "favicon.ico" in str(message.location)
        if message.type in {"error", "warning"} and not expected:
            self.faults.append(f"{self.page.url}: {message.text}")


def _told(violation: dict[str, Any]) -> str:
    nodes = "; ".join(
        f"{node['target'][0]} {node['any'][0]['message'] if node['any'] else ''}" for node in violation["nodes"]
    )
    return f"{violation['id']} ({violation['impact']}): {nodes}"


@pytest.fixture
def look(chromium: Browser, live_server: SimpleNamespace) -> Iterator[Callable[[AbstractBaseUser | None], Look]]:
    """Opens a window for somebody; at the end nothing may have been wrong in any of them."""
    opened: list[Look] = []

    def open_for(user: AbstractBaseUser | None) -> Look:
        context = chromium.new_context(reduced_motion="reduce")
        if user is not None:
            client = Client()
            client.force_login(user)
            cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        opened.append(Look(context.new_page(), live_server.url, []))
        one = opened[-1]
        one.page.on("console", lambda message: one.hear(message))
        return one

    yield open_for
    for one in opened:
        one.page.context.close()
    faults = "\n".join(fault for one in opened for fault in one.faults)
    assert not faults, faults


def pages(names: Iterable[str], address: Callable[[str], str]) -> Iterator[str]:
    """The addresses of pages; a name that needs nothing to fill it is found by itself."""
    for name in sorted(set(names) - NOT_A_PAGE):
        try:
            yield reverse(name)
        except NoReverseMatch:
            yield address(name)


def test_a_members_pages(
    look: Callable[..., Look], people: SimpleNamespace, address: Callable[[str], str], campaign: Campaign, job: Job
) -> None:
    creator = look(people.creator)
    for where in pages(test_access.MEMBERS_GET | {"home"}, address):
        creator.at(where)


def test_a_strangers_pages(look: Callable[..., Look], address: Callable[[str], str]) -> None:
    stranger = look(None)
    for where in pages(test_access.PUBLIC_GET, address):
        stranger.at(where)


@pytest.mark.parametrize("colour", ["#ffd400", "#0b1a33"])
def test_a_strangers_pages_in_an_organisations_colour(
    colour: str, look: Callable[..., Look], released: Picture, people: SimpleNamespace, now: datetime
) -> None:
    """A yellow that no white paper bears, and a blue that no dark one does."""
    organisation = released.job.project.organisation
    set_colour(actor=people.administrator, organisation=organisation, colour=colour, at=now)
    stranger = look(None)
    for where in (reverse("home"), reverse("check"), reverse("record", args=[released.pk])):
        stranger.at(where)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_what_a_role_sees_beside(
    role: str, look: Callable[..., Look], people: SimpleNamespace, address: Callable[[str], str], released: Picture
) -> None:
    somebody = look(getattr(people, role))
    for where in pages(ROLES[role], address):
        somebody.at(where)


def test_a_row_of_each_register(look: Callable[..., Look], people: SimpleNamespace, released: Picture) -> None:
    """The page of a row: facts, digests, and documents as they are kept."""
    auditor = look(people.auditor)
    for model in site._registry:
        kind, first = f"{model._meta.app_label}_{model._meta.model_name}", model._default_manager.first()
        if first is not None and model not in {User, ReviewRequest}:
            auditor.at(reverse(f"admin:{kind}_change", args=[first.pk]))


def test_what_a_reviewer_decides_about(
    look: Callable[..., Look], people: SimpleNamespace, review: ReviewRequest, now: datetime
) -> None:
    """The inbox with something in it, the decision with a pin and a flag, a sibling beside it, an outsider's page."""
    comment(actor=people.reviewer, request=review, text="This hand", x=250, y=500, at=now)
    token = "t" * 43
    ends = now + timedelta(hours=1)
    invite(actor=people.reviewer, review=review, email="nurse@clinic.example", token=token, expires=ends, at=now)
    places = [reverse("admin:review_reviewrequest_change", args=[review.pk])]
    places += [reverse("admin:review-compare", args=[review.pk]), reverse("admin:review_reviewrequest_changelist")]
    somebody, outsider = look(people.reviewer), look(None)
    for where in places:
        somebody.at(where)
    flag(actor=people.reviewer, picture=review.picture, reason="Blood", at=now)
    for where in places:
        somebody.at(where)
    outsider.at(reverse("outside", args=[token]))
    job = review.picture.job
    keeper = look(people.administrator)
    keeper.at(reverse("admin:review-plan", args=[job.project_id]))
    keeper.at(reverse("admin:recall-ask", args=[job.project.organisation.slug, "model", job.model.digest]))


def test_what_a_creator_meets_on_the_way(
    look: Callable[..., Look], people: SimpleNamespace, campaign: Campaign, picture: Picture, now: Any
) -> None:
    """A picture not yet submitted, varied, compared, submitted with another; a request in each state, and the queue."""
    creator = look(people.creator)
    creator.at(reverse("picture", args=[picture.pk]))
    creator.at(f"{reverse('create', args=[campaign.pk])}?picture={picture.pk}")
    other = Picture.objects.exclude(pk=picture.pk).get()
    creator.at(f"{reverse('compare')}?picture={picture.pk}&picture={other.pk}")
    creator.at(f"{reverse('submit-together')}?picture={picture.pk}&picture={other.pk}")
    creator.at(f"{reverse('gallery')}?starred=on")
    waiting = ask(campaign, now)
    for state in ("SUBMITTED", "HELD", "BLOCKED", "QUEUED", "FAILED", "LOST", "CANCELLED"):
        Job.objects.filter(pk=waiting.pk).update(state=state, ended=now, failure="The memory did not suffice.")
        creator.at(reverse("request", args=[waiting.pk]))
        creator.at(reverse("queue"))
