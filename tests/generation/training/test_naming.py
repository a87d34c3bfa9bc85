"""What a reader named belongs to the contact sheet that ships, and enough of it is named."""

from pathlib import Path

import pytest
from PIL import Image

from tests.generation.training import naming


def test_a_reader_names_most_of_the_contact_sheet() -> None:
    answers = naming.read_answers()
    assert len(answers) == naming.PICTURES
    assert sum(answer.named for answer in answers) >= 0.6 * naming.PICTURES
    assert all(answer.said for answer in answers)


def test_answers_to_another_contact_sheet_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "sheet.png"
    Image.new("RGB", (1024, 1024)).save(other)
    monkeypatch.setattr(naming, "SHEET", other)
    with pytest.raises(ValueError, match="another contact sheet"):
        naming.read_answers()


def test_the_pages_show_every_picture_of_the_sheet(tmp_path: Path) -> None:
    naming.cut(tmp_path)
    pages = sorted(tmp_path.iterdir())
    assert [page.name for page in pages] == ["page-1.png", "page-2.png", "page-3.png", "page-4.png"]
    with Image.open(pages[3]) as page, Image.open(naming.SHEET) as sheet:
        last = page.crop((922, 922, 1178, 1178)).resize((128, 128))
        crab = sheet.crop((896, 896, 1024, 1024))
        assert max(high for _, high in last.getextrema()) > 200
        assert sum(abs(a - b) for a, b in zip(last.tobytes(), crab.tobytes(), strict=True)) < 8 * len(crab.tobytes())
