"""What a prompt shows, apart from how it should look: the same text without its words on style.

Not a parser of prompts. "a bloody corpse, oil painting, 8k, trending on artstation" is mostly about style, and a
sentence encoder reads it so; this module gives the reading "a bloody corpse", which is screened *beside* the whole
text, never instead of it. Segments are cut at commas and full stops; one is style when all its words are.

Invariant: the answer is made of segments of the text, in their order and fewer of them, or it is nothing.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moderation.errors import ClassifierError
from moderation.normalise import fold

STYLE_FILE = Path(__file__).parent / "lexicon" / "style.toml"
_SEGMENTS = re.compile(r"[,;|:\[\](){}]+|\.(?:\s|$)|\s[-–—]\s|[，。；、：،؛]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Style:
    """The vocabulary of style, folded. `manner` are beginnings of segments that name a maker."""

    words: frozenset[str]
    fillers: frozenset[str]
    manner: tuple[str, ...]

    @classmethod
    def load(cls, path: Path = STYLE_FILE) -> Style:
        """Read the vocabulary; raises `ClassifierError` when the file is missing or malformed."""
        try:
            lists = tomllib.loads(path.read_text(encoding="utf-8"))
            words, fillers = (frozenset(fold(lists[name]).split()) for name in ("words", "fillers"))
            manner = tuple(f"{fold(phrase).strip()} " for phrase in lists["manner"].split(",") if phrase.strip())
        except (OSError, ValueError, KeyError, AttributeError) as wrong:
            raise ClassifierError(f"style: cannot read {path.name}: {wrong!r}; restore the file") from wrong
        return cls(words, fillers, manner)

    def covers(self, segment: str) -> bool:
        """Whether a segment says only how the picture should look."""
        folded = fold(segment).strip(" '\"")
        if f"{folded} ".startswith(self.manner):
            return True
        return all(word in self.words or word in self.fillers for word in _WORD.findall(folded))


@cache
def bundled_style() -> Style:
    """The vocabulary of this package, read once."""
    return Style.load()


def content(text: str, style: Style | None = None) -> str:
    """The segments of `text` that say what is shown; an empty string when none or all of them do."""
    style = style or bundled_style()
    segments = [segment.strip() for segment in _SEGMENTS.split(text) if segment.strip()]
    shown = [segment for segment in segments if not style.covers(segment)]
    return ", ".join(shown) if 0 < len(shown) < len(segments) else ""
