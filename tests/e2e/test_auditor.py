"""An auditor's whole way in real browsers, at a desk and on a phone, over one installation with pictures on record.

A filter that is kept, a dossier that prints, the books checked, policies and keys read, what a model made, and reports
in every form, written by real workers, downloaded, and opened by programs that are not ours.
"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pyhanko.pdf_utils.reader import PdfFileReader

from tests.e2e.people import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PATIENCE_MS = 90_000


@pytest.mark.parametrize(
    "screen", [pytest.param(DESKTOP, id="desktop"), pytest.param(PHONE, id="phone", marks=pytest.mark.long)]
)
def test_an_auditors_way(seat: Callable[[str, dict[str, int]], Person], screen: dict[str, int], tmp_path: Path) -> None:
    auditor = seat("auditor", screen)
    auditor.sign_in()
    auditor.page.get_by_role("link", name="Books").click()
    keep_a_filter(auditor, f"Out, seen at {screen['width']}")
    read_a_dossier(auditor)
    follow_the_model(auditor)
    check_the_books(auditor)
    read_policies_and_keys(auditor)
    # The forms' files are the same at any width; how one is asked for and waited for is not.
    for form in FORMS if screen is DESKTOP else list(FORMS)[:1]:
        FORMS[form](take_a_report(auditor, form, tmp_path))


def keep_a_filter(auditor: Person, name: str) -> None:
    """Narrow the register down, keep that under a name, and find it again by one click."""
    page = auditor.page
    expect(page.get_by_role("heading", name="Register")).to_be_visible()
    await_entries(auditor)
    auditor.photograph("register")
    page.locator(".filters > summary").click()
    page.get_by_label("Where the picture stands").select_option(label="Released")
    page.get_by_role("button", name="Show these").click()
    page.get_by_label("Keep this filter as").fill(name)
    auditor.photograph("filters")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("link", name="Register").click()
    page.get_by_role("list", name="Your filters").get_by_role("link", name=name).click()
    expect(page.locator('.saved [aria-current="true"]').filter(has_text=name)).to_be_visible()
    auditor.photograph("kept-filter")


def await_entries(auditor: Person) -> None:
    """The register follows the ledger within seconds, so somebody who comes at once looks again."""
    page = auditor.page
    withdrawal = page.get_by_role("row", name="Withdrawal")
    for _ in range(30):
        if withdrawal.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(withdrawal).to_have_count(1)


def read_a_dossier(auditor: Person) -> None:
    """One page has the picture's whole life; it prints without what is only for the screen."""
    page = auditor.page
    page.locator(".ledger-picture").first.click()
    expect(page.get_by_role("heading", name="AI-generated picture for Rainy season")).to_be_visible()
    expect(page.locator("#happened ~ .story > li")).not_to_have_count(0)
    page.locator(".proof > summary").first.click()
    auditor.photograph("dossier")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Books")).to_be_hidden()
    expect(page.get_by_text("Leaf hash").last).to_be_visible()
    auditor.photograph("dossier-on-paper")
    page.emulate_media(media="screen")


def follow_the_model(auditor: Person) -> None:
    """From the picture to everything else that its model made."""
    page = auditor.page
    page.get_by_role("link", name="What else it made").click()
    expect(page.get_by_role("heading", name="What Starter illustrator was used for")).to_be_visible()
    expect(page.get_by_role("row", name="Rainy season")).to_contain_text("3")
    auditor.photograph("model-uses")
    page.get_by_role("link", name="All its entries").click()
    expect(page.locator(".filters > summary")).to_contain_text("Model")


def check_the_books(auditor: Person) -> None:
    """A check that a worker makes while the page tells how far it is."""
    page = auditor.page
    page.get_by_role("link", name="Integrity").click()
    page.get_by_role("button", name="Check everything now").click()
    expect(page.get_by_role("button", name="Check everything now")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Everything agrees")).to_be_visible()
    expect(page.get_by_text("3 pictures were looked at")).to_be_visible()
    auditor.photograph("integrity")


def read_policies_and_keys(auditor: Person) -> None:
    """What was in force when, and which key signed what until when."""
    page = auditor.page
    page.get_by_role("link", name="Policy history").click()
    expect(page.get_by_role("heading", name="Every version")).to_be_visible()
    auditor.photograph("policy-history")
    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(page.get_by_role("heading", name="Version 1: humanitarian")).to_be_visible()
    auditor.photograph("policy")
    page.go_back()
    page.get_by_role("link", name="Books").first.click()
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("heading", name="The key that signs now")).to_be_visible()
    expect(page.get_by_text("Signed with it").first).to_be_visible()
    auditor.photograph("keys")


def take_a_report(auditor: Person, form: str, folder: Path) -> Path:
    """Ask for it, wait with the page, take the file."""
    page = auditor.page
    page.get_by_role("link", name="Register").click()
    page.get_by_role("link", name="Make a report").click()
    page.get_by_label(form).check()
    page.get_by_label("Partner: everything selected").check()
    if not any(folder.iterdir()):
        auditor.photograph("new-report")
    page.get_by_role("button", name="Make the report").click()
    take = page.get_by_role("link", name="Download it")
    expect(take).to_be_visible(timeout=PATIENCE_MS)
    auditor.photograph(f"report-{form.split()[-1].strip('()').lower()}")
    with page.expect_download() as download:
        take.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def open_table(file: Path) -> None:
    """A row for every entry, people by their role alone."""
    found = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert [row["kind"] for row in found].count("picture") == 3
    assert "creator_name" not in found[0]


def open_lines(file: Path) -> None:
    """Entries whole and in their order."""
    found = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert [one["sequence"] for one in found] == list(range(len(found)))
    assert sum(one["entry"]["kind"] == "withdrawal" for one in found) == 1


def open_document(file: Path) -> None:
    """A document with pages and one signature over all of it."""
    document = PdfFileReader(io.BytesIO(file.read_bytes()))
    (signature,) = document.embedded_signatures
    signature.compute_integrity_info()
    assert signature.evaluate_signature_coverage().name == "ENTIRE_FILE"
    assert document.root["/Pages"]["/Count"] > 1


def open_pack(file: Path) -> None:
    """The script in the pack, run by itself, finds every file as its entry says."""
    with zipfile.ZipFile(file) as archive:
        archive.extract("verify_pack.py", file.parent)
        assert sum(name.startswith("pictures/") for name in archive.namelist()) == 5
    command = [sys.executable, "-I", str(file.with_name("verify_pack.py")), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


FORMS: dict[str, Callable[[Path], None]] = {
    "Table (CSV)": open_table,
    "Ledger entries (JSON Lines)": open_lines,
    "Signed document (PDF)": open_document,
    "Offline pack (ZIP)": open_pack,
}
