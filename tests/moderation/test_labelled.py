"""Files of labelled prompts as other people write them: read whole, or refused with the line that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moderation.categories import OTHER_NAMES, Category, category_called
from moderation.cli import main
from moderation.errors import TrainingError
from moderation.labelled import NO_CATEGORY, Row, read_labelled
from moderation.prompts import PromptScreen

GOOD = json.dumps({"text": "a green tree", "label": "safe"})


def read(folder: Path, content: bytes | str) -> tuple[Row, ...]:
    file = folder / "rows.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_labelled(file, language="en").rows


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"{GOOD}\n",
        f"\ufeff{GOOD}\r\n",
        f"\r\n\n  {GOOD}  \r\n\n\n",
        GOOD.replace("safe", " Safe "),
        GOOD.replace("}", ', "category": null, "language": null, "votes": [1, 2]}'),
    ],
)
def test_how_a_file_is_written_does_not_matter(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == (Row("a green tree", False, NO_CATEGORY, "en"),)


def test_lines_end_at_line_feeds_alone(tmp_path: Path) -> None:
    """U+2028 may stand bare in a JSON string, and is an end of a line to Python."""
    assert read(tmp_path, '{"text": "a\u2028tree\u0085", "label": "safe"}')[0].text == "a\u2028tree\u0085"


def test_the_language_of_a_row_is_its_first_subtag(tmp_path: Path) -> None:
    lines = [GOOD.replace("}", f', "language": "{code}"}}') for code in ("pt-BR", "ZH_hans", "")]
    assert [row.language for row in read(tmp_path, "\n".join(lines))] == ["pt", "zh", "en"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2 is no JSON"),
        ('["a tree", "safe"]', "line 2 is no JSON object"),
        ('{"text": "a tree"}', "line 2 has the label None"),
        ('{"text": "a tree", "label": true}', "line 2 has the label True"),
        ('{"label": "safe"}', "line 2: text: must be text"),
        ('{"text": 7, "label": "safe"}', "line 2: text: must be text"),
        ('{"text": "  ", "label": "unsafe"}', "line 2: text: is empty"),
        (json.dumps({"text": "x" * 10_001, "label": "safe"}), "line 2: text: has 10001 characters"),
        ('{"text": "\\ud800", "label": "safe"}', "line 2: text: "),
        ("[" * 100_000, "line 2 is no JSON"),
    ],
)
def test_what_is_no_row_is_refused_with_its_line(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        read(tmp_path, f"{GOOD}\n{line}\n{GOOD}")


def test_another_encoding_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"line 2 is no UTF-8"):
        read(tmp_path, GOOD.encode() + b"\n" + GOOD.replace("tree", "café").replace("\\u00e9", "é").encode("latin-1"))


def test_other_labels_are_counted_and_a_file_of_them_alone_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    other = '{"text": "a tree", "label": "contested"}'
    file.write_text(f"{GOOD}\n{other}\n{other}")
    assert dict(read_labelled(file, language="en").left_out) == {"contested": 2}
    with pytest.raises(TrainingError, match="its labels are contested"):
        read(tmp_path, other)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("S12", "sexual_explicit"),
        ("S12: Sexual Content", "sexual_explicit"),
        ("sexual/minors", "sexual_minors"),
        ("SelfHarm", "self_harm"),
        (["violence/graphic", "Hate", "violence"], "violence_graphic+hate_extremism"),
        (["bias", None, "  "], "bias"),
        ("S99", "S99"),
        ([], NO_CATEGORY),
        (3, "3"),
    ],
)
def test_categories_of_other_systems_are_read_as_ours(tmp_path: Path, given: object, name: str) -> None:
    (row,) = read(tmp_path, json.dumps({"text": "a tree", "label": "unsafe_implicit", "category": given}))
    assert (row.category, row.unsafe) == (name, True)


def test_every_published_name_is_known() -> None:
    for category, others in OTHER_NAMES.items():
        for name in filter(None, (others.llama_guard, others.openai)):
            assert category_called(name) is category
        if others.azure and category is not Category.SEXUAL_MINORS:
            assert category_called(others.azure) is category


def test_thousands_of_rows_are_told_of_while_they_are_screened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, prompt_screen: PromptScreen
) -> None:
    monkeypatch.setattr(PromptScreen, "load", lambda **options: prompt_screen)
    file = tmp_path / "rows.jsonl"
    lines = [json.dumps({"text": f"{n} green trees", "label": "safe", "category": "S10"}) for n in range(1001)]
    file.write_text("\ufeff" + "\r\n".join([*lines, json.dumps({"text": "a naked man", "label": "unsafe"})]))
    assert main(["evaluate", str(file), "--json"]) == 0
    said = capsys.readouterr()
    assert said.err.splitlines() == ["500 of 1002 screened", "1000 of 1002 screened"]
    groups = json.loads(said.out)["groups"]["category"]
    assert {(group["name"], group["label"], group["stopped"]["n"]) for group in groups} == {
        ("hate_extremism", "safe", 1001),
        (NO_CATEGORY, "unsafe", 1),
    }
