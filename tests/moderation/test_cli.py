"""The command line: exit codes, JSON, errors that name the field."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from moderation.cli import main, parser
from moderation.decision import Decision
from moderation.pictures import PictureScreen
from moderation.policy import Policy
from moderation.presets import FLOOR
from moderation.prompts import PromptScreen


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch: pytest.MonkeyPatch, prompt_screen: PromptScreen, picture_screen: PictureScreen) -> None:
    """The commands load the real screens; here they are handed the ones already loaded, to save seconds."""
    monkeypatch.setattr(PromptScreen, "load", lambda **options: prompt_screen)
    monkeypatch.setattr(PictureScreen, "load", lambda **options: picture_screen)


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["screen", "woman farmer, maize, green background"], 0, "allow"),
        (["screen", "a naked woman"], 4, "block"),
        (["screen", "mkulima mwanamke akivuna mahindi", "--language", "sw"], 3, "review"),
        (["screen", "starving child begging for food", "--policy", "humanitarian"], 3, "review"),
    ],
)
def test_exit_codes(arguments: list[str], code: int, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == code
    assert capsys.readouterr().out.startswith(word)


def test_json_is_the_whole_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["screen", "a naked woman", "--json"]) == 4
    assert Decision.from_json(json.loads(capsys.readouterr().out)).policy_digest == FLOOR.digest


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["screen", " "], "prompt"),
        (["screen", "a tree", "--policy", "nowhere.json"], "policy"),
        (["screen-picture", "missing.png"], "file"),
        (["evaluate", "missing.jsonl"], "file"),
        (["convert-nsfwjs", "nowhere"], "package"),
    ],
)
def test_wrong_input_exits_2_and_names_the_field(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(named)


def test_a_picture_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    black, text = tmp_path / "black.png", tmp_path / "text.png"
    Image.new("RGB", (64, 64)).save(black)
    text.write_text("no picture")
    assert main(["screen-picture", str(black)]) == 3
    assert "degenerate_output" in capsys.readouterr().out
    assert main(["screen-picture", str(text)]) == 2


def test_a_policy_file_is_shown_and_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({**FLOOR.to_json(), "name": "mine"}))
    assert main(["policy", "show", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    digest = shown.pop("digest")
    assert Policy.from_json(shown).digest == digest
    assert main(["policy", "diff", "floor", str(file)]) == 0
    assert capsys.readouterr().out == "name: floor -> mine\n"


def test_evaluate_prints_the_table_and_writes_misses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"text": "a naked woman", "label": "unsafe", "category": "nudity"},
        {"text": "a red tractor", "label": "unsafe", "category": "nudity"},
        {"text": "a green tree", "label": "safe"},
        {"text": "shown to nobody", "label": "contested"},
    ]
    file, misses = tmp_path / "rows.jsonl", tmp_path / "misses.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n")
    assert main(["evaluate", str(file), "--json", "--misses", str(misses)]) == 0
    report = json.loads(capsys.readouterr().out)
    everything = {group["label"]: group for group in report["groups"]["all"]}
    assert everything["unsafe"]["stopped"] == pytest.approx(
        {"count": 1, "n": 2, "share": 0.5, "low": 0.0945, "high": 0.9055}, abs=1e-3
    )
    assert everything["safe"]["stopped"]["count"] == 0
    assert report["auc"]["sexual_explicit"] is not None, "the file calls it nudity"
    assert [json.loads(line)["text"] for line in misses.read_text().splitlines()] == ["a red tractor"]
    assert main(["evaluate", str(file)]) == 0
    assert "95 % interval" in capsys.readouterr().out


def test_every_command_helps_with_an_example() -> None:
    for command in ("screen", "screen-picture", "evaluate", "train", "convert-nsfwjs"):
        with pytest.raises(SystemExit) as stop:
            parser().parse_args([command, "--help"])
        assert stop.value.code == 0


def test_importing_the_library_loads_no_torch() -> None:
    code = "import sys, moderation.prompts, moderation.pictures; print('torch' in sys.modules, 'django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
