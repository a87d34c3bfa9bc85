"""What became of each change that was tried, kept in a file, so that a run that was stopped goes on where it was.

A change that was noticed is not tried again as long as its module and the test that noticed it stay as they are; one
that nobody noticed always is.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path


class Fate(StrEnum):
    """What became of a change."""

    NOTICED = "noticed"
    """A test failed, or did not end."""
    SURVIVED = "survived"
    UNREACHED = "unreached"
    """No test runs the changed statement."""
    EQUIVALENT = "equivalent"
    """It changes nothing that anybody could see; named with a reason in `subjects`."""
    NOT_MADE = "not made"
    """It could not be made in a process that runs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change that was tried: what it says, and which test noticed it, if any did."""

    mutant: str
    path: str
    line: int
    shown: str
    fate: Fate
    by: str = ""
    seconds: float = 0.0
    module: str = ""
    """The digest of the module's text."""
    test: str = ""
    """The digest of the test's own text."""

    @property
    def counts(self) -> bool:
        """Whether the score is about it."""
        return self.fate not in (Fate.EQUIVALENT, Fate.NOT_MADE)


class Memory:
    """The outcomes so far, by change."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, Outcome] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                kept = json.loads(line)
                self._known[kept["mutant"]] = Outcome(**{**kept, "fate": Fate(kept["fate"])})

    def keep(self, outcome: Outcome) -> None:
        """Remember it, on the disk too."""
        self._known[outcome.mutant] = outcome
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")

    def standing(self, mutant: str, *, module: str, tests: dict[str, str]) -> Outcome | None:
        """What is known and still holds: `tests` are the digests of the tests by name."""
        known = self._known.get(mutant)
        if known is None or known.module != module or known.fate != Fate.NOTICED:
            return None
        return known if tests.get(known.by, "") == known.test else None


def digest(text: str) -> str:
    """A short name for a text."""
    return sha256(text.encode()).hexdigest()[:16]
