"""Classifiers from one JSON file, so that an organisation adds its own without writing Python.

    {"text": [{"kind": "transformers", "name": "guard", "folder": "/models/guard", "sha256": "…",
               "labels": {"unsafe": "hate_extremism"}, "languages": ["en", "sw"]},
              {"kind": "http", "name": "service", "address": "https://…", "seconds": 2,
               "categories": ["self_harm"], "languages": ["en"], "header_variables": {"Authorization": "TOKEN"}},
              {"kind": "chain", "name": "both", "rule": "any", "members": [ … ]}],
     "picture": [{"kind": "transformers", "name": "gore", "folder": "…", "labels": {"gore": "violence_graphic"}}]}

Invariants:
- a classifier that cannot be loaded (missing or changed weights) stays in the screen and holds, with the reason;
- what is written wrongly in the file raises `PolicyError` naming the field, before anything is loaded;
- secrets stay in environment variables: the file names the variable that a header takes its value from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.adapters.chain import Chain, Rule
from moderation.adapters.http import HttpClassifier
from moderation.adapters.transformers import TransformersPicture, TransformersText
from moderation.categories import checked_category
from moderation.classifiers import MissingClassifier, MissingPictureClassifier, PictureClassifier, TextClassifier
from moderation.errors import ClassifierError, PolicyError

Entry = Mapping[str, Any]
Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Configured:
    """What the file names, ready for `PromptScreen.load` and `PictureScreen.load`."""

    text: tuple[TextClassifier, ...] = ()
    picture: tuple[PictureClassifier, ...] = ()


def read_classifiers(path: Path, *, environment: Environment) -> Configured:
    """Load everything the file names; raises `PolicyError` where the file itself is wrong."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise PolicyError(f"classifiers: {path} is no JSON file that can be read: {wrong}") from wrong
    if not isinstance(value, Mapping) or (unknown := sorted(value.keys() - {"text", "picture"})):
        named = unknown[0] if isinstance(value, Mapping) else type(value).__name__
        raise PolicyError(f"classifiers: must be an object with text and picture, not {named!r}")
    return Configured(
        text=tuple(_text(e, f"text[{at}]", environment) for at, e in enumerate(_entries(value, "text"))),
        picture=tuple(_picture(e, f"picture[{at}]") for at, e in enumerate(_entries(value, "picture"))),
    )


def _entries(value: Entry, field: str) -> Sequence[Entry]:
    entries = value.get(field, [])
    if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
        raise PolicyError(f"classifiers.{field}: must be a list of objects")
    return entries


def _text(entry: Entry, field: str, environment: Environment) -> TextClassifier:
    name, kind = _word(entry, "name", field), _word(entry, "kind", field)
    if kind == "chain":
        members = [_text(e, f"{field}.members[{at}]", environment) for at, e in enumerate(_entries(entry, "members"))]
        rule = _word(entry, "rule", field)
        if rule not in list(Rule):
            raise PolicyError(f"classifiers.{field}.rule: {rule!r} is none of {', '.join(Rule)}")
        return Chain(name, members, rule=Rule(rule), weights=tuple(map(float, entry.get("weights", ()))))
    languages = frozenset(_words(entry, "languages", field))
    if kind == "http":
        return _http(entry, field, name, languages, environment)
    if kind != "transformers":
        raise PolicyError(f"classifiers.{field}.kind: {kind!r} is none of transformers, http, chain")
    labels, folder = _labels(entry, field), Path(_word(entry, "folder", field))
    try:
        return TransformersText.load(
            name, folder, labels=labels, languages=languages, sha256=str(entry.get("sha256", ""))
        )
    except (ClassifierError, ImportError) as fault:
        categories = frozenset(labels.values())
        return MissingClassifier(name, str(fault), languages=languages, categories=categories)


def _http(entry: Entry, field: str, name: str, languages: frozenset[str], environment: Environment) -> HttpClassifier:
    headers = {}
    for header, variable in dict(entry.get("header_variables", {})).items():
        if variable not in environment:
            raise PolicyError(f"classifiers.{field}.header_variables: the variable {variable} is not set; set it")
        headers[str(header)] = environment[variable]
    return HttpClassifier(
        name,
        _word(entry, "address", field),
        languages=languages,
        categories=frozenset(
            checked_category(c, field=f"{field}.categories") for c in _words(entry, "categories", field)
        ),
        seconds=float(entry.get("seconds", 2.0)),
        headers=headers,
    )


def _picture(entry: Entry, field: str) -> PictureClassifier:
    name, kind = _word(entry, "name", field), _word(entry, "kind", field)
    if kind != "transformers":
        raise PolicyError(f"classifiers.{field}.kind: {kind!r} is not transformers")
    labels, folder = _labels(entry, field), Path(_word(entry, "folder", field))
    try:
        return TransformersPicture.load(name, folder, labels=labels, sha256=str(entry.get("sha256", "")))
    except (ClassifierError, ImportError) as fault:
        return MissingPictureClassifier(name, str(fault), categories=frozenset(labels.values()))


def _labels(entry: Entry, field: str) -> dict[str, str]:
    labels = entry.get("labels")
    if not isinstance(labels, Mapping) or not labels:
        raise PolicyError(f"classifiers.{field}.labels: map at least one label of the model to a category")
    return {str(label): checked_category(category, field=f"{field}.labels") for label, category in labels.items()}


def _word(entry: Entry, name: str, field: str) -> str:
    word = entry.get(name)
    if not isinstance(word, str) or not word.strip():
        raise PolicyError(f"classifiers.{field}.{name}: is missing; give it as text")
    return word


def _words(entry: Entry, name: str, field: str) -> list[str]:
    words = entry.get(name)
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise PolicyError(f"classifiers.{field}.{name}: must be a list of at least one word")
    return words
