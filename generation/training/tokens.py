"""The canonical alphabet of captions: what a prompt says, with the language taken away.

A caption in any language is reduced by the tokenizer to a short row of these tokens, and the text encoder is trained on
the rows. Words of different languages that mean the same are the same tokens, so every language draws alike.

A concept is said in PARTS tokens, one for each part of the canvas: what a transformer has to know about the upper left
of a cow then stands in a row of its own, to which the patches there attend, and drawing it is the same small task in
every place (compare the several vectors a concept of textual inversion, Gal et al. 2022).

Invariants:
- ids depend on the declared concepts alone, never on words or languages;
- SPARE names at the end are untrained and wait for concepts that an organisation adds by fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from generation.training.concepts import FIELDS, GENDERS, PEOPLE, TONES, people_slugs

PAD, UNKNOWN, START = 0, 1, 2
CONTROL = ("[PAD]", "[UNK]", "[CLS]")
RELATIONS = ("and", "two", "small", "left", "right", "top", "bottom")
STYLE_NAMES = ("flat", "noto")
COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "grey": (168, 170, 176),
    "black": (34, 34, 40),
    "red": (214, 64, 60),
    "orange": (244, 150, 62),
    "yellow": (250, 219, 94),
    "green": (88, 172, 96),
    "blue": (58, 108, 206),
    "light-blue": (152, 206, 244),
    "purple": (138, 92, 188),
    "pink": (246, 168, 196),
    "brown": (140, 100, 72),
}
SPARE = 32
PARTS_A_SIDE = 4
PARTS = PARTS_A_SIDE**2


@dataclass(frozen=True, slots=True)
class Alphabet:
    """What each name is said in. Names look like "concept:farmer/woman", "style:flat", "tone:dark" or "and".

    `tokens` has the ids by name: PARTS for a concept and a spare, one for everything else; `size` is their number.
    """

    names: tuple[str, ...]
    tokens: dict[str, range]

    @property
    def size(self) -> int:
        """Number of ids, and of rows of an embedding table."""
        return self.tokens[self.names[-1]].stop

    def name_of(self, token: int) -> str:
        """Return the name that a token is part of."""
        return next(name for name in self.names if token in self.tokens[name])

    def caption(self, names: Iterable[str]) -> list[int]:
        """Say names in tokens, behind the start token."""
        return [START, *(token for name in names for token in self.tokens[name])]

    @classmethod
    def of(cls, names: Iterable[str]) -> Alphabet:
        """Number the tokens of `names` in their order."""
        names = tuple(names)
        tokens: dict[str, range] = {}
        start = 0
        for name in names:
            tokens[name] = range(start, start + (PARTS if name.startswith(("concept:", "spare:")) else 1))
            start = tokens[name].stop
        return cls(names, tokens)

    @classmethod
    def declared(cls) -> Alphabet:
        """Build the alphabet of all declared concepts, in a fixed order."""
        names = [*CONTROL, *RELATIONS]
        names += [f"style:{name}" for name in STYLE_NAMES] + [f"colour:{name}" for name in COLOURS]
        names += [f"tone:{name}" for name in TONES]
        for field in FIELDS:
            names += [f"concept:{slug}" for slug in FIELDS[field].split()]
            for concept in PEOPLE[field].split():
                genders = [gender for gender in GENDERS if gender in people_slugs(concept)]
                names += [f"concept:{concept}/{gender}" for gender in genders]
        names += [f"spare:{index}" for index in range(SPARE)]
        return cls.of(names)

    def extended(self, concepts: tuple[str, ...]) -> Alphabet:
        """Return the alphabet in which `concepts` have taken the first spare names; at most SPARE of them."""
        if len(concepts) > SPARE:
            raise ValueError(f"concepts: a model can learn at most {SPARE} more, not {len(concepts)}")
        first = len(self.names) - SPARE
        names = [
            *self.names[:first],
            *(f"concept:{concept}" for concept in concepts),
            *self.names[first + len(concepts) :],
        ]
        return Alphabet.of(names)


def subject_name(concept: str, gender: str) -> str:
    """Return the alphabet's name of a concept in one gender ("" for what has none)."""
    return f"concept:{concept}/{gender}" if gender else f"concept:{concept}"
