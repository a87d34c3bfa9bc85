"""An auditor's whole way in real browsers, from the register to a report; and strangers who check files."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.people import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
Seat = Callable[[str, dict[str, int]], Person]


@pytest.fixture
def seat(chromium: Browser, books: tuple[str, Path]) -> Iterator[Seat]:
    """Seats a person in front of the books; at the end nobody's browser may have complained."""
    seated: list[Person] = []

    def sit(name: str, screen: dict[str, int]) -> Person:
        seated.append(Person(chromium, books[0], name=name, screen=screen))
        return seated[-1]

    yield sit
    for somebody in seated:
        somebody.leave()
    assert [fault for somebody in seated for fault in somebody.faults] == []


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_auditor_at_the_books(seat: Seat, screen: dict[str, int], tmp_path: Path) -> None:
    auditor = seat("auditor", screen)
    auditor.sign_in()
    page = auditor.page
    page.get_by_role("link", name="Books").click()
    expect(page.get_by_role("heading", name="Register")).to_be_visible()
    # The control worker fills the register by itself.
    expect(awaited(auditor, "Withdrawal")).to_be_visible()
    auditor.photograph("register")
    find_the_release(auditor)
    read_the_dossier(auditor)
    check_the_books(auditor)
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="The key that signs now")).to_be_visible()
    expect(page.get_by_text(re.compile("36[0-9]")).first).to_be_visible()
    auditor.photograph("keys")
    page.get_by_role("link", name="Policy history").click()
    expect(page.get_by_role("heading", name="Every version")).to_be_visible()
    page.go_back()
    take_out(auditor, tmp_path)


def awaited(auditor: Person, words: str) -> Locator:
    """The words on the page, which is loaded again for a while until they are there."""
    for _ in range(30):
        if auditor.page.get_by_text(words, exact=True).count():
            break
        auditor.page.wait_for_timeout(500)
        auditor.page.reload()
    return auditor.page.get_by_text(words, exact=True).first


def find_the_release(auditor: Person) -> None:
    """Filter the register, keep the filter, come back by it."""
    page = auditor.page
    page.get_by_text("Filters").click()
    page.get_by_label("Kind").select_option("release")
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".ledger tbody tr")).to_have_count(2)
    page.get_by_label("Keep this filter as").fill("Releases")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("The filter is kept, for you alone.")).to_be_visible()
    auditor.photograph("filtered")
    page.get_by_role("link", name="Show everything").click()
    page.get_by_role("link", name="Releases").click()
    expect(page.locator(".ledger tbody tr")).to_have_count(2)
    page.get_by_label("Where the picture stands").select_option("RELEASED")
    page.get_by_role("button", name="Show these").click()
    expect(page.locator(".ledger tbody tr")).to_have_count(1)


def read_the_dossier(auditor: Person) -> None:
    """Open the picture's dossier, unfold a proof, look at who is who."""
    page = auditor.page
    page.get_by_role("link", name=re.compile("Dossier")).first.click()
    expect(page.get_by_text("Somebody who had no part in making it approved it.")).to_be_visible()
    page.get_by_text("For those who verify").last.click()
    expect(page.get_by_text("Leaf hash").last).to_be_visible()
    expect(page.get_by_text("reviewer", exact=True)).to_be_hidden()
    auditor.photograph("dossier")


def check_the_books(auditor: Person) -> None:
    """Have everything checked, and wait until the page says that it agrees."""
    page = auditor.page
    page.get_by_role("link", name="Integrity").click()
    ask = page.get_by_role("button", name="Check everything now")
    verified = page.get_by_role("heading", name=re.compile("Verified to entry"))
    expect(ask.or_(verified).first).to_be_visible(timeout=60_000)
    ask.click()
    expect(verified).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Everything agrees")).to_be_visible()
    auditor.photograph("integrity")


def take_out(auditor: Person, folder: Path) -> None:
    """A table, a document and a pack, each downloaded."""
    page = auditor.page
    page.get_by_role("link", name="Reports", exact=True).click()
    page.get_by_label("Ledger entries (JSON Lines)").check()
    page.get_by_label(re.compile("^Public")).check()
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_text("choose Partner or Full")).to_be_visible()
    auditor.photograph("report-refused")
    for form, begins in {
        "Table (CSV)": b"entry,",
        "Signed document (PDF)": b"%PDF",
        "Offline pack (ZIP)": b"PK",
    }.items():
        page.get_by_role("link", name="Reports", exact=True).first.click()
        page.get_by_label(form).check()
        page.get_by_role("button", name="Make the report").click()
        link = page.get_by_role("link", name=re.compile("Download it"))
        expect(link).to_be_visible(timeout=60_000)
        with page.expect_download() as download:
            link.click()
        file = folder / "report"
        download.value.save_as(file)
        data = file.read_bytes()
        assert data.startswith(begins), form
        if form.startswith("Table"):
            assert {"picture", "release", "withdrawal"} <= {
                row["kind"] for row in csv.DictReader(io.StringIO(data.decode()))
            }
        elif form.startswith("Offline"):
            assert "verify_pack.py" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    auditor.photograph("report")


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_strangers_check_files(seat: Seat, screen: dict[str, int], books: tuple[str, Path], tmp_path: Path) -> None:
    stranger = seat("stranger", screen)
    page = stranger.page
    page.goto("/check")
    expect(page.get_by_text("Sample Aid", exact=True)).to_be_visible()
    stranger.photograph("check")
    for name, file in offered(books[1], tmp_path).items():
        page.goto("/check")
        page.get_by_label("Drop a picture here, or choose one").set_input_files(file)
        page.get_by_role("button", name="Check it").click()
        expect(page.locator(".answer h2")).to_contain_text(HEADLINES[name])
        stranger.photograph(f"check-{name}")


HEADLINES = {
    "ours": "was released here, and not one bit",
    "withdrawn": "was released here and later withdrawn",
    "not-released": "it was never released",
    "recovered": "We recognise this picture",
    "altered": "was changed after it was signed",
    "nothing": "which proves nothing",
    "unreadable": "We cannot open this file",
}


def offered(var: Path, folder: Path) -> dict[str, Path]:
    """A file for each verdict that this organisation's own pictures can lead to, and two that are nobody's."""
    import sqlite3

    with sqlite3.connect(var / "studio.sqlite3") as database:
        rows = database.execute(
            "SELECT p.state, coalesce(r.sha256, p.sha256) FROM jobs_picture p"
            " LEFT JOIN review_release r ON r.picture_id = p.id"
        )
        digests = dict(rows.fetchall())
    stored = {state: (var / "blobs" / digest[:2] / digest).read_bytes() for state, digest in digests.items()}
    altered = bytearray(stored["RELEASED"])
    altered[altered.rfind(b"IDAT") + 40] ^= 1
    files = {
        "ours": stored["RELEASED"], "withdrawn": stored["WITHDRAWN"], "not-released": stored["RECORDED"],
        "altered": bytes(altered), "unreadable": b"%PDF-1.7 no picture",
    }  # fmt: skip
    found = {}
    for name, data in files.items():
        found[name] = folder / f"{name}.png"
        found[name].write_bytes(data)
    found["recovered"], found["nothing"] = folder / "again.jpg", folder / "plain.png"
    with Image.open(io.BytesIO(stored["RELEASED"])) as image:
        image.convert("RGB").save(found["recovered"], quality=80)
    Image.linear_gradient("L").save(found["nothing"])
    return found
