"""Collects the words of every concept in every language and writes the vocabulary that a model folder declares.

Seven languages take their labels from emojibase-data, which takes them from the Unicode CLDR; lexicon/*.json adds words
of our own and holds all of Arabic and Swahili, which no native reader has reviewed yet.

Invariant: the words never change what the networks are trained on; they can be corrected after training.
"""

from __future__ import annotations

import json
import re
from functools import cache as memoised
from pathlib import Path
from typing import Any

from generation.training.concepts import FIELDS, PEOPLE, TONES, people_slugs
from generation.training.sources import WORDS, folder
from generation.training.tokens import COLOURS, RELATIONS, STYLE_NAMES, subject_name

LANGUAGES = ("en", "fr", "es", "pt", "hi", "bn", "zh", "ar", "sw")
UNREVIEWED = ("ar", "sw")

_LEXICON = Path(__file__).parent / "lexicon"
_PREFIX = {
    "fr": {"man": "homme {}", "woman": "femme {}"},
    "hi": {"man": "पुरुष {}", "woman": "महिला {}"},
    "bn": {"man": "পুরুষ {}", "woman": "মহিলা {}"},
    "ar": {"man": "رجل {}", "woman": "امرأة {}"},
    "sw": {"man": "{} mwanamume", "woman": "{} mwanamke"},
}
"""How a language says "man" or "woman" before or after a role, for roles without a word of their own."""


def declare(cache: Path) -> dict[str, Any]:
    """Return the content of `vocabulary.json`; `cache` holds the fetched packages."""
    lexicons = {language: _lexicon(language) for language in LANGUAGES}
    labels = {language: _labels(cache, language) for language in LANGUAGES if language not in UNREVIEWED}

    def spoken(token: str) -> dict[str, list[str]]:
        return {language: lexicon["phrases"].get(token, []) for language, lexicon in lexicons.items()}

    def named(key: str, slug: str) -> dict[str, list[str]]:
        return {
            language: _words(key, labels.get(language, {}).get(slug, ""), lexicons[language], language)
            for language in LANGUAGES
        }

    return {
        "languages": list(LANGUAGES),
        "unreviewed": list(UNREVIEWED),
        "styles": {name: spoken(f"style:{name}") for name in STYLE_NAMES},
        "colours": {name: {"rgb": list(rgb), "words": spoken(f"colour:{name}")} for name, rgb in COLOURS.items()},
        "tones": {name: spoken(f"tone:{name}") for name in TONES},
        "relations": {name: spoken(name) for name in RELATIONS},
        "fillers": {language: lexicon["fillers"] for language, lexicon in lexicons.items()},
        "concepts": [
            entry
            for field in FIELDS
            for entry in [
                *({"id": s, "field": field, "words": named(s, s), "variants": {}} for s in FIELDS[field].split()),
                *(_people(concept, field, named) for concept in PEOPLE[field].split()),
            ]
        ],
    }


def _people(concept: str, field: str, named: Any) -> dict[str, Any]:
    slugs = people_slugs(concept)
    words = {g: named(subject_name(concept, g).removeprefix("concept:"), slug) for g, slug in slugs.items()}
    for language, prefixes in _PREFIX.items():
        for gender in words.keys() & prefixes.keys():
            own = words[gender][language]
            composed = [prefixes[gender].format(word) for word in words["person"][language]]
            words[gender][language] = list(dict.fromkeys([*own, *composed]))
    return {"id": concept, "field": field, "words": words["person"], "variants": words}


def _words(key: str, label: str, lexicon: dict[str, Any], language: str) -> list[str]:
    """Merge the package's label (cleaned) with our own words; "replace" drops a label that is wrong."""
    if key in lexicon["replace"]:
        return [*lexicon["replace"][key], *lexicon["extra"].get(key, [])]
    # Labels may carry a note in brackets and, in some languages, a list of ever wider terms: the first is the name.
    parts = [part.strip() for part in re.sub(r"\(.*?\)", "", label).split(",")]
    gender = key.rpartition("/")[2] if "/" in key else ""
    broken = language == "bn" and gender and len(parts) > 1
    words = [*lexicon["extra"].get(key, []), *(part for part in parts[:1] if part and not broken)]
    if language == "en" and gender in ("man", "woman"):
        words += _english_gender(label, gender)
    return list(dict.fromkeys(words))


def _english_gender(label: str, gender: str) -> list[str]:
    role = label.removeprefix(f"{gender} ")
    if role == label or role.startswith(("in ", "with ", "feeding", "walking")):
        return []
    return [f"{'female' if gender == 'woman' else 'male'} {role}", f"{role} {gender}"]


@memoised
def _lexicon(language: str) -> dict[str, Any]:
    path = _LEXICON / f"{language}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _labels(cache: Path, language: str) -> dict[str, str]:
    """Return a language's label of every emoji by the slug of its English label."""
    source = folder(cache, WORDS)
    english = json.loads((source / "en" / "data.json").read_text(encoding="utf-8"))
    spoken = json.loads((source / language / "data.json").read_text(encoding="utf-8"))
    by_code = {entry["hexcode"]: entry["label"] for entry in spoken}
    return {slug(e["label"]): by_code[e["hexcode"]] for e in english if e["hexcode"] in by_code}


def slug(label: str) -> str:
    """Return an English label as icon packages write it: "rescue worker’s helmet" becomes "rescue-workers-helmet"."""
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"[’']", "", label.lower())).strip("-")
