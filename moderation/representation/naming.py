"""Who a prompt names: one role and one group, read from its words by a lexicon, for counting.

Not a judge of anybody: it says what the *words* name, and a prompt that names a farmer and no group is the one from
which a model chooses by itself. Words the lexicon lacks are not found, so a share is of what was found.

Invariants: a prompt that names nobody gives nothing; several roles, or more than two groups, are told as "several".
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from moderation.concepts import Lexicon
from moderation.normalise import fold, normalise

PEOPLE_FILE = Path(__file__).parents[1] / "lexicon" / "people.toml"
UNMARKED = "unmarked"  # the marker of a prompt that names people and no group of them
SOMEBODY, SEVERAL = "somebody", "several"
_GROUP, _ROLE = "group: ", "role: "
_MOST_GROUPS = 2


@dataclass(frozen=True, slots=True)
class Named:
    """What a prompt names: a role, `somebody` or `several`; a group, two joined by "and", `several` or `unmarked`."""

    role: str
    marker: str


class Naming:
    """Reads prompts. Loaded once; may be shared by threads."""

    def __init__(self, lexicon: Lexicon) -> None:
        """`lexicon`: concepts whose names begin with what they are, a group or a role, and `person`."""
        self._lexicon = lexicon
        self.revision = lexicon.revision

    @classmethod
    def load(cls, path: Path = PEOPLE_FILE) -> Naming:
        """Read the lexicon of this package; raises `ClassifierError` when it is missing or damaged."""
        return cls(Lexicon.load(path, gated=True))

    def read(self, prompt: str, *, language: str) -> Named | None:
        """Whom `prompt`, written in `language` (ISO 639-1), names; None where it names nobody."""
        seen = self._lexicon.sightings(fold(normalise(prompt).text or prompt), language=language)
        if not seen:
            return None
        roles = sorted(name.removeprefix(_ROLE) for name in seen if name.startswith(_ROLE))
        groups = sorted(name.removeprefix(_GROUP) for name in seen if name.startswith(_GROUP))
        role = SOMEBODY if not roles else roles[0] if len(roles) == 1 else SEVERAL
        marker = UNMARKED if not groups else " and ".join(groups) if len(groups) <= _MOST_GROUPS else SEVERAL
        return Named(role, marker)
