"""Classifiers from a JSON file: what is missing holds, what is written wrongly is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from moderation.actions import Action, Coverage
from moderation.adapters.configured import Configured, read_classifiers
from moderation.classifiers import MissingPictureClassifier
from moderation.errors import PolicyError
from moderation.pictures import PictureScreen
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen
from tests.moderation.conftest import AT, ID
from tests.moderation.test_pictures import Says, waves

HTTP = {
    "kind": "http",
    "name": "service",
    "address": "http://127.0.0.1:9/score",
    "languages": ["en"],
    "categories": ["self_harm"],
}
FOLDER = {"kind": "transformers", "name": "guard", "folder": "/nowhere", "labels": {"bad": "hate_extremism"}}


def read(tmp_path: Path, value: Any, **environment: str) -> Configured:
    file = tmp_path / "classifiers.json"
    file.write_text(json.dumps(value))
    return read_classifiers(file, environment=environment)


def test_a_service_and_a_chain_are_made(tmp_path: Path) -> None:
    chain = {"kind": "chain", "name": "both", "rule": "any", "members": [HTTP, {**HTTP, "name": "other"}]}
    made = read(tmp_path, {"text": [HTTP, chain]})
    assert [classifier.id for classifier in made.text] == ["service", "both"]
    assert made.text[1].categories == {"self_harm"}


def test_missing_weights_hold_every_prompt_with_the_reason(tmp_path: Path, prompt_screen: PromptScreen) -> None:
    made = read(tmp_path, {"text": [{**FOLDER, "languages": ["en"]}]})
    screen = PromptScreen.load(threads=1, classifiers=made.text)
    decision = screen.screen("a red tractor", policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    (failed,) = [finding for finding in decision.findings if finding.coverage is Coverage.ERROR]
    assert failed.source == "guard"
    assert "safetensors" in str(failed.detail["fault"])


def test_missing_weights_hold_every_picture_with_the_reason(tmp_path: Path) -> None:
    made = read(tmp_path, {"picture": [{**FOLDER, "labels": {"bad": "violence_graphic"}}]})
    assert isinstance(made.picture[0], MissingPictureClassifier)
    screen = PictureScreen(first=Says("a", 0.0), second=Says("b", 0.0), classifiers=made.picture)
    decision = screen.screen(waves(64), 64, 64, policy=FLOOR, decision_id=ID, at=AT)
    assert decision.action is Action.REVIEW
    assert any("safetensors" in str(finding.detail.get("fault")) for finding in decision.findings)


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    secret = {**HTTP, "header_variables": {"Authorization": "GUARD_TOKEN"}}
    assert read(tmp_path, {"text": [secret]}, GUARD_TOKEN="x").text
    with pytest.raises(PolicyError, match="GUARD_TOKEN"):
        read(tmp_path, {"text": [secret]})


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "classifiers"),
        ({"texts": []}, "texts"),
        ({"text": {}}, "text"),
        ({"text": [{**HTTP, "kind": "magic"}]}, r"text\[0\]\.kind"),
        ({"text": [{**HTTP, "name": ""}]}, r"text\[0\]\.name"),
        ({"text": [{**HTTP, "languages": []}]}, r"text\[0\]\.languages"),
        ({"text": [{**HTTP, "categories": ["gossip"]}]}, "categories"),
        ({"text": [{"kind": "chain", "name": "c", "rule": "most", "members": [HTTP]}]}, "rule"),
        ({"text": [{**FOLDER, "languages": ["en"], "labels": {}}]}, r"text\[0\]\.labels"),
        ({"picture": [{**FOLDER, "kind": "http"}]}, r"picture\[0\]\.kind"),
        ({"picture": [{**FOLDER, "folder": None}]}, r"picture\[0\]\.folder"),
    ],
)
def test_what_is_written_wrongly_is_refused_by_name(tmp_path: Path, value: Any, field: str) -> None:
    with pytest.raises(PolicyError, match=field):
        read(tmp_path, value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.json"):
        read_classifiers(tmp_path / "none.json", environment={})
