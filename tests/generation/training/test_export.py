"""A model folder: stock loading, the same pictures as in training, one row a meaning, complete papers."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline

from generation.training import card, export, session
from generation.training.errors import CheckpointError
from generation.training.measure import Likeness, Memory, Share
from generation.training.network import Painter, Shape, sample
from generation.training.tokens import PAD, Alphabet
from generation.vocabulary import Vocabulary
from tests.generation.training.conftest import STARTER

SMALL = Shape(width=32, depth=2, heads=2, mlp_ratio=2.0, text_width=32, text_depth=1)


@pytest.fixture(scope="module")
def painter(alphabet: Alphabet) -> Painter:
    torch.manual_seed(8)
    made = Painter(SMALL, alphabet.size).eval().requires_grad_(False)
    for value in made.parameters():
        # The transformer begins with gates and modulations at zero; without this it would ignore every caption.
        value.add_(torch.randn(value.shape) * 0.05)
    # What is stored is half precision, so that is what the comparison starts from.
    return made.half().float()


@pytest.fixture(scope="module")
def folder(painter: Painter, alphabet: Alphabet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model")
    words = json.loads((STARTER / "vocabulary.json").read_text(encoding="utf-8"))
    weights = {name: value.clone() for name, value in painter.state_dict().items()}
    export.write_networks(export.painter_of(weights, SMALL, alphabet), words, alphabet, out)
    return out


@pytest.mark.parametrize("prompt", ["cow, red background", "vaca, fundo vermelho"])
def test_the_stock_pipeline_draws_what_training_draws(
    folder: Path, painter: Painter, alphabet: Alphabet, prompt: str
) -> None:
    pipeline = DiffusionPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    noise = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(4))
    settings = {"num_inference_steps": 4, "guidance_scale": 3.0, "use_resolution_binning": False, "output_type": "pt"}
    drawn = pipeline(prompt, latents=noise.clone(), height=64, width=64, **settings).images
    names = [phrase.token for phrase in Vocabulary.from_folder(folder).read(prompt)[0] if phrase.token]
    tokens = torch.tensor([[*alphabet.caption(names), PAD]])
    expected = sample(painter, tokens, noise, steps=4, guidance=3.0)
    assert torch.allclose(drawn, expected, atol=1e-3)


def test_exported_weights_are_read_back(folder: Path, painter: Painter) -> None:
    back = session.average_of(folder)
    for name, value in painter.state_dict().items():
        assert torch.equal(back[name], value), name


def test_weights_of_another_vocabulary_are_refused(painter: Painter) -> None:
    short = Alphabet.of(("[PAD]", "[UNK]", "[CLS]"))
    with pytest.raises(CheckpointError, match="other concepts"):
        export.painter_of(dict(painter.state_dict()), SMALL, short)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="neither a checkpoint nor"):
        session.average_of(tmp_path)


def test_the_lineage_of_the_starter_names_every_file_by_digest() -> None:
    lineage = json.loads((STARTER / "lineage.json").read_text(encoding="utf-8"))
    assert lineage["files"] == export.digests(STARTER)
    assert len(lineage["data_manifest_sha256"]) == 64
    assert all(package["licence"] for package in lineage["packages"])


def test_the_card_states_measurements_or_their_absence(vocabulary: Vocabulary) -> None:
    lineage = json.loads((STARTER / "lineage.json").read_text(encoding="utf-8"))
    assert "Not measured yet." in card.render(lineage, vocabulary, {})
    assert "- concept first: 61.0 % (122 of 200)" in card.render(
        lineage, vocabulary, {"concept first": "61.0 % (122 of 200)"}
    )
    assert "weapons" in card.render(lineage, vocabulary, {})


def test_a_model_described_anew_keeps_the_lineage_of_its_weights(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)
    before = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))
    memory = Memory(Share(1, 2), 0.9, (Likeness("cow", "flat:cow", 0.9), Likeness("hut", "noto:house", 0.8999)))
    export.describe(folder, figures={"concept first": "61.0 % (122 of 200)"}, memory=memory.report())
    after = json.loads((folder / "lineage.json").read_text(encoding="utf-8"))
    assert "- concept first: 61.0 % (122 of 200)" in (folder / "README.md").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in (folder / "memorisation.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows[0] == {"asked": "cow", "drawing": "flat:cow", "cosine": 0.9, "near_copy": True}
    assert [row["near_copy"] for row in rows] == [True, False]
    assert after["files"] == export.digests(folder)
    assert {**after, "files": None} == {**before, "files": None}


def test_digests_are_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_bytes(b"a")
    (tmp_path / "lineage.json").write_bytes(b"{}")
    assert export.digests(tmp_path) == {"sub/a.txt": hashlib.sha256(b"a").hexdigest()}


def test_the_starter_draws_in_its_declared_size() -> None:
    pipeline = DiffusionPipeline.from_pretrained(STARTER)
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        "a cow on a red background",
        num_inference_steps=4,
        use_resolution_binning=False,
        generator=torch.Generator().manual_seed(1),
    ).images[0]
    assert image.size == (64, 64)
    red, green, blue = np.asarray(image, dtype=float)[:3].mean(axis=(0, 1))
    assert red > green + 60
    assert red > blue + 60
