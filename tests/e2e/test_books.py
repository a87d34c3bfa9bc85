"""Strangers who check files of every kind, in real browsers."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.people import DESKTOP, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
Seat = Callable[[str, dict[str, int]], Person]


@pytest.mark.parametrize(
    "screen", [pytest.param(DESKTOP, id="desktop", marks=pytest.mark.long), pytest.param(PHONE, id="phone")]
)
def test_strangers_check_files(seat: Seat, screen: dict[str, int], books: tuple[str, Path], tmp_path: Path) -> None:
    stranger = seat("stranger", screen)
    page = stranger.page
    page.goto("/check")
    expect(page.get_by_text("Sample Aid", exact=True)).to_be_visible()
    stranger.photograph("check")
    for name, file in offered(books[1], tmp_path).items():
        page.goto("/check")
        page.get_by_label("Drop pictures here, or choose some").set_input_files(file)
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
