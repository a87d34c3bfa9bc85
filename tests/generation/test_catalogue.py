"""A folder that is read is inert, whole and of a known family; one that is not says which file and what to do."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from generation import ModelEntry, ModelFolderError, read_model, verify_weights
from generation.canonical import digest
from generation.catalogue import LOCK, lock_text
from generation.diffusion import DiffusersEngine

TRANSFORMER = "transformer/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(folder_of: Callable[[str], Path], tmp_path: Path) -> Path:
    """Return a copy of the PRX model that a test may spoil."""
    return Path(shutil.copytree(folder_of("prx-pixel"), tmp_path / "model"))


def refused(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        read_model(folder, id="spoilt")
    assert caught.value.permanent
    return str(caught.value)


def test_every_weight_file_is_listed_with_its_digest(folder: Path) -> None:
    entry = read_model(folder, id="one")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")}
    assert entry.weights.keys() == found
    assert entry.weights[TRANSFORMER] == sha256((folder / TRANSFORMER).read_bytes()).hexdigest()
    assert entry.digest == digest(entry.weights)
    assert (entry.family, entry.pipeline) == ("prx-pixel", "PRXPixelPipeline")


def test_the_card_and_the_lineage_describe_the_model(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: mit\nlanguage: [en, fr]\ntitle: Field signs\n---\nWords.\n")
    (folder / "lineage.json").write_text(json.dumps({"data_manifest_sha256": "ab" * 32}))
    entry = read_model(folder, id="one")
    assert (entry.licence, entry.languages, entry.title) == ("mit", ("en", "fr"), "Field signs")
    assert entry.data_manifest_sha256 == "ab" * 32


def test_a_licence_that_is_none_of_the_list_goes_by_its_name(folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: other\nlicense_name: see-lineage\n---\n")
    assert read_model(folder, id="one").licence == "see-lineage"


@pytest.mark.parametrize("matter", ["license: [", "defaults: 7", "defaults: {sampler: x}"])
def test_a_card_that_cannot_be_understood_is_named(folder: Path, matter: str) -> None:
    (folder / "README.md").write_text(f"---\n{matter}\n---\n")
    assert refused(folder).startswith("README.md: ")


def test_defaults_of_the_card_replace_those_of_the_family(folder: Path) -> None:
    (folder / "README.md").write_text("---\ndefaults: {steps: 3}\n---\n")
    defaults = read_model(folder, id="one").defaults
    assert (defaults.steps, defaults.guidance) == (3, 4.0)


def test_an_entry_survives_json(folder: Path) -> None:
    entry = read_model(folder, id="one")
    assert ModelEntry.from_json(json.loads(json.dumps(entry.to_json()))) == entry


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "model_index.json: not found" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["unet/diffusion_pytorch_model.bin", "model.ckpt", "old.PT", "x/y.pkl"])
def test_pickled_weights_are_refused_even_beside_good_ones(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"\x80\x04.")
    assert refused(folder).startswith(f"{name}: pickled weights can run code")


def test_code_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "pipeline.py").write_text("print('hello')")
    assert "pipeline.py: code" in refused(folder)


def test_remote_code_is_refused(folder: Path) -> None:
    config = folder / "text_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"auto_map": {"AutoModel": "modeling.X"}}))
    assert "text_encoder/config.json: auto_map" in refused(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"_class_name": "NoSuchPipeline"}, "NoSuchPipeline is of no known family"),
        ({"_class_name": ["pipeline", "Own"]}, "_class_name must name one stock"),
        ({"transformer": ["own_module", "Own"]}, "transformer comes from 'own_module'"),
    ],
)
def test_an_index_that_asks_for_more_than_stock_classes_is_refused(
    folder: Path, change: dict[str, object], words: str
) -> None:
    index = folder / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | change))
    assert words in refused(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_an_index_that_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_text(text)
    assert "model_index.json" in refused(folder)


def test_a_folder_without_weights_is_refused(folder: Path) -> None:
    for path in folder.rglob("*.safetensors"):
        path.unlink()
    assert "holds no .safetensors file" in refused(folder)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_cut_off_weight_file_is_named(folder: Path, kept: int) -> None:
    whole = (folder / TRANSFORMER).read_bytes()
    (folder / TRANSFORMER).write_bytes(whole[:kept])
    assert refused(folder).startswith(f"{TRANSFORMER}: is no whole safetensors file")


def test_a_flipped_bit_is_found_when_the_model_is_loaded(folder: Path) -> None:
    entry = read_model(folder, id="one")
    spoilt = bytearray((folder / TRANSFORMER).read_bytes())
    spoilt[-1] ^= 1
    (folder / TRANSFORMER).write_bytes(spoilt)
    with pytest.raises(ModelFolderError, match=TRANSFORMER):
        verify_weights(entry)
    with pytest.raises(ModelFolderError, match=TRANSFORMER):
        DiffusersEngine.load(entry, threads=1)


def test_a_changed_configuration_is_found_too(folder: Path) -> None:
    entry = read_model(folder, id="one")
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    with pytest.raises(ModelFolderError, match=r"scheduler/scheduler_config\.json: has SHA-256"):
        verify_weights(entry)


def test_an_added_weight_file_is_found(folder: Path) -> None:
    entry = read_model(folder, id="one")
    shutil.copy(folder / TRANSFORMER, folder / "extra.safetensors")
    with pytest.raises(ModelFolderError, match=r"extra\.safetensors: was added"):
        verify_weights(entry)


def test_a_locked_folder_is_held_to_its_lock(folder: Path) -> None:
    (folder / LOCK).write_text(json.dumps(lock_text(read_model(folder, id="one"))))
    assert read_model(folder, id="one").id == "one"
    (folder / "tokenizer" / "tokenizer_config.json").write_text("{}")
    assert "tokenizer/tokenizer_config.json: has SHA-256" in refused(folder)
