"""Ways a text is disguised to get past a screen, made by code, so that recall under disguise can be measured.

The counterpart of `moderation.normalise`, and not its inverse: a disguise is written as people write it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_LEET = str.maketrans("oieast", "013457")
_LOOKALIKES = str.maketrans("aeopcx", "аеорсх")  # Latin to Cyrillic


@dataclass(frozen=True, slots=True)
class Disguise:
    """One disguise. `wanted`: the least share of the recall of plain texts that must be left under it."""

    name: str
    hide: Callable[[str], str]
    wanted: float


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _stretched(text: str) -> str:
    return " ".join(word[:-1] + word[-1] * 4 if len(word) > 3 else word for word in text.split())


DISGUISES = (
    Disguise("leet", lambda text: text.translate(_LEET), 0.95),
    Disguise("zero-width spaces", "\u200b".join, 0.95),
    Disguise("look-alike letters", lambda text: text.translate(_LOOKALIKES), 0.95),
    Disguise("soft hyphens", "\u00ad".join, 0.95),
    Disguise("full-width letters", _full_width, 0.95),
    Disguise("capitals", str.upper, 0.95),
    Disguise("stretched letters", _stretched, 0.95),
    Disguise("stacked marks", lambda text: "".join(c + "\u0336" if c.isalpha() else c for c in text), 0.95),
    Disguise("dotted words", lambda text: " ".join(".".join(word) for word in text.split()), 0.70),
    Disguise("dotted through", lambda text: ".".join(text.replace(" ", "")), 0.70),
)
