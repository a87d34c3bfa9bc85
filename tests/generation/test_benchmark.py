"""The bench measures what it says: both sides run, turn by turn, and the least of the rounds counts."""

from collections.abc import Callable

import pytest

from generation import ModelEntry
from generation.benchmark import BATCH, Timing, _timed, against_bare
from generation.speed import shares, waits
from tests.generation.conftest import spec


def test_the_engine_is_timed_beside_the_bare_call(entry_of: Callable[[str], ModelEntry]) -> None:
    one, batch = against_bare(entry_of("prx-pixel"), spec(), threads=1, rounds=1)
    assert (one.case, batch.case) == ("one picture", f"{BATCH} pictures of one prompt")
    assert one.bare_s > 0
    assert batch.ours_s > one.ours_s
    assert one.ratio == one.ours_s / one.bare_s


def test_a_waiting_person_is_timed_and_the_parts_are_no_more_than_the_whole(
    entry_of: Callable[[str], ModelEntry],
) -> None:
    seen = waits(entry_of("prx-pixel"), spec(), threads=1, pictures=2)
    assert len(seen.preview_s) == len(seen.picture_s) == 2
    assert all(0 < preview < picture for preview, picture in zip(seen.preview_s, seen.picture_s, strict=True))
    assert seen.cold_preview_s > max(seen.preview_s)
    facts = seen.to_json()
    assert facts["slowest_picture_s"] >= facts["picture_s"] > facts["first_preview_s"]
    parts = shares(entry_of("prx-pixel"), spec(), rounds=1)
    assert parts.second_stage == pytest.approx(0, abs=0.05)
    assert parts.previews > 0 < parts.strip
    assert parts.previews + parts.strip < 1


def test_the_first_turn_warms_up_and_the_least_of_the_others_counts() -> None:
    times = iter([0, 100, 0, 100, 0, 4, 0, 8, 0, 3, 0, 9])
    order: list[str] = []
    timing = _timed("x", lambda: order.append("bare"), lambda: order.append("ours"), 2, clock=lambda: next(times))
    assert order == ["bare", "ours"] * 3
    assert timing == Timing(case="x", bare_s=3, ours_s=8)
