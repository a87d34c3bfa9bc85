"""The commands: no torch before they run, help with an example, failures in one line."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from generation.training.cli import add_commands

COMMANDS = ("data", "train", "export", "measure", "finetune")


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    return parser


def test_importing_the_commands_loads_no_torch() -> None:
    code = "import sys, generation.training.cli, generation.vocabulary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_helps_with_an_example(
    parser: argparse.ArgumentParser, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        parser.parse_args([command, "--help"])
    assert stop.value.code == 0
    assert f"example: python -m generation {command}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("command", ["data", "measure"])
def test_without_a_renderer_nothing_long_is_begun(
    parser: argparse.ArgumentParser,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("generation.training.drawings.find_spec", lambda name: None)
    given = {"data": ["--out", str(tmp_path / "new")], "measure": ["--model", str(tmp_path)]}
    arguments = parser.parse_args([command, *given[command]])
    assert arguments.run(arguments) == 1
    assert "requirements-dev.txt" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_refused_manifest_fails_in_one_line(
    parser: argparse.ArgumentParser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.jsonl").write_text('{"file": "a.png"}\n')
    wanted = ["finetune", "--manifest", str(tmp_path / "m.jsonl"), "--concept", "x", "--word", "en:xyzzy"]
    options = parser.parse_args([*wanted, "--out", str(tmp_path / "out")])
    assert options.run(options) == 1
    error = capsys.readouterr().err
    assert "line 1: sha256 is missing" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
