"""Named places where a test may make the process die, as a power cut would.

`FAULT_POINT=name:probability` (several separated by commas) arms them; unset, `fault` does nothing. A fault is
SIGKILL to this very process: no handler runs, no transaction is closed politely. Refused by a system check when
DEBUG is off.
"""

import os
import secrets
import signal

from django.conf import settings

POINTS = frozenset(
    {
        "submit before commit",
        "submit after commit",
        "after claim",
        "during generation",
        "after generation",
        "after output check",
        "blob half written",
        "blob before rename",
        "blob after rename",
        "signed before store",
        "stored before intent",
        "intent before append",
        "appended before recorded",
        "recorded before notify",
        "decision before append",
        "release signed before store",
        "release stored before intent",
        "release appended before published",
        "rendition signed before store",
        "rendition stored before intent",
        "rendition appended before shown",
        "checkpoint before publish",
        "checkpoint half written",
        "erasure before removal",
        "erasure before tombstone",
    }
)


def armed() -> dict[str, float]:
    """The armed points and their probabilities. Raises ValueError for a point that does not exist."""
    points: dict[str, float] = {}
    for part in filter(None, settings.FAULT_POINT.split(",")):
        name, _, probability = part.partition(":")
        if name not in POINTS:
            raise ValueError(f"FAULT_POINT names {name!r}; the points are: {', '.join(sorted(POINTS))}.")
        points[name] = float(probability or 1)
    return points


def fault(name: str) -> None:
    """Die here, with the armed probability."""
    if not settings.FAULT_POINT:
        return
    if secrets.SystemRandom().random() < armed().get(name, 0.0):
        os.kill(os.getpid(), signal.SIGKILL)
