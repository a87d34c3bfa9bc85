"""Fine-tuning: refusals before any training, frozen parents, a concept that appears."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.catalogue import read_model
from generation.training import finetune
from generation.training.adaptation import adapt
from generation.training.errors import DataError, LessonError
from generation.training.finetune import Samples, Tuning
from generation.training.inspection import load_painter
from generation.training.lesson import Lesson, refuse, with_concept
from generation.training.material import pixels_of, read_manifest
from generation.training.network import Painter
from generation.training.rehearsal import rehearse
from generation.training.tokens import SPARE, Alphabet
from generation.vocabulary import Vocabulary
from tests.generation.training.conftest import STARTER


def write_manifest(folder: Path, count: int = 4, **changes: str | None) -> Path:
    """Write `count` pictures of one green disc on white and a manifest whose last line has `changes`."""
    lines = []
    for number in range(count):
        pixels = np.full((96, 80, 3), 255, dtype=np.uint8)
        y, x = np.mgrid[:96, :80]
        pixels[(y - 48) ** 2 + (x - 40 - number) ** 2 < 700] = (30, 140, 60)
        name = f"disc-{number}.png"
        Image.fromarray(pixels).save(folder / name)
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        line = {"file": name, "sha256": digest, "licence": "CC0-1.0", "source": "drawn by a test"}
        lines.append(line | {"consent": "no person is shown", "caption": "a solar cooker, white background"})
    lines[-1] |= {name: value for name, value in changes.items() if value is not None}
    for name, value in changes.items():
        if value is None:
            del lines[-1][name]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder / "manifest.jsonl"


@pytest.mark.parametrize("name", ["licence", "consent", "source", "sha256", "caption"])
@pytest.mark.parametrize("value", [None, " "])
def test_a_picture_without_its_papers_refuses_the_manifest(tmp_path: Path, name: str, value: str | None) -> None:
    with pytest.raises(DataError, match=f"line 4: {name} is missing"):
        read_manifest(write_manifest(tmp_path, **{name: value}))


def test_an_altered_file_refuses_the_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is not the file that the manifest's sha256 names"):
        read_manifest(write_manifest(tmp_path, sha256="0" * 64))


def test_a_file_outside_the_folder_refuses_the_manifest(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.png").write_bytes(b"x")
    with pytest.raises(DataError, match="is not a file inside"):
        read_manifest(write_manifest(inside, file="../secret.png"))


@pytest.mark.parametrize("content", ["", "nonsense\n", "[]\n"])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "manifest.jsonl").write_text(content)
    with pytest.raises(DataError):
        read_manifest(tmp_path / "manifest.jsonl")


def test_new_words_must_be_new_and_of_a_declared_language() -> None:
    with pytest.raises(DataError, match="meaning already"):
        with_concept(STARTER, "cooker", ["en:cow"])
    with pytest.raises(DataError, match="LANGUAGE:WORD"):
        with_concept(STARTER, "cooker", ["xx:cooker"])
    with pytest.raises(DataError, match="knows a concept"):
        with_concept(STARTER, "cow", ["en:moo maker"])


def test_a_taught_concept_appears_and_the_rest_of_the_model_stays(tmp_path: Path) -> None:
    pictures = read_manifest(write_manifest(tmp_path))
    vocabulary = Vocabulary.from_json(with_concept(STARTER, "cooker", ["en:solar cooker"]))
    alphabet = Alphabet.declared().extended(("cooker",))
    new = Samples(torch.from_numpy(pixels_of(tmp_path, pictures)), finetune.captions(pictures, vocabulary, alphabet))
    painter = load_painter(STARTER)
    known = rehearse(painter, Alphabet.declared(), 8, seed=1)
    before = {name: value.clone() for name, value in painter.state_dict().items()}
    first_guess, known_guess = _miss(painter, new), _miss(painter, known)
    rows = list(alphabet.tokens["concept:cooker"])
    steps: list[int] = []
    tuning = Tuning(steps=30, batch=4, rate=3e-3)
    tuned = finetune.tune(painter, new, known, rows, tuning, report=lambda step, _: steps.append(step))

    assert steps == list(range(1, 31))
    assert _miss(tuned, new) < 0.6 * first_guess
    assert _miss(tuned, known) < 1.2 * known_guess
    after = tuned.state_dict()
    assert after.keys() == before.keys()
    table = "text_encoder.embeddings.word_embeddings.weight"
    others = [i for i in range(alphabet.size) if i not in rows]
    assert torch.equal(after[table][others], before[table][others])
    assert not torch.equal(after[table][rows], before[table][rows])
    assert torch.equal(after["transformer.img_in.weight"], before["transformer.img_in.weight"])


@torch.no_grad()
def _miss(painter: Painter, samples: Samples) -> float:
    """Mean squared error of what the painter foresees from noise alone."""
    noise = torch.randn(samples.pictures.shape, generator=torch.Generator().manual_seed(2))
    foreseen = painter(noise, torch.ones(len(noise)), samples.tokens)
    return float((foreseen - samples.pictures).square().mean())


def test_captions_must_name_a_known_concept(tmp_path: Path) -> None:
    pictures = read_manifest(write_manifest(tmp_path, caption="something unheard of"))
    with pytest.raises(DataError, match="names no concept"):
        finetune.captions(pictures, Vocabulary.from_folder(STARTER), Alphabet.declared())


@pytest.mark.parametrize("family", ["stable-diffusion", "stable-diffusion-xl"])
def test_a_stable_diffusion_model_learns_pictures_and_keeps_its_other_parts(
    folder_of: Callable[[str], Path], family: str, tmp_path: Path
) -> None:
    first: list[float] = []
    again: list[float] = []
    lesson = _lesson(folder_of(family), write_manifest(tmp_path), tmp_path / "tuned")
    adapt(lesson, report=lambda _, loss: first.append(loss))
    # A run from the result meets the same batches and the same noise, and must find them easier.
    lesson = _lesson(tmp_path / "tuned", tmp_path / "manifest.jsonl", tmp_path / "tuned again")
    adapt(lesson, report=lambda _, loss: again.append(loss))
    assert all(later < earlier for later, earlier in zip(again[:10], first[:10], strict=True))
    before, after = read_model(folder_of(family), id="before"), read_model(tmp_path / "tuned", id="after")
    changed = {name for name in before.weights if before.weights[name] != after.weights[name]}
    assert changed == {"unet/diffusion_pytorch_model.safetensors"}
    lineage = json.loads((tmp_path / "tuned" / "lineage.json").read_text())
    assert lineage["parent"]["digest"] == before.digest
    assert [p["consent"] for p in lineage["pictures"]] == ["no person is shown"] * 4
    assert (after.languages, after.defaults) == (before.languages, before.defaults)
    assert after.data_manifest_sha256 == hashlib.sha256((tmp_path / "manifest.jsonl").read_bytes()).hexdigest()


def test_a_family_without_training_is_refused_before_any(folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="flux cannot be fine-tuned here"):
        adapt(_lesson(folder_of("flux"), write_manifest(tmp_path), tmp_path / "tuned"), report=lambda *_: None)
    assert not (tmp_path / "tuned").exists()


def _lesson(model: Path, manifest: Path, out: Path) -> Lesson:
    return Lesson(manifest, model, out, concept="cooker", words=("en:solar cooker",), steps=60)


@pytest.mark.parametrize(
    ("concept", "words", "field"),
    [("Solar Cooker", "en:solar cooker", "concept"), ("cooker", "en:cow", "word"), ("cow", "en:moo maker", "concept")],
)
def test_a_lesson_is_refused_by_the_name_of_what_to_mend(concept: str, words: str, field: str) -> None:
    with pytest.raises(LessonError) as refusal:
        refuse(STARTER, "prx-pixel", concept, (words,), {})
    assert refusal.value.field == field


def test_a_model_has_room_for_so_many_concepts(tmp_path: Path) -> None:
    words = json.loads((STARTER / "vocabulary.json").read_text())
    for number in range(SPARE):
        spoken = {"en": [f"zyx{number}"]}
        words["concepts"].append({"id": f"zyx-{number}", "field": "own", "words": spoken, "variants": {}})
    (tmp_path / "vocabulary.json").write_text(json.dumps(words))
    with pytest.raises(LessonError, match="room for no more"):
        with_concept(tmp_path, "cooker", ["en:solar cooker"])
