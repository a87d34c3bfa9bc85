"""Which models there are: a folder on disk read into one frozen entry with the digest of every weight file.

Reading opens no model: no torch is loaded and nothing in the folder is run. It does refuse what could run (pickled
weights, code files, `auto_map`), so a `ModelEntry` that exists names a folder of inert data.

Facts come, in this order, from the folder's lock (`generation.lock`), its model card (`README.md` front matter in
the Hugging Face form), its `lineage.json`, and the defaults of its family.

Invariants:

- `weights` maps every safetensors file, by its path inside the folder, to its SHA-256 in lowercase hex;
- `digest` is the SHA-256 of the canonical JSON of `weights`;
- `files` does the same for every file that decides pictures, configuration and tokenizers included.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from generation.canonical import JSON, digest
from generation.errors import ModelFolderError
from generation.families import Defaults, Family, family_of
from generation.folder import card_of, json_of, refuse_what_could_run, weight_files, working_files
from generation.spec import GenerationSpec

STARTER = Path(__file__).parent / "starter"
UNKNOWN_LICENCE = "unknown"
LOCK = "model.lock.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One model as the catalogue knows it; see the module for what the digests cover."""

    id: str
    title: str
    folder: Path
    family: str
    pipeline: str
    revision: str
    licence: str
    weights: Mapping[str, str]
    files: Mapping[str, str]
    digest: str
    data_manifest_sha256: str | None
    defaults: Defaults
    languages: tuple[str, ...]

    def check(self, spec: GenerationSpec) -> None:
        """Raise `SpecError` when this model cannot serve a spec, naming the field and the remedy."""
        family_of(self.pipeline).check(spec, self.folder)

    def notices(self, spec: GenerationSpec) -> tuple[str, ...]:
        """Return plain sentences on what this model will not do as asked, though it makes a picture."""
        return family_of(self.pipeline).notices(spec, self.folder)

    def to_json(self) -> dict[str, JSON]:
        """Return plain JSON, from which `from_json` rebuilds the entry."""
        return asdict(self) | {"folder": str(self.folder), "languages": list(self.languages)}

    @classmethod
    def from_json(cls, mapping: Mapping[str, Any]) -> Self:
        """Rebuild an entry from `to_json`; nothing on disk is looked at."""
        values = {field.name: mapping[field.name] for field in fields(cls)}
        values["folder"] = Path(values["folder"])
        values["defaults"] = Defaults(**values["defaults"])
        values["languages"] = tuple(values["languages"])
        return cls(**values)


def read_model(folder: Path, *, id: str) -> ModelEntry:  # noqa: A002 - the field it fills
    """Read a model folder, hash its files and return its entry.

    Raises `ModelFolderError`, naming the file and the remedy, when the folder is missing, damaged, holds pickled
    weights or code, is of no known family, or differs from its lock.
    """
    # The child process has a working folder of its own.
    folder = folder.absolute()
    index = json_of(folder / "model_index.json")
    refuse_what_could_run(folder, index)
    pipeline = str(index["_class_name"])
    files = {name: _sha256(folder / name) for name in working_files(folder)}
    weights = {name: files[name] for name in weight_files(folder)}
    entry = _described(folder, id, pipeline, family_of(pipeline), weights, files)
    _hold_to_lock(entry)
    return entry


def starter() -> ModelEntry:
    """Return the entry of the model that ships with the product."""
    return read_model(STARTER, id="starter")


def verify_weights(entry: ModelEntry) -> None:
    """Hash the folder again and raise `ModelFolderError` at the first file that is not the one of the entry."""
    refuse_what_could_run(entry.folder, json_of(entry.folder / "model_index.json"))
    _compare(entry.files, {name: _sha256(entry.folder / name) for name in working_files(entry.folder)})


def _described(
    folder: Path, name: str, pipeline: str, family: Family, weights: Mapping[str, str], files: Mapping[str, str]
) -> ModelEntry:
    card = card_of(folder)
    lineage = json_of(folder / "lineage.json") if (folder / "lineage.json").is_file() else {}
    sha256 = digest(weights)
    return ModelEntry(
        id=name,
        title=str(card.get("title") or card.get("model_name") or name),
        folder=folder,
        family=family.name,
        pipeline=pipeline,
        revision=str(card.get("revision") or card.get("version") or sha256[:12]),
        licence=_licence(card),
        weights=weights,
        files=files,
        digest=sha256,
        data_manifest_sha256=lineage.get("data_manifest_sha256") or lineage.get("manifest_sha256"),
        defaults=_defaults(family, card.get("defaults")),
        languages=_languages(card.get("language")),
    )


def _licence(card: Mapping[str, Any]) -> str:
    # Hugging Face cards say `other` and name the licence beside it when it is none of their list.
    named = card.get("license_name") if card.get("license") == "other" else None
    return str(named or card.get("license") or UNKNOWN_LICENCE)


def _defaults(family: Family, declared: object) -> Defaults:
    names = {field.name for field in fields(Defaults)}
    if declared is None:
        return family.defaults
    if not isinstance(declared, dict) or not declared.keys() <= names:
        raise ModelFolderError(
            f"README.md: defaults may name {', '.join(sorted(names))} only; correct the front matter"
        )
    return replace(family.defaults, **declared)


def _languages(declared: object) -> tuple[str, ...]:
    if isinstance(declared, str):
        return (declared,)
    return tuple(str(language) for language in declared) if isinstance(declared, list) else ()


def _hold_to_lock(entry: ModelEntry) -> None:
    lock = entry.folder / LOCK
    if lock.is_file():
        _compare(json_of(lock).get("files", {}), entry.files)


def _compare(expected: Mapping[str, str], found: Mapping[str, str]) -> None:
    for name in sorted(expected.keys() | found.keys()):
        if name not in found:
            raise ModelFolderError(f"{name}: is missing; restore it from where the model came from")
        if name not in expected:
            raise ModelFolderError(f"{name}: was added after the model was locked; remove it or lock the model again")
        if expected[name] != found[name]:
            raise ModelFolderError(
                f"{name}: has SHA-256 {found[name][:12]}…, the lock says {expected[name][:12]}…; "
                "restore the file, or lock the model again if the change was meant"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lock_text(entry: ModelEntry) -> JSON:
    """Return what a lock file holds: the digests that `read_model` and `verify_weights` hold the folder to."""
    return {"digest": entry.digest, "files": dict(entry.files), "licence": entry.licence, "revision": entry.revision}
