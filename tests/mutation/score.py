"""What a run says: how many of how many changes were noticed, by module and together, and which were not."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.mutation.memory import Fate, Outcome
from tests.mutation.subjects import Subject
from tests.promises.figure import Figure, judged

GOAL = 0.85


@dataclass(frozen=True, slots=True)
class Score:
    """Of `tried` changes that count, `noticed` were noticed."""

    noticed: int
    tried: int

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> "Score":
        """The score of what was tried."""
        counted = [one for one in outcomes if one.counts]
        return cls(sum(one.fate == Fate.NOTICED for one in counted), len(counted))

    @property
    def share(self) -> float:
        """From 0 to 1; 1 where nothing was tried."""
        return self.noticed / self.tried if self.tried else 1.0

    def __str__(self) -> str:
        """In words."""
        return f"{self.share:.1%} of {self.tried:,}"


def figure(subjects: Sequence[Subject], outcomes: Sequence[Outcome], there: int, *, failing: int = 0) -> Figure:
    """What the table of promises says of it; `there` are all changes that could be tried.

    `failing` is how many tests fail without any change, which is no good whatever the score.
    """
    parts = [f"{one.name} {Score.of(_of(one, outcomes))}" for one in subjects]
    score = Score.of(outcomes)
    words = f"mutation score {score.share:.1%}: {score.noticed:,} of {score.tried:,} changes noticed"
    words += f" ({', '.join(parts)}), drawn from {there:,}"
    words += f"; {failing} tests fail without a change" if failing else ""
    return judged(words, good=score.share >= GOAL and score.tried > 0 and not failing, enough=len(outcomes) >= there)


def report(subjects: Sequence[Subject], outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The score by module, what was left out, and every survivor with its place and change."""
    for subject in subjects:
        for path in subject.modules:
            yield f"{subject.name:8} {path:40} {Score.of(one for one in outcomes if one.path == path)}"
        yield f"{subject.name:8} {'together':40} {Score.of(_of(subject, outcomes))}"
    for fate in (Fate.NOT_MADE, Fate.EQUIVALENT):
        yield f"{fate}: {sum(one.fate == fate for one in outcomes)}"
    for one in sorted(outcomes, key=lambda one: (one.path, one.line)):
        if one.fate in (Fate.SURVIVED, Fate.UNREACHED):
            yield f"{one.fate}: {one.path}:{one.line}: {one.shown}"


def _of(subject: Subject, outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [one for one in outcomes if one.path in subject.modules]
