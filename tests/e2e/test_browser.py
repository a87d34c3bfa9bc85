"""The whole way in real browsers: asked for, held, let through, made, approved on a phone, released, checked."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from studio.operations.demonstration import REQUESTS
from tests.e2e.people import DESKTOP, PHONE, Person, open_campaign

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PATIENCE_MS = 300_000
CAMPAIGN = "Respectful pictures"


def test_from_a_wish_to_a_checked_picture(person: Callable[..., Person], tmp_path: Path) -> None:
    creator, reviewer, stranger = person("creator", DESKTOP), person("reviewer", PHONE), person("stranger", PHONE)
    creator.sign_in()
    reviewer.sign_in()
    ask(creator, REQUESTS[1])
    expect(creator.page.get_by_text("A reviewer has to look at this")).to_be_visible(timeout=60_000)
    creator.photograph("held")
    let_request_through(reviewer)
    wait_for_picture(creator, reviewer, CAMPAIGN)
    making = creator.page.locator("#making")
    expect(making.get_by_role("img", name="The finished picture", exact=True)).to_have_count(3)
    expect(making.get_by_role("img", name=re.compile("What the model foresaw before step 1 of"))).to_be_visible()
    submit_for_review(creator)
    approve(reviewer)
    file = release(creator, tmp_path)
    check(stranger, file)


def test_starting_from_a_picture(person: Callable[..., Person], tmp_path: Path) -> None:
    creator, reviewer = person("creator", PHONE), person("reviewer", DESKTOP)
    creator.sign_in()
    reviewer.sign_in()
    page = creator.page
    open_campaign(creator, "From a sketch")
    page.get_by_role("link", name="Create pictures").click()
    page.get_by_label("What should the picture show?").fill(REQUESTS[2])
    page.get_by_label("Pictures", exact=True).fill("1")
    page.get_by_text("Start from a picture").first.click()
    sketch = tmp_path / "sketch.png"
    ramp = Image.linear_gradient("L").resize((160, 96))
    sky = (ramp, Image.new("L", ramp.size, 150), ramp.transpose(Image.Transpose.ROTATE_180))
    Image.merge("RGB", sky).save(sketch)
    page.get_by_label("Start from a picture").set_input_files(sketch)
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("#id_rights_error")).to_be_visible()
    creator.photograph("picture-without-rights")
    page.get_by_label("by what right is it used?").fill("Drawn by our own studio.")
    page.get_by_label("Start from a picture").set_input_files(sketch)
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("60 % is painted over")).to_be_visible()
    wait_for_picture(creator, reviewer, "From a sketch")
    expect(page.get_by_text("no moments of it were kept")).to_be_visible()
    page.get_by_role("link", name="Moderation").click()
    expect(page.get_by_role("heading", name="The picture to start from")).to_be_visible()
    creator.photograph("from-a-picture")


def test_a_model_is_asked_to_be_taught(person: Callable[..., Person], tmp_path: Path) -> None:
    custodian = person("custodian", PHONE)
    custodian.sign_in()
    page = custodian.page
    page.get_by_role("link", name="Models").click()
    page.get_by_role("link", name="Starter illustrator", exact=True).click()
    expect(page.get_by_text("emojibase-data").first).to_be_visible()
    custodian.photograph("model")
    page.get_by_role("link", name="Teach it something").click()
    page.get_by_label("A name for the concept").fill("solar-cooker")
    page.get_by_label("English").fill("solar cooker")
    drawing = tmp_path / "cooker.png"
    Image.linear_gradient("L").save(drawing)
    page.get_by_label("Pictures that show it").set_input_files([drawing])
    page.get_by_role("button", name="Teach it").click()
    expect(page.get_by_text("The consent is missing for cooker.png.")).to_be_visible()
    expect(page.get_by_label("English")).to_have_value("solar cooker")
    custodian.photograph("papers-missing")
    for label, answer in (("Licence", "our own work"), ("Source", "our studio"), ("Consent", "no person is shown")):
        page.get_by_label(label, exact=True).fill(answer)
    page.get_by_label("Pictures that show it").set_input_files([drawing])
    page.get_by_role("button", name="Teach it").click()
    expect(page.get_by_text("It is next.")).to_be_visible()
    custodian.photograph("lesson")
    # No train worker is at work here: what it does is shown without a browser (test_train_worker.py).
    page.get_by_role("button", name="Cancel the lesson").click()
    expect(page.locator(".stamp-large")).to_have_text("Cancelled")


def ask(creator: Person, prompt: str) -> None:
    """Open a campaign and send a request."""
    page = creator.page
    open_campaign(creator, CAMPAIGN)
    page.get_by_role("link", name="Create pictures").click()
    page.get_by_label("What should the picture show?").fill(prompt)
    page.get_by_label("Pictures", exact=True).fill("0")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_label("What should the picture show?")).to_have_value(prompt)
    expect(page.locator("#id_count_error")).to_be_visible()
    creator.photograph("mistake")
    page.get_by_label("Pictures", exact=True).fill("1")
    page.get_by_role("button", name="Send the request").click()


def let_request_through(reviewer: Person) -> None:
    """Rule on the held request, after forgetting the reason once."""
    page = reviewer.page
    page.goto("/admin/")
    reviewer.photograph("desk")
    page.get_by_role("link", name=re.compile(CAMPAIGN)).click()
    page.get_by_label("Let it through").check()
    page.get_by_role("button", name="Put it on record").click()
    expect(page.locator("#id_reason_error")).to_be_visible()
    page.get_by_label("Let it through").check()
    page.get_by_label("Reason").fill("Shown beside the better choice, never alone.")
    reviewer.photograph("ruling")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your ruling is on record.")).to_be_visible()


def wait_for_picture(creator: Person, reviewer: Person, campaign: str) -> None:
    """The creator's page moves by itself until the picture is there; if a screen holds it back, the reviewer looks."""
    page = creator.page
    shown = page.locator(".gallery img")
    expect(shown.or_(page.get_by_text("Held back"))).to_be_visible(timeout=PATIENCE_MS)
    if page.get_by_text("Held back").is_visible():
        let_picture_through(reviewer, campaign)
        page.reload()
    expect(shown).to_be_visible(timeout=60_000)
    creator.photograph("done")
    shown.click()
    expect(page.get_by_text("Ready to submit").first).to_be_visible()


def let_picture_through(reviewer: Person, campaign: str) -> None:
    """Reveal a held-back picture, and let it through."""
    page = reviewer.page
    page.goto("/admin/desk/")
    page.get_by_role("link", name=re.compile(f"{campaign}.*picture")).click()
    page.get_by_role("button", name="Reveal it").click()
    expect(page.get_by_alt_text("The held-back picture", exact=True)).to_be_visible()
    page.get_by_label("Let it through").check()
    page.get_by_label("Reason").fill("Nothing in it.")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your ruling is on record.")).to_be_visible()


def submit_for_review(creator: Person) -> None:
    """Say what the picture is for, and answer the three questions."""
    page = creator.page
    page.get_by_label("What is it for?").fill("Page 12 of the manual")
    page.get_by_label("Describe it").fill("A drawing for the manual.")
    for question in ("somebody who really exists", "something that really happened"):
        page.get_by_role("group", name=re.compile(question)).get_by_label("No", exact=True).check()
    page.get_by_role("group", name=re.compile("dignity")).get_by_label("Yes").check()
    page.get_by_role("group", name=re.compile("at risk")).get_by_label("No", exact=True).check()
    creator.photograph("submission")
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("It is with the reviewers now.")).to_be_visible()


def approve(reviewer: Person) -> None:
    """Open the inbox, look, and approve by key."""
    page = reviewer.page
    page.goto("/admin/desk/")
    page.get_by_role("link", name="Open the inbox (1)").click()
    reviewer.photograph("inbox")
    page.get_by_role("link", name=re.compile("flagged and blurred")).click()
    expect(page.get_by_text("Page 12 of the manual").first).to_be_visible()
    page.get_by_role("button", name="Reveal it").click()
    expect(page.get_by_text("Page 12 of the manual").first).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("Request changes")).to_be_checked()
    page.get_by_role("textbox", name="Reason optional").blur()
    page.keyboard.press("a")
    expect(page.get_by_label("Approve")).to_be_checked()
    reviewer.photograph("decision")
    page.get_by_role("button", name="Put it on record").click()
    expect(page.get_by_text("Your decision is on record")).to_be_visible()


def release(creator: Person, folder: Path) -> Path:
    """Release the picture and download what is public now."""
    page = creator.page
    page.reload()
    creator.photograph("approved")
    page.get_by_role("button", name="Release it").click()
    expect(page.locator(".stamp-large", has_text="Released")).to_be_visible(timeout=60_000)
    creator.photograph("released")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the released file").first.click()
    file = folder / "released.png"
    download.value.save_as(file)
    return file


def check(stranger: Person, file: Path) -> None:
    """Somebody without an account asks about the file, about a changed copy, and about no picture at all."""
    page = stranger.page
    page.goto("/")
    stranger.photograph("welcome")
    changed, junk = file.with_name("changed.png"), file.with_name("junk.png")
    data = bytearray(file.read_bytes())
    data[data.rfind(b"IDAT") + 40] ^= 1
    changed.write_bytes(data)
    junk.write_bytes(b"no picture")
    for path, stamp in ((changed, "Altered"), (junk, "Not a picture we can open"), (file, "Genuine and unchanged")):
        page.goto("/check")
        page.locator("#file").set_input_files(path)
        page.get_by_role("button", name="Check it").click()
        expect(page.locator(".stamp-large")).to_have_text(stamp)
        stranger.photograph(f"check-{path.stem}")
    page.get_by_role("link", name="See its public record").click()
    expect(page.get_by_role("heading", name="AI-generated picture, released by Sample Aid")).to_be_visible()
    stranger.photograph("record")
