"""Packages and words: aliases and flips resolve, other versions are refused, nothing is downloaded here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from generation.training.concepts import FIELDS, LEFT_OUT, PEOPLE, people_slugs
from generation.training.drawings import SIDE, render
from generation.training.errors import DataError
from generation.training.sources import PACKAGES, IconSet, fetch, folder
from generation.training.words import slug

SQUARE = '<rect x="0" y="0" width="8" height="16" fill="#ff0000"/>'


@pytest.fixture
def icons() -> IconSet:
    aliases = {"mirrored": {"parent": "half", "hFlip": True}, "again": {"parent": "mirrored"}}
    return IconSet({"icons": {"half": {"body": SQUARE}}, "aliases": aliases, "width": 16, "height": 16})


def test_icons_are_found_by_name_and_alias(icons: IconSet) -> None:
    assert "half" in icons
    assert "again" in icons
    assert "other" not in icons
    with pytest.raises(DataError, match="no icon 'other'"):
        icons.svg("other")


def test_a_flipped_alias_is_drawn_flipped(icons: IconSet) -> None:
    plain, flipped = render(icons.svg("half"), SIDE), render(icons.svg("again"), SIDE)
    assert plain.shape == (SIDE, SIDE, 4)
    assert plain[:, : SIDE // 3, 0].min() > 250
    assert plain[:, -SIDE // 3 :, 3].max() == 0
    assert np.array_equal(flipped, plain[:, ::-1])


def test_rendering_is_reproducible(icons: IconSet) -> None:
    assert np.array_equal(render(icons.svg("half"), SIDE), render(icons.svg("half"), SIDE))


def test_a_cache_with_another_version_is_refused(tmp_path: Path) -> None:
    for package in PACKAGES:
        folder(tmp_path, package).mkdir(parents=True)
        (folder(tmp_path, package) / "package.json").write_text(json.dumps({"version": "0.0.1"}))
    with pytest.raises(DataError, match=r"0\.0\.1, not"):
        fetch(tmp_path)


def test_every_concept_stands_in_one_field_only() -> None:
    things = [name for text in FIELDS.values() for name in text.split()]
    people = [name for text in PEOPLE.values() for name in text.split()]
    assert len(set(things + people)) == len(things + people) >= 300
    assert set(FIELDS) == set(PEOPLE) == {"health", "agriculture", "education", "aid", "weather"}


def test_what_is_left_out_is_not_declared() -> None:
    declared = {name for text in [*FIELDS.values(), *PEOPLE.values()] for name in text.split()}
    assert not declared & {name for slugs in LEFT_OUT for name in slugs.split()}


def test_slugs_and_gender_variants_follow_the_packages() -> None:
    assert slug("rescue worker’s helmet") == "rescue-workers-helmet"
    assert people_slugs("farmer")["woman"] == "woman-farmer"
    assert people_slugs("person-walking")["man"] == "man-walking"
    assert people_slugs("child") == {"person": "child", "man": "boy", "woman": "girl"}
