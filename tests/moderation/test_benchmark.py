"""Both screens timed beside their goals, and the table written into a document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moderation import benchmark
from moderation.benchmark import Timing, table, timed
from moderation.cli import main
from moderation.probing import PROBES
from tests.moderation.conftest import AT


def timing(p95: float, goal: float | None) -> Timing:
    return Timing("a part", 3, 1.0, p95, 2.0, goal)


def test_a_goal_is_held_or_missed_at_the_95th_percentile() -> None:
    assert [timing(15.0, 15.0).held, timing(15.1, 15.0).held, timing(99.0, None).held] == [True, False, None]


def test_each_item_is_timed_three_times_after_one_that_is_not_counted() -> None:
    seen: list[int] = []
    taken = timed("appending", seen.append, [1, 2, 3])
    assert seen == [1, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert taken.n == 3
    assert 0.0 <= taken.wall_p50 <= taken.wall_p95


def test_the_table_gives_each_part_its_share_of_its_whole() -> None:
    whole, part = Timing("whole", 3, 9.0, 9.0, 8.0, 10.0), Timing("part", 3, 2.0, 2.0, 2.0)
    shown = table([(whole, part)], timing(5.0, None), AT)
    assert [row[5:] for row in shown.rows] == [("100%", "p95 at most 10", "yes"), ("25%", "", ""), ("", "", "")]
    assert len({line.count("|") for line in shown.markdown().splitlines()[2:]}) == 1
    assert "not installed" in table([(whole,)], None, AT).title


def test_the_command_writes_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (PROBES / "style.en.jsonl").read_text(encoding="utf-8").splitlines()[:3]
    (tmp_path / "few.en.jsonl").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setattr(benchmark, "PROBES", tmp_path)
    monkeypatch.setattr(benchmark, "_REFERENCES", 1)
    monkeypatch.setattr(benchmark, "PROMPT_GOAL", 0.0)
    file = tmp_path / "page.md"
    file.write_text("before\n<!-- timed: begin -->\nold\n<!-- timed: end -->\nafter\n", encoding="utf-8")
    assert main(["bench", "--sides", "64", "--rounds", "2", "--write", str(file), "--json"]) == 1, (
        "no prompt takes 0 ms"
    )
    said = json.loads(capsys.readouterr().out)
    assert [said["prompt"][0]["n"], said["picture 64"][0]["n"], said["prompt"][0]["held"]] == [3, 2, False]
    text = file.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- timed: begin -->\n\n**On one thread")
    assert text.endswith("<!-- timed: end -->\nafter\n")
    assert "| a picture of 64 x 64 | 2 |" in text
    assert "old" not in text


def test_a_document_without_marks_is_refused_before_anything_is_timed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page.md"
    file.write_text("no marks", encoding="utf-8")
    assert main(["bench", "--write", str(file)]) == 2
    assert "timed: begin" in capsys.readouterr().err
    assert main(["bench", "--write", str(tmp_path / "none.md")]) == 2
