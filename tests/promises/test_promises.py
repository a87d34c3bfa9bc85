"""The table of promises keeps what it is not told anew, and names every promise there is."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.attacks import ATTACKS
from tests.production.engines import ROOT
from tests.promises.__main__ import PROMISES
from tests.promises.figure import Figure, Standing, hand_over, judged, taken_over
from tests.promises.killing import EACH, Round, caught_up, met
from tests.promises.mutants import MUTANTS
from tests.promises.place import Database
from tests.promises.table import ELSEWHERE, NOT_YET, Row, read, write

AT = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_row_keeps_its_other_figure(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("# Before\n<!-- promises: begin -->\n<!-- promises: end -->\nafter\n", encoding="utf-8")
    row = Row(3, "Nothing twice.", "0").measured(Database.SQLITE, judged("0 of 9", good=True), at=AT)
    write(document, {3: row})
    again = read(document)[3]
    assert again == row
    assert again.cells == ("0 of 9", NOT_YET)
    broken = again.measured(Database.POSTGRESQL, judged("1 of 9", good=False), at=AT)
    write(document, {3: broken})
    assert read(document)[3].cells == ("0 of 9", "**not met**: 1 of 9")
    assert document.read_text(encoding="utf-8").startswith("# Before") and "after" in document.read_text("utf-8")


def test_a_promise_about_one_database_has_a_dash_beside() -> None:
    row = Row(9, "Load.", "90").renamed("Load.", "90 a second", [Database.POSTGRESQL])
    assert (row.target, row.cells) == ("90 a second", (ELSEWHERE, NOT_YET))
    assert row.renamed("Load.", "90", list(Database)).cells == (NOT_YET, NOT_YET)


def test_figures_are_handed_over_whole(capsys: object) -> None:
    figures = [judged("all of it", good=True), judged("some of it", good=True, enough=False)]
    assert hand_over(*figures) == 0
    assert hand_over(Figure(Standing.BROKEN, "none of it")) == 1
    printed = capsys.readouterr().out  # type: ignore[attr-defined]
    assert taken_over(f"noise\n{printed}")[:2] == figures


def test_rounds_of_deaths_go_on_where_they_were_stopped(tmp_path: Path) -> None:
    kept, asked = tmp_path / "kept.jsonl", []
    every, late = list(ATTACKS), list(ATTACKS)[-1]

    def attack(points: Sequence[str]) -> Round:
        asked.append(points)
        return {"kills": dict.fromkeys(points, 1)}

    def keep(times: int, points: Sequence[str]) -> None:
        kept.write_text((json.dumps({"kills": dict.fromkeys(points, 1)}) + "\n") * times, encoding="utf-8")

    keep(EACH - 1, every)
    assert set(met(caught_up(kept, attack)).values()) == {EACH}
    assert asked == [every]
    asked.clear()
    keep(EACH, every[:-1])
    caught_up(kept, attack)
    assert asked == [[late]] * EACH
    assert len(kept.read_text(encoding="utf-8").splitlines()) == EACH * 2


def test_the_document_names_every_promise() -> None:
    rows = read(ROOT / "docs" / "reliability.md")
    assert [(one.number, one.words, one.target) for one in PROMISES] == [
        (row.number, row.promise, row.target) for _, row in sorted(rows.items())
    ]
    assert [one.number for one in PROMISES] == list(range(1, 23))


def test_every_mistake_can_still_be_made() -> None:
    for mutant in MUTANTS:
        for name, before, after in mutant.changes:
            assert before in (ROOT / name).read_text(encoding="utf-8"), f"{mutant.name}: {name} has changed"
            assert before != after
