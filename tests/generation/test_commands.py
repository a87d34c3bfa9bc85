"""The command line, run as a user runs it: real processes, real files, exit codes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from generation.catalogue import LOCK
from generation.commands import main
from tests.generation.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--width", "64", "--height", "64", "--steps", "3", "--threads", "1"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "generation", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_generate_writes_pictures_and_recipes_that_reproduce(folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    model, out = str(folder_of("prx-pixel")), tmp_path / "new" / "tent.png"
    asked = ["--model", model, "--prompt", "a red tent", "--seed", "5", "--count", "2", "--recipe", "--json", *SMALL]
    done = run("generate", *asked, "--out", str(out))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == [str(out), str(out.with_stem("tent-1"))]
    assert lines[0]["seed"] == "5"
    with Image.open(out) as picture:
        assert picture.size == (64, 64)
    assert "6/6" in done.stderr
    again = run("reproduce", str(out.with_stem("tent-1").with_suffix(".json")), "--model", model, "--threads", "1")
    assert (again.returncode, again.stdout.split(" (")[0]) == (0, "bit-exact"), again.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prompt", " ", "--seed", "1"], "prompt: is empty"),
        (["--prompt", "x", "--seed", "-1"], "seed: is -1"),
        (["--prompt", "x", "--steps", "0"], "steps: is 0"),
        (["--prompt", "x", "--width", "100"], "width: is 100"),
        (["--prompt", "x", "--reference", "README.md"], "reference: README.md is no picture"),
        (["--prompt", "x", "--model", "/nowhere"], "model_index.json: not found"),
    ],
)
def test_bad_input_is_one_plain_line(
    arguments: list[str],
    words: str,
    folder_of: Callable[[str], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    default = ["generate", "--model", str(folder_of("prx-pixel")), "--out", str(tmp_path / "x.png")]
    assert main([*default, *arguments]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(words)
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_models_are_shown_listed_and_locked(
    folder_of: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(folder_of("prx-pixel"), tmp_path / TINY))
    assert main(["models", "lock", str(folder)]) == 0
    assert json.loads((folder / LOCK).read_text())["files"]["model_index.json"]
    capsys.readouterr()
    assert main(["models", "list", "--folder", str(tmp_path), "--json"]) == 0
    entries = {entry["id"]: entry for entry in map(json.loads, capsys.readouterr().out.splitlines())}
    assert entries.keys() == {"starter", TINY}
    assert main(["models", "show", str(folder)]) == 0
    assert entries[TINY]["digest"] in capsys.readouterr().out
    (folder / "model_index.json").write_text("{}")
    assert main(["models", "list", "--folder", str(tmp_path)]) == 1
    assert "tiny: model_index.json" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["generate", "models", "reproduce", "bench"])
def test_every_command_helps_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"python -m generation {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("family", "columns"), [("prx-pixel", 4), ("stable-diffusion", 5)])
def test_explain_writes_three_rows_that_end_in_the_finished_picture(
    family: str, columns: int, folder_of: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "strip.png"
    wanted = ["explain", "--model", str(folder_of(family)), "--prompt", "a red tent", "--steps", "4"]
    assert main([*wanted, "--width", "128", "--height", "64", "--threads", "1", "--out", str(out)]) == 0
    with Image.open(out) as strip:
        width, height = strip.width // columns, strip.height // 3
        assert width == 2 * height
        cells = [
            [strip.crop((x * width, y * height, (x + 1) * width, (y + 1) * height)).tobytes() for x in range(columns)]
            for y in range(3)
        ]
    assert cells[0][0] == cells[1][-1] == cells[2][-1]
    assert len({cell for row in cells for cell in row}) == 3 * (columns - 1) + 1


def test_explain_names_the_words_that_the_starter_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "strip.png")
    assert main(["explain", "--prompt", "an apple and a zeppelin", "--steps", "3", "--threads", "1", "--out", out]) == 0
    assert "zeppelin" in capsys.readouterr().err
