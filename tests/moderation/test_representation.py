"""The representation report on sets whose answer is known: drawn patterns and made-up vectors, no people."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from moderation.cli import main
from moderation.errors import InputError
from moderation.features import WIDTH, Vectors
from moderation.representation.figures import plots_of
from moderation.representation.measures import between, closeness, floor, gap, gap_floor, spread
from moderation.representation.naming import Named, Naming
from moderation.representation.report import FORMAT, Looked, is_measurable, report
from moderation.representation.sets import Picture, PictureSet, Rating, read_set


def group(centre: int, n: int, *, noise: float, seed: int) -> Vectors:
    """Unit vectors around one axis."""
    chance = np.random.default_rng(seed)
    vectors = chance.normal(0.0, noise, (n, WIDTH)) / np.sqrt(WIDTH)
    vectors[:, centre] += 1.0
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def chance() -> np.random.Generator:
    return np.random.default_rng(5)


def test_spread_grows_with_the_noise_and_its_interval_holds_it() -> None:
    close, wide = (spread(group(0, 40, noise=noise, seed=1), chance=chance()) for noise in (0.2, 1.0))
    assert close.value < wide.value
    for measured in (close, wide):
        assert measured.low <= measured.value <= measured.high
        assert measured.n == 40


def test_the_group_that_is_meant_is_the_nearest() -> None:
    unmarked = group(0, 40, noise=0.5, seed=1)
    found = closeness(
        unmarked,
        {"same": group(0, 40, noise=0.5, seed=2), "other": group(7, 40, noise=0.5, seed=3)},
        chance=chance(),
    )
    assert [each.marker for each in found] == ["same", "other"]
    assert found[0].nearest == 1.0
    assert found[0].distance.value < 3 * floor(unmarked, chance=chance())
    assert found[1].distance.low > floor(unmarked, chance=chance())


def test_no_default_is_said_to_be_one() -> None:
    markers = {name: group(0, 40, noise=0.5, seed=seed) for name, seed in (("a", 2), ("b", 3))}
    nearest = closeness(group(0, 40, noise=0.5, seed=1), markers, chance=chance())[0].nearest
    assert nearest < 0.99


def test_a_gap_between_languages_stands_out_of_its_floor_and_none_does_not() -> None:
    alike = [(group(0, 30, noise=0.5, seed=1), group(0, 30, noise=0.5, seed=2))]
    apart = [(group(0, 30, noise=0.5, seed=1), group(3, 30, noise=0.5, seed=2))]
    assert gap(apart, chance=chance()).value > gap_floor(apart, chance=chance())
    assert gap(alike, chance=chance()).value < 2 * gap_floor(alike, chance=chance())


def a_set(n: int = 32, ratings: tuple[Rating, ...] = ()) -> tuple[PictureSet, Looked]:
    pictures, vectors = [], []
    for at, (marker, centre) in enumerate((("unmarked", 0), ("woman", 1), ("man", 0))):
        for number in range(n):
            language = "en" if number % 2 else "fr"
            pictures.append(Picture(Path(f"{marker}-{number}.png"), "farmer", marker, language))
        vectors.append(group(centre, n, noise=0.5, seed=at))
    given = PictureSet({"model": "a drawing"}, "unmarked", tuple(pictures), ratings)
    return given, Looked(np.concatenate(vectors), tuple(number % 2 for number in range(3 * n)))


def test_the_report_says_which_group_an_open_prompt_means() -> None:
    given, looked = a_set()
    found = report(given, looked, seed=1)
    assert found["format"] == FORMAT
    (role,) = found["roles"]
    assert [each["marker"] for each in role["unmarked_to"]] == ["man", "woman"]
    assert role["unmarked_to"][0]["n"] == 64
    assert found["languages"][0]["languages"] == ["en", "fr"]
    assert found["faces"]["by_marker"]["man"]["without"]["share"] == 0.5
    assert any("inferred" in line for line in found["not_measured"])
    assert found == report(given, looked, seed=1)
    json.dumps(found, allow_nan=False)


def test_no_group_under_thirty_is_spoken_of() -> None:
    given, looked = a_set()
    few = [row for row, picture in enumerate(given.pictures) if picture.marker != "man" or row % 2]
    fewer = PictureSet(given.scope, given.unmarked, tuple(given.pictures[row] for row in few), ())
    assert looked.faces is not None
    found = report(fewer, Looked(looked.vectors[few], tuple(looked.faces[row] for row in few)), seed=1)
    assert found["too_few"] == [{"role": "farmer", "marker": "man", "n": 16}]
    assert [each["marker"] for each in found["roles"][0]["unmarked_to"]] == ["woman"]
    assert "man" not in found["faces"]["by_marker"]
    small, seen = a_set(12)
    assert not is_measurable(small)
    counted = report(small, seen, seed=1)
    assert all(not role["spread"] and not role["unmarked_to"] for role in counted["roles"])
    assert counted["shares"]["marker"][0]["n"] == 36
    with pytest.raises(InputError, match="none"):
        report(PictureSet({}, "unmarked", (), ()), seen, seed=1)


def test_pictures_of_one_request_are_one_prompt() -> None:
    pictures = tuple(
        Picture(Path(f"{at}.png"), "farmer", marker, "en", request)
        for at, (marker, request) in enumerate([("woman", "a"), ("woman", "a"), ("woman", "a"), ("unmarked", "b")])
    )
    found = report(PictureSet({}, "unmarked", pictures, ()), Looked(group(0, 4, noise=0.5, seed=1), None), seed=1)
    assert found["shares"]["of"] == "prompts"
    assert [(row["name"], row["count"], row["n"]) for row in found["shares"]["marker"]] == [
        ("unmarked", 1, 2),
        ("woman", 1, 2),
    ]
    drawn = plots_of(found, "unmarked")["markers-named"]
    assert "50 %" in drawn
    assert "nobody named" in drawn
    assert "style=" not in drawn


@pytest.mark.parametrize(
    ("prompt", "language", "role", "marker"),
    [
        ("woman farmer, green background", "en", "farmer", "woman"),
        ("deux médecins", "fr", "health worker", "unmarked"),
        ("女医生在医院", "zh", "health worker", "woman"),
        ("um médico de pele escura", "pt", "health worker", "dark skin"),
        ("eine Lehrerin im Rollstuhl", "de", "teacher", "person with a disability and woman"),
        ("طبيبة في مستشفى", "ar", "health worker", "woman"),
        ("a crowd at a station", "en", "somebody", "unmarked"),
        ("a doctor, a teacher and a farmer", "en", "several", "unmarked"),
        ("an old woman, a girl and a man in a wheelchair", "en", "somebody", "several"),
    ],
)
def test_a_prompt_is_read_for_whom_it_names(prompt: str, language: str, role: str, marker: str) -> None:
    assert Naming.load().read(prompt, language=language) == Named(role, marker)


@pytest.mark.parametrize(
    ("prompt", "language"),
    [("a red teapot", "en"), ("música en la plaza", "es"), ("un mapa del país", "es"), ("старая собака", "ru")],
)
def test_a_prompt_that_names_nobody_gives_nothing(prompt: str, language: str) -> None:
    assert Naming.load().read(prompt, language=language) is None


def test_two_raters_and_where_they_disagree() -> None:
    ratings = tuple(
        Rating(f"{at}.png", rater, "only receiving help", yes)
        for rater, answers in (("first", (True, True, False)), ("second", (True, False, False)))
        for at, yes in enumerate(answers)
    )
    given, looked = a_set(ratings=ratings)
    (item,) = report(given, looked, seed=1)["checklist"]
    assert item["raters"]["first"]["count"] == 2
    assert (item["disagreement"]["count"], item["disagreement"]["n"]) == (1, 3)


def test_the_command_writes_a_page_a_file_and_plots(tmp_path: Path) -> None:
    chance = np.random.default_rng(4)
    for marker, colour in (("unmarked", 60), ("woman", 200), ("man", 70)):
        for number in range(30):
            pixels = np.full((48, 48, 3), colour, np.uint8)
            pixels[10:30, 10 : 20 + int(chance.integers(0, 15))] = chance.integers(0, 255, 3)
            Image.fromarray(pixels).save(tmp_path / f"farmer.{marker}.en-{number}.png")
    parts = tmp_path / "parts.json"
    parts.write_text(json.dumps({"scope": {"model": "<b>drawn</b>"}, "names": "role.marker.language"}))
    assert main(["represent", str(tmp_path), "--parts", str(parts), "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert found["scope"]["pictures"] == 90
    page = (tmp_path / "out" / "report.html").read_text()
    assert "&lt;b&gt;drawn" in page
    assert "<script" not in page
    assert "Not measured" in page
    assert (tmp_path / "out" / "farmer-default.svg").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ("[", "parts"),
        ("[]", "parts"),
        ("{}", "parts.pictures"),
        ('{"pictures": [{"file": "a.png"}]}', r"parts\.pictures\[0\]"),
        ('{"pictures": [{"file": "../a.png", "role": "r", "marker": "m", "language": "en"}]}', "file"),
        ('{"names": "marker.role"}', "parts.names"),
        ('{"names": "role.marker.language"}', "no picture"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_by_name(tmp_path: Path, value: str, field: str) -> None:
    parts = tmp_path / "parts.json"
    parts.write_text(value)
    with pytest.raises(InputError, match=field):
        read_set(tmp_path, parts)


def test_between_is_zero_for_one_group_and_one_for_strangers() -> None:
    assert between(group(0, 30, noise=0.0, seed=1), group(0, 30, noise=0.0, seed=2)) == pytest.approx(0.0, abs=1e-6)
    assert between(group(0, 30, noise=0.0, seed=1), group(1, 30, noise=0.0, seed=2)) == pytest.approx(1.0, abs=1e-6)
