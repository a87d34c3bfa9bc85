"""What lies in a model folder, and what must not.

Looks at names, headers and small JSON files; runs nothing and loads no torch. A folder that passes
`refuse_what_could_run` holds safetensors and inert text only.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generation.errors import ModelFolderError

PICKLES = frozenset({".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".joblib", ".h5", ".msgpack"})
WORKING = frozenset({".safetensors", ".json", ".txt", ".model", ".jinja"})
# These describe a model to people; changing them changes no pixel.
DESCRIPTIONS = frozenset({"lineage.json", "model.lock.json"})
TRUSTED_LIBRARIES = frozenset({"diffusers", "transformers"})


def json_of(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; raise `ModelFolderError` when it is missing or no JSON object."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelFolderError(
            f"{path.name}: not found in {path.parent}; choose a folder saved by diffusers' save_pretrained"
        ) from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelFolderError(f"{path.name}: cannot be read as JSON ({error}); fetch the file again") from error
    if not isinstance(value, dict):
        raise ModelFolderError(f"{path.name}: holds no JSON object; fetch the file again")
    return value


def card_of(folder: Path) -> dict[str, Any]:
    """Return the front matter of the model card, empty when there is none."""
    card = folder / "README.md"
    if not card.is_file():
        return {}
    from huggingface_hub import metadata_load
    from yaml import YAMLError

    try:
        return dict(metadata_load(card) or {})
    except (OSError, ValueError, YAMLError) as error:
        raise ModelFolderError(f"README.md: its front matter is no YAML ({error}); mend or remove it") from error


def weight_files(folder: Path) -> list[str]:
    """Return the safetensors files by their path inside the folder, sorted; raise when one is damaged."""
    names = [name for name in working_files(folder) if name.endswith(".safetensors")]
    if not names:
        raise ModelFolderError(
            f"{folder.name}: holds no .safetensors file; save the model with safe_serialization=True"
        )
    for name in names:
        _check_header(folder, name)
    return names


def working_files(folder: Path) -> list[str]:
    """Return the files that decide pictures, by their path inside the folder, sorted."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in _files(folder)
        if path.suffix in WORKING and path.name not in DESCRIPTIONS
    )


def refuse_what_could_run(folder: Path, index: Mapping[str, Any]) -> None:
    """Raise `ModelFolderError` when anything in the folder could run as code when the model is loaded."""
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if path.suffix.lower() in PICKLES:
            raise ModelFolderError(
                f"{name}: pickled weights can run code; convert the file to safetensors and delete it"
            )
        if path.suffix == ".py":
            raise ModelFolderError(f"{name}: code in a model folder is never run; use a model of stock classes")
        if path.name == "config.json" and "auto_map" in json_of(path):
            raise ModelFolderError(f"{name}: auto_map asks for remote code; use a model of stock classes")
    if not isinstance(index.get("_class_name"), str):
        raise ModelFolderError("model_index.json: _class_name must name one stock diffusers pipeline")
    for part, source in index.items():
        _refuse_foreign_part(part, source)


def _refuse_foreign_part(part: str, source: object) -> None:
    # Parts are written [library, class]; the library null means that the part is left out.
    if part.startswith("_") or not isinstance(source, list) or len(source) != 2 or source[0] is None:
        return
    if source[0] not in TRUSTED_LIBRARIES and part != "safety_checker":
        raise ModelFolderError(
            f"model_index.json: {part} comes from {source[0]!r}; only classes of diffusers and transformers are loaded"
        )


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _check_header(folder: Path, name: str) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / name, framework="numpy"):
            pass
    except SafetensorError as error:
        raise ModelFolderError(f"{name}: is no whole safetensors file ({error}); fetch the file again") from error
