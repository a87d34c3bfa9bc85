"""The tour in docs is the one that the command makes: a picture and a sentence for every stop, and it stays small."""

from tests.e2e.conftest import ROOT
from tests.e2e.tour.page import MOST_BYTES, written
from tests.e2e.tour.stops import TOUR

PICTURES = ROOT / "docs/tour"


def test_the_page_is_the_tours() -> None:
    assert PICTURES.with_suffix(".md").read_text(encoding="utf-8") == written("tour"), "run `make tour`"


def test_every_stop_has_its_picture_and_none_is_left_over() -> None:
    names = [stop.name for stops in TOUR.values() for stop in stops]
    assert sorted(names) == sorted(file.stem for file in PICTURES.iterdir())
    assert sum(file.stat().st_size for file in PICTURES.iterdir()) < MOST_BYTES


def test_everybody_is_seen_at_a_desk_and_on_a_phone_in_light_and_dark_and_from_right_to_left() -> None:
    for people, stops in TOUR.items():
        assert {stop.screen[0] for stop in stops} == {1280, 390}, people
        assert {stop.scheme for stop in stops} == {"light", "dark"}, people
    assert {stop.language for stops in TOUR.values() for stop in stops} == {"en", "ar"}
