"""Find the concepts of the lexicon in a folded text: which ideas are named, and where.

A dictionary lookup for each word, not a regular expression over thousands of alternatives, so that
the length of the lexicon costs nothing.

Shapes and units: spans are half-open ranges of characters in the folded text.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from moderation.errors import ClassifierError
from moderation.normalise import fold, has_spaces_between_words

CONCEPTS_FILE = Path(__file__).parent / "lexicon" / "concepts.toml"

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_ARABIC_PREFIX = re.compile("^(?:[وفبلك]?ال|[وفبلك])(?=[\u0621-\u064a]{3,})")
_RUN_TOGETHER = 22  # letters from which a "word" is taken for several without spaces
_WITHIN_FROM, _WITHIN_TO = 5, 16  # lengths of the words looked for inside it


@dataclass(frozen=True, slots=True)
class Span:
    """One place where a concept is named."""

    start: int
    end: int
    text: str

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


Sightings = Mapping[str, tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A phrase of one concept: its words, the last of which may be a beginning only."""

    concept: str
    words: tuple[str, ...]
    is_prefix: bool
    is_exception: bool
    language: str  # empty for every language


@dataclass(slots=True)
class Lexicon:
    """All concepts, indexed by the first word of each phrase; spaceless scripts by substring."""

    revision: str
    _by_word: dict[str, list[_Entry]] = field(default_factory=dict)
    _by_prefix: dict[str, list[_Entry]] = field(default_factory=dict)
    _anywhere: list[_Entry] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path = CONCEPTS_FILE, *, gated: bool = False) -> Lexicon:
        """Read the lexicon; raises `ClassifierError` when the file is missing or no such TOML.

        `gated`: every phrase counts in texts of its own language only, as those marked "~" always do.
        """
        try:
            content = path.read_bytes()
            concepts = tomllib.loads(content.decode())
        except (OSError, ValueError) as wrong:
            raise ClassifierError(f"lexicon: cannot read {path.name}: {wrong}; restore the file") from wrong
        lexicon = cls(revision=hashlib.sha256(content).hexdigest())
        for concept, languages in concepts.items():
            for language, text in languages.items():
                for phrase in text.split(","):
                    lexicon._add(concept, language, phrase.strip(), gated=gated)
        return lexicon

    def sightings(self, folded: str, *, language: str) -> Sightings:
        """Every concept named in `folded`, with its places; everyday phrases taken out."""
        found: dict[str, list[Span]] = {}
        excused: dict[str, list[Span]] = {}
        for entry, span in self._matches(folded):
            if entry.language in ("", language):
                (excused if entry.is_exception else found).setdefault(entry.concept, []).append(span)
        kept = {
            concept: tuple(span for span in spans if not any(span.overlaps(e) for e in excused.get(concept, ())))
            for concept, spans in found.items()
        }
        return {concept: spans for concept, spans in kept.items() if spans}

    def _add(self, concept: str, language: str, phrase: str, *, gated: bool) -> None:
        is_exception, phrase = phrase.startswith("!"), phrase.removeprefix("!")
        gated, phrase = gated or phrase.startswith("~"), phrase.removeprefix("~")
        is_prefix, folded = phrase.endswith("*"), fold(phrase.removesuffix("*"))
        words = tuple(match.group() for match in _WORD.finditer(folded))
        if not words:
            raise ClassifierError(f"lexicon: {concept}.{language} has an entry without a word: {phrase!r}")
        entry = _Entry(concept, words, is_prefix, is_exception, language if gated else "")
        if not has_spaces_between_words(folded):
            self._anywhere.append(_Entry(concept, (folded,), False, is_exception, entry.language))
        elif is_prefix and len(words) == 1:
            self._by_prefix.setdefault(words[0], []).append(entry)
        else:
            self._by_word.setdefault(words[0], []).append(entry)

    def _matches(self, folded: str) -> Iterator[tuple[_Entry, Span]]:
        words = [(match.group(), match.start(), match.end()) for match in _WORD.finditer(folded)]
        for at, (word, start, end) in enumerate(words):
            for form in _forms(word):
                for entry in self._beginning_with(form):
                    if (stop := _end_of(entry, form, words, at)) is not None:
                        yield entry, Span(start, stop, folded[start:stop])
                if "-" in form or "'" in form:
                    yield from self._inside(form, start, end)
            if len(word) >= _RUN_TOGETHER:
                yield from self._within(word, start)
        if not has_spaces_between_words(folded):
            yield from self._anywhere_in(folded)

    def _beginning_with(self, word: str) -> Iterator[_Entry]:
        yield from self._by_word.get(word, ())
        for length in range(2, len(word) + 1):
            yield from self._by_prefix.get(word[:length], ())

    def _inside(self, word: str, start: int, end: int) -> Iterator[tuple[_Entry, Span]]:
        """Phrases of one word within a hyphenated or elided word: "blood-covered", "l'enfant"."""
        for part in re.split(r"['’\-]", word):
            for entry in self._beginning_with(part):
                if len(entry.words) == 1 and len(part) > 2:
                    yield entry, Span(start, end, word)

    def _within(self, word: str, start: int) -> Iterator[tuple[_Entry, Span]]:
        """Longer words anywhere in a run of letters too long to be one word."""
        for at in range(len(word)):
            for length in range(_WITHIN_FROM, min(_WITHIN_TO, len(word) - at) + 1):
                part = word[at : at + length]
                for entry in (*self._by_word.get(part, ()), *self._by_prefix.get(part, ())):
                    if len(entry.words) == 1:
                        yield entry, Span(start + at, start + at + length, part)

    def _anywhere_in(self, folded: str) -> Iterator[tuple[_Entry, Span]]:
        for entry in self._anywhere:
            at = folded.find(entry.words[0])
            if at >= 0:
                yield entry, Span(at, at + len(entry.words[0]), entry.words[0])


def _forms(word: str) -> Iterable[str]:
    """The word, and for Arabic the word without its article and one-letter prefixes."""
    yield word
    if (stem := _ARABIC_PREFIX.sub("", word)) != word:
        yield stem


def _end_of(entry: _Entry, form: str, words: list[tuple[str, int, int]], at: int) -> int | None:
    """Where the phrase ends if its words follow one another from `at`, else None."""
    if at + len(entry.words) > len(words):
        return None
    for offset in range(1, len(entry.words)):
        wanted, is_last = entry.words[offset], offset == len(entry.words) - 1
        given = words[at + offset][0]
        same = any(f.startswith(wanted) if entry.is_prefix and is_last else f == wanted for f in _forms(given))
        if not same:
            return None
    return words[at + len(entry.words) - 1][2]
