"""What screens, as declared: digests are those that loading checks, and a file's secrets stay in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from moderation.errors import PolicyError
from moderation.heads import CATEGORIES, HEADS_FILE, LANGUAGES
from moderation.inventory import added, bundled
from moderation.nudity import NSFWJS_FILE
from moderation.rules import RuleBook


def test_what_is_bundled_is_listed_with_the_digests_of_its_files() -> None:
    listed = {one.id: one for one in bundled()}
    assert listed["heads"].digest == hashlib.sha256(HEADS_FILE.read_bytes()).hexdigest()
    assert set(listed["heads"].languages) == LANGUAGES
    assert set(listed["heads"].categories) == CATEGORIES
    assert listed["nsfwjs"].digest == hashlib.sha256(NSFWJS_FILE.read_bytes()).hexdigest()
    assert listed["rules"].digest == RuleBook.load().revision
    assert all(one.bundled for one in listed.values())


def test_what_a_file_adds_is_listed_without_loading_it_or_telling_its_secrets(tmp_path: Path) -> None:
    folder = {"kind": "transformers", "name": "guard", "folder": str(tmp_path), "sha256": "ab" * 32,
              "labels": {"unsafe": "hate_extremism"}, "languages": ["en", "sw"]}  # fmt: skip
    service = {
        "kind": "http",
        "name": "service",
        "address": "https://user:word@host.example/look?key=1",
        "categories": ["self_harm"],
        "languages": ["en", "fr"],
        "header_variables": {"Authorization": "TOKEN"},
    }
    chain = {"kind": "chain", "name": "both", "rule": "any", "members": [folder, service]}
    gone = {"kind": "transformers", "name": "gore", "folder": "/nowhere/gore", "labels": {"gore": "violence_graphic"}}
    file = tmp_path / "classifiers.json"
    file.write_text(json.dumps({"text": [folder, service, chain], "picture": [gone]}))
    guard, over_http, both, missing = added(file)
    assert (guard.digest, guard.languages, guard.installed) == ("ab" * 32, ("en", "sw"), True)
    assert over_http.place == "https://host.example/look"
    assert both.kind == "chain: any of guard, service"
    assert (both.languages, both.categories) == (("en",), ("hate_extremism", "self_harm"))
    assert (missing.stage, missing.installed) == ("picture", False)
    assert "word" not in repr(added(file)).replace("words", "")
    assert "TOKEN" not in repr(added(file))


@pytest.mark.parametrize("text", ["", "[]", '{"text": [{"kind": "http"}]}', '{"text": 3}'])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "classifiers.json"
    file.write_text(text)
    with pytest.raises(PolicyError, match=r"classifiers\.json"):
        added(file)
