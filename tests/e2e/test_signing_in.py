"""People prove that it is they, in real browsers: an app's codes, a passkey, recovery codes, an invitation."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, expect

from studio.operations.processes import Processes
from studio.operations.sample import PASSWORD
from tests.e2e.conftest import ROOT, SETTING_UP, await_answer
from tests.e2e.people import DESKTOP, PHONE, Person
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
STEP_S = 30


@pytest.fixture(scope="module")
def strict_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Pages alone, where a second step is required as in service; under the name that browsers give keys to."""
    folder = tmp_path_factory.mktemp("strict")
    environment = {
        "VAR_DIR": str(folder / "var"),
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "SECOND_STEP_REQUIRED": "true",
    }
    subprocess.run([sys.executable, "-c", SETTING_UP], cwd=ROOT, env={**os.environ, **environment}, check=True)
    port = free_port()
    with Processes(folder / "logs", environment) as processes:
        processes.start("web", "--port", str(port))
        await_answer(f"http://localhost:{port}/robots.txt")
        yield f"http://localhost:{port}"
        assert processes.died() == []


@pytest.fixture
def visitor(chromium: Browser, strict_office: str) -> Iterator[Callable[..., Person]]:
    """Seats a person there; at the end nobody's browser may have complained."""
    seated: list[Person] = []

    def seat(name: str, screen: dict[str, int]) -> Person:
        seated.append(Person(chromium, strict_office, name=name, screen=screen))
        return seated[-1]

    yield seat
    for somebody in seated:
        somebody.leave()
    assert [fault for somebody in seated for fault in somebody.faults] == []


def type_password(person: Person, name: str, password: str = PASSWORD) -> None:
    """Fill in the form of the sign-in page."""
    page = person.page
    page.goto("/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def code(secret: str, *, ahead: int = 0) -> str:
    """What an app shows, now or some steps later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // STEP_S + ahead))


def give_keys(person: Person, *, of_its_own: bool) -> None:
    """A virtual authenticator in the browser, which confirms by itself; `of_its_own` is one that can hold passkeys."""
    session = person.page.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal" if of_its_own else "usb",
        "hasResidentKey": of_its_own,
        "hasUserVerification": of_its_own,
        "isUserVerified": of_its_own,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize(("name", "screen"), [("reviewer", PHONE), ("auditor", DESKTOP)])
def test_an_app_and_paper(visitor: Callable[..., Person], name: str, screen: dict[str, int]) -> None:
    person = visitor(name, screen)
    page = person.page
    page.goto("/login/")
    person.photograph("sign-in")
    type_password(person, name)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    person.photograph("second-step-missing")
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    person.photograph("app")
    secret = page.locator(".secret-text").inner_text()
    page.get_by_label("code").fill("000000")
    page.get_by_role("button", name="It is set up").click()
    expect(page.get_by_text("This is not the code")).to_be_visible()
    page.get_by_label("code").fill(code(secret))
    page.get_by_role("button", name="It is set up").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    person.photograph("recovery-codes")
    paper = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have put them away").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    type_password(person, name)
    expect(page.get_by_role("heading", name="The second step")).to_be_visible()
    person.photograph("asks-for-the-code")
    page.get_by_label("Code").fill(code(secret, ahead=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    type_password(person, name)
    page.get_by_label("Code").fill(paper)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


@pytest.mark.parametrize(("name", "screen"), [("custodian", PHONE), ("administrator", DESKTOP)])
def test_a_passkey(visitor: Callable[..., Person], name: str, screen: dict[str, int]) -> None:
    person = visitor(name, screen)
    page = person.page
    give_keys(person, of_its_own=True)
    type_password(person, name)
    page.get_by_role("link", name="Add a key").click()
    person.photograph("add-key")
    page.get_by_label("What do you call it?").fill("My phone")
    page.get_by_label("Sign in with it alone").check()
    page.get_by_role("button", name="Ask for the key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/second-step/webauthn/")
    expect(page.get_by_text("My phone").first).to_be_visible()
    person.photograph("keys")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    type_password(person, name)
    page.get_by_role("button", name="Use a passkey or key instead").click()
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()


def test_somebody_is_invited(visitor: Callable[..., Person], strict_office: str) -> None:
    administrator, newcomer = visitor("operator", DESKTOP), visitor("newcomer", PHONE)
    give_keys(administrator, of_its_own=True)
    type_password(administrator, "operator")
    page = administrator.page
    page.get_by_role("link", name="Add a key").click()
    page.get_by_role("button", name="Ask for the key").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/account/")
    administrator.photograph("account")
    page.get_by_role("link", name="People").click()
    administrator.photograph("people")
    page.get_by_label("E-mail").fill("newcomer@aid.example")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Choose at least one role")).to_be_visible()
    page.get_by_label("Reviewer").check()
    page.get_by_role("button", name="Send the invitation").click()
    link = page.locator(".secret-text").inner_text()
    administrator.photograph("invited")

    theirs = newcomer.page
    theirs.goto(link.replace(re.match(r"https?://[^/]+", link)[0], strict_office))  # type: ignore[index]
    newcomer.photograph("invitation")
    theirs.get_by_label("Username").fill("newcomer")
    theirs.get_by_label("Password").fill("printing-house-nine")
    theirs.get_by_role("button", name="Make my account").click()
    type_password(newcomer, "newcomer", "printing-house-nine")
    expect(theirs.get_by_role("heading", name="Second step")).to_be_visible()

    page.reload()
    page.goto(page.url.partition("#")[0])
    page.get_by_role("link", name="newcomer").click()
    administrator.photograph("person")
    page.get_by_role("button", name="Close their account here").click()
    expect(page.get_by_text("No longer here")).to_be_visible()
    theirs.goto("/account/")
    expect(theirs.get_by_role("heading", name="Sign in")).to_be_visible()
