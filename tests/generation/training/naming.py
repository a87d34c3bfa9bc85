"""The naming test: can somebody who sees only the starter model's pictures say what they show?

`python -m tests.generation.training.naming sheets FOLDER` cuts the contact sheet into four pages of sixteen pictures
without a word on them, for a reader who has seen nothing else. What the reader said, and which answers name what was
asked for, is kept in `naming.json`, by hand; `… naming write docs/starter.md` puts it into the document. A first
answer alone counts, a second never.

Invariant: the answers belong to the very contact sheet whose SHA-256 they carry; for another one they are refused.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from generation.training.sheet import COLUMNS
from provenance.benchmark.tables import write_between_marks

SHEET = Path(__file__).parents[3] / "generation" / "starter" / "contact-sheet.png"
ANSWERS = Path(__file__).with_name("naming.json")
EXAMPLE = "example: python -m tests.generation.training.naming sheets var/naming"
PICTURES = 64
ON_A_PAGE = 16
SIDE, ROOM = 256, 44


@dataclass(frozen=True, slots=True)
class Answer:
    """What a picture was asked to show, what the reader said first, and whether that names it."""

    asked: str
    said: str
    named: bool


def read_answers() -> list[Answer]:
    """Read the answers kept; raises ValueError when the contact sheet is another one."""
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    if kept["sheet_sha256"] != hashlib.sha256(SHEET.read_bytes()).hexdigest():
        raise ValueError(f"{ANSWERS.name} belongs to another contact sheet: ask a reader again, with `sheets`")
    return [Answer(**answer) for answer in kept["answers"]]


def cut(folder: Path) -> None:
    """Write the pages: pictures enlarged and apart, in the order of the contact sheet, row by row."""
    folder.mkdir(parents=True, exist_ok=True)
    with Image.open(SHEET) as sheet:
        size = sheet.width // COLUMNS
        for page in range(PICTURES // ON_A_PAGE):
            paper = Image.new("RGB", (4 * (SIDE + ROOM),) * 2, "grey")
            for place in range(ON_A_PAGE):
                row, column = divmod(page * ON_A_PAGE + place, COLUMNS)
                box = (column * size, row * size, (column + 1) * size, (row + 1) * size)
                picture = sheet.crop(box).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
                down, along = divmod(place, 4)
                paper.paste(picture, (along * (SIDE + ROOM) + ROOM // 2, down * (SIDE + ROOM) + ROOM // 2))
            paper.save(folder / f"page-{page + 1}.png")


def table(answers: list[Answer]) -> str:
    """The share, and all answers."""
    named = sum(answer.named for answer in answers)
    rows = (f"| {a.asked} | {a.said} | {'yes' if a.named else '**no**'} |" for a in answers)
    head = f"Named at the first answer: {named} of {len(answers)} ({named / len(answers):.0%})."
    return "\n".join([head, "", "| asked for | said | named |", "|---|---|---|", *rows])


def main() -> None:
    """Cut the pages, or write the table."""
    parser = argparse.ArgumentParser(
        description="Cut pages for a reader who names what they show, or write what one said.", epilog=EXAMPLE
    )
    parser.add_argument("what", choices=("sheets", "write"))
    parser.add_argument("where", type=Path, help="folder of the pages, or the document")
    options = parser.parse_args()
    if options.what == "sheets":
        cut(options.where)
    else:
        write_between_marks(options.where, table(read_answers()), mark="named")


if __name__ == "__main__":
    main()
