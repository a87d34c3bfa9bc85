"""The `train` command on a data set made here: a run, a resumed run, warm starts."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from generation.training.cli import add_commands
from generation.training.loop import CHECKPOINT, read_checkpoint
from generation.training.session import average_of
from tests.generation.training.conftest import STARTER, Data

ROWS = "text_encoder.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def folder(data: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `data` writes it."""
    folder = tmp_path_factory.mktemp("drawings")
    (folder / "manifest.jsonl").write_text("".join(json.dumps(asdict(drawing)) + "\n" for drawing in data[0]))
    np.savez(folder / "drawings.npz", pixels=data[1])
    return folder


def train(folder: Path, out: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    threads = str(torch.get_num_threads())
    small = ["--width", "32", "--depth", "1", "--every", "1", "--sheet-every", "2", "--threads", threads]
    options = parser.parse_args(["train", "--data", str(folder), "--out", str(out), *small, *more])
    result: int = options.run(options)
    return result


def test_a_run_leaves_a_checkpoint_and_a_sheet_and_is_resumed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(folder, tmp_path, "--samples", "64") == 0
    assert "step 2 of 2" in capsys.readouterr().out
    assert (tmp_path / "sheet-000002.png").is_file()
    assert train(folder, tmp_path, "--samples", "96") == 0
    told = capsys.readouterr().out
    assert "step 3 of 3" in told
    assert "step 1 of" not in told
    assert read_checkpoint(tmp_path / CHECKPOINT)["step"] == 3


def test_a_warm_start_takes_the_average_and_says_so(folder: Path, tmp_path: Path) -> None:
    assert train(folder, tmp_path / "first", "--samples", "32") == 0
    checkpoint = tmp_path / "first" / CHECKPOINT
    one_step = ["--minutes", "0.000001", "--falling", "--samples", "96", "--warm-start", str(checkpoint)]
    assert train(folder, tmp_path / "second", *one_step) == 0
    state = read_checkpoint(tmp_path / "second" / CHECKPOINT)
    assert state["started_from"] == CHECKPOINT
    assert state["samples_before"] == 32
    assert state["rate_fell_with_the_clock"]
    # The first step of a warm-up moves next to nothing.
    assert torch.allclose(state["weights"][ROWS], average_of(checkpoint)[ROWS], atol=1e-4)


def test_a_warm_start_of_other_sizes_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(folder, tmp_path, "--warm-start", str(STARTER)) == 1
    assert "cannot start from starter" in capsys.readouterr().err
    assert not (tmp_path / CHECKPOINT).exists()


def test_falling_rates_need_a_time(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(folder, tmp_path, "--falling") == 1
    assert "--falling needs --minutes" in capsys.readouterr().err
