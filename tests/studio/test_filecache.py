"""The cache of files that several processes count in."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from studio.filecache import SharedFiles


def test_nothing_is_counted_twice_or_lost(tmp_path: Path) -> None:
    def count(_: int) -> bool:
        cache = SharedFiles(str(tmp_path), {})
        first = cache.add("tries", 0, 60)
        for _ in range(50):
            cache.incr("tries")
        return first

    with ThreadPoolExecutor(8) as threads:
        firsts = list(threads.map(count, range(8)))
    assert firsts.count(True) == 1
    assert SharedFiles(str(tmp_path), {}).get("tries") == 400


def test_entries_go_when_they_are_over_and_not_for_want_of_room(tmp_path: Path) -> None:
    cache = SharedFiles(str(tmp_path), {"MAX_ENTRIES": 3})
    for number in range(20):
        cache.set(f"kept{number}", number, 60)
    assert all(cache.get(f"kept{number}") == number for number in range(20))
    cache.set("over", 1, 0.01)
    time.sleep(0.02)
    (tmp_path / "swept").unlink()
    cache.set("next", 1, 60)
    assert len(list(tmp_path.glob("*.djcache"))) == 21


def test_counting_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not found"):
        SharedFiles(str(tmp_path), {}).incr("nothing")
