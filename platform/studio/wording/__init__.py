"""What things are called on the pages, in plain words of the reader's language.

Not the words of states and verdicts, which stand beside their stamps (templatetags/stamps.py). An unknown name is shown
as it is; nothing here decides anything.
"""

from studio.wording.deeds import DEEDS, deed
from studio.wording.names import (
    ANSWERS,
    EXPECTATIONS,
    MARKERS,
    MATTERS,
    answered,
    category,
    invariant,
    licence,
    part,
    screen,
)
from studio.wording.rows import COLUMNS, REGISTERS, THINGS, thing
from studio.wording.sentences import REASONS_KEPT, SENTENCES, TRIALS_KEPT, read_out

__all__ = [
    "ANSWERS",
    "COLUMNS",
    "DEEDS",
    "EXPECTATIONS",
    "MARKERS",
    "MATTERS",
    "REASONS_KEPT",
    "REGISTERS",
    "SENTENCES",
    "THINGS",
    "TRIALS_KEPT",
    "answered",
    "category",
    "deed",
    "invariant",
    "licence",
    "part",
    "read_out",
    "screen",
    "thing",
]
