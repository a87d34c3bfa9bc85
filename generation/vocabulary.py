"""What the starter model knows: its concepts, styles and colours, and the words for them in every declared language.

Not a translator and not a check of meaning: it finds declared phrases in a prompt, longest first, and names what is
left over. The tokenizer of the starter model is made from the same phrases by the same rule, so both read a prompt
alike: the longest phrase anywhere in the prompt is taken first, then the next, and fillers last.

Invariants:
- one surface form has one meaning; where languages clash the language declared first keeps the form;
- matching ignores case, width and spacing, and in scripts with spaces it takes whole words only;
- no torch, no tokenizer, no network: reading a prompt takes about a millisecond.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generation.errors import ModelFolderError

UNSPACED = frozenset({"zh"})
"""Languages written without spaces: their phrases are found inside a run of letters."""

_PLURAL = frozenset({"en", "fr", "es", "pt"})
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_TAKEN = "\0"


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that the model can draw. `words` are by language, for the neutral form; `variants` by gender."""

    id: str
    field: str
    words: dict[str, tuple[str, ...]]
    variants: dict[str, dict[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A surface form and its meaning: a token name like "concept:cow", "colour:red", "and", or "" for a filler word."""

    form: str
    token: str
    language: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The declared vocabulary of one model folder. Use `from_folder`."""

    languages: tuple[str, ...]
    unreviewed: tuple[str, ...]
    concepts: tuple[Concept, ...]
    styles: dict[str, dict[str, tuple[str, ...]]]
    colours: dict[str, dict[str, tuple[str, ...]]]
    _phrases: dict[str, Phrase]
    _longest_first: tuple[Phrase, ...]

    @classmethod
    def from_folder(cls, folder: Path) -> Vocabulary:
        """Read `vocabulary.json` of a model folder. Raises ModelFolderError when it is missing or malformed."""
        path = folder / "vocabulary.json"
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFolderError(f"{path} is not a vocabulary ({error!r}): export the model again") from error

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Vocabulary:
        """Build from the parsed content of `vocabulary.json`."""
        concepts = tuple(
            Concept(c["id"], c["field"], _frozen(c["words"]), {g: _frozen(w) for g, w in c["variants"].items()})
            for c in data["concepts"]
        )
        phrases: dict[str, Phrase] = {}
        for phrase in _declared(data):
            phrases.setdefault(phrase.form, phrase)
        return cls(
            languages=tuple(data["languages"]),
            unreviewed=tuple(data["unreviewed"]),
            concepts=concepts,
            styles={name: _frozen(words) for name, words in data["styles"].items()},
            colours={name: _frozen(colour["words"]) for name, colour in data["colours"].items()},
            _phrases=phrases,
            _longest_first=tuple(sorted(phrases.values(), key=lambda p: (not p.token, -len(p.form)))),
        )

    def phrases(self) -> tuple[Phrase, ...]:
        """Return every surface form with its one meaning, in order of precedence."""
        return tuple(self._phrases.values())

    def longest_first(self) -> tuple[Phrase, ...]:
        """Return every surface form in the order in which they are looked for: by length, the fillers last."""
        return self._longest_first

    def read(self, prompt: str) -> tuple[tuple[Phrase, ...], tuple[str, ...]]:
        """Split a prompt into the phrases found, in order, and the words that mean nothing to the model."""
        text = normalise(prompt)
        found: list[tuple[int, Phrase]] = []
        for phrase in self._longest_first:
            start = text.find(phrase.form)
            while start >= 0:
                end = start + len(phrase.form)
                if phrase.language in UNSPACED or _stands_alone(text, start, end):
                    found.append((start, phrase))
                    text = text[:start] + _TAKEN * len(phrase.form) + text[end:]
                start = text.find(phrase.form, start + 1)
        ordered = tuple(phrase for _, phrase in sorted(found, key=lambda entry: entry[0]))
        return ordered, tuple(dict.fromkeys(_WORD.findall(text)))

    def unknown_words(self, prompt: str) -> tuple[str, ...]:
        """Return the words of `prompt` that the model was never taught, each once, in order of appearance."""
        return self.read(prompt)[1]

    def english(self, prompt: str) -> str | None:
        """Render a prompt in English when all of it lies inside the vocabulary and it names a concept; else None."""
        found, unknown = self.read(prompt)
        tokens = [phrase.token for phrase in found if phrase.token]
        if unknown or not any(token.startswith("concept:") for token in tokens):
            return None
        return " ".join(self.word(token, "en") for token in tokens)

    def word(self, token: str, language: str) -> str:
        """Return the first phrase of a token in a language; when other languages took all its forms, one of theirs.

        Raises KeyError when the vocabulary has no such token.
        """
        spoken = [phrase for phrase in self._phrases.values() if phrase.token == token]
        if not spoken:
            raise KeyError(token)
        return next((phrase.form for phrase in spoken if phrase.language == language), spoken[0].form)


def normalise(text: str) -> str:
    """Bring text to the form in which phrases are compared: NFKC, lower case, single spaces, plain apostrophes."""
    text = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(text.split())


def forms(word: str, language: str) -> tuple[str, ...]:
    """Return the forms accepted for a declared word: itself, with an article, simple plurals, without accents."""
    base = normalise(word)
    result = [base]
    if language in _PLURAL:
        result += [base + ("es" if language != "fr" and base[-1:] in "shxrnl" else "s"), base + "s"]
        plain = "".join(c for c in unicodedata.normalize("NFD", base) if not unicodedata.combining(c))
        result += [plain, plain + "s"]
    if language == "ar":
        result.append("ال" + base)
    return tuple(dict.fromkeys(result))


def _declared(data: dict[str, Any]) -> Iterator[Phrase]:
    """Yield all phrases: of each language in turn the concepts first, then styles, colours and the rest."""
    groups: list[tuple[str, dict[str, list[str]]]] = []
    for concept in data["concepts"]:
        neutral = "person" if concept["variants"] else ""
        name = f"concept:{concept['id']}"
        groups.append((f"{name}/{neutral}" if neutral else name, concept["words"]))
        groups += [(f"{name}/{gender}", words) for gender, words in concept["variants"].items() if gender != "person"]
    groups += [(f"style:{name}", words) for name, words in data["styles"].items()]
    groups += [(f"colour:{name}", colour["words"]) for name, colour in data["colours"].items()]
    groups += [(f"tone:{name}", words) for name, words in data["tones"].items()]
    groups += list(data["relations"].items())
    for language in data["languages"]:
        exact = [(normalise(w), t, language) for t, words in groups for w in words.get(language, ())]
        looser = [(f, t, language) for t, words in groups for w in words.get(language, ()) for f in forms(w, language)]
        yield from (Phrase(*entry) for entry in [*exact, *looser])
    for language in data["languages"]:
        yield from (Phrase(normalise(word), "", language) for word in data["fillers"].get(language, ()))


def _frozen(words: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(entries) for language, entries in words.items()}


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether text[start:end] is not part of a longer word; combining marks belong to the letter before."""
    before = start > 0 and _in_word(text[start - 1]) and _in_word(text[start])
    after = end < len(text) and _in_word(text[end - 1]) and _in_word(text[end])
    return not before and not after


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")
