"""`python -m tests.mutation`: see the package. Exit status 1 where the score is under the goal or nothing was tried."""

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.mutation.making import ROOT, Mutant, mutants
from tests.mutation.memory import Fate, Memory, Outcome, digest
from tests.mutation.score import figure, report
from tests.mutation.session import Attempt, Warm
from tests.mutation.subjects import EQUIVALENT, SUBJECTS, Subject
from tests.promises.figure import hand_over


@dataclass(slots=True)
class Run:
    """Changes in the order in which they are tried, each with its subject, and what became of those that were."""

    drawn: list[tuple[Subject, Mutant]]
    ends: float
    memory: Memory
    outcomes: list[Outcome] = field(default_factory=list)

    def __call__(self, warm: Warm) -> None:
        """Try them, until the time is over."""
        texts = warm.texts()
        for subject, mutant in self.drawn:
            if time.monotonic() > self.ends:
                break
            module = digest(mutant.whole.code)
            outcome = self.memory.standing(mutant.name, module=module, tests=texts)
            if outcome is None:
                outcome = _tried(warm, subject, mutant, texts)
                self.memory.keep(outcome)
            self.outcomes.append(outcome)


def main() -> int:
    """Draw, try and tell."""
    options = _options()
    every = [(one, mutant) for one in SUBJECTS for path in one.modules for mutant in mutants(path)]
    # The order is the seed's alone: a larger sample holds the smaller, and a part of the subjects its part of it.
    every.sort(key=lambda one: digest(f"{options.seed} {one[1].name}"))
    subjects = [one for one in SUBJECTS if not options.only or one.name in options.only]
    drawn = [one for one in every[: options.sample] if one[0] in subjects]
    run = Run(drawn, time.monotonic() + 60 * options.minutes, Memory(options.folder / "outcomes.jsonl"))
    warm = Warm([path for one in subjects for path in one.modules], run)
    settings = ["-q", "-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none"]
    pytest.main([*settings, *(str(ROOT / name) for one in subjects for name in one.tests)], plugins=[warm])
    lines = [
        *report(subjects, run.outcomes),
        *(f"fails without a change, and counts for nothing: {one}" for one in warm.failing),
        *(f"fails in a fork, and counts for nothing: {one}" for one in warm.unsound),
    ]
    if len(run.outcomes) < len(drawn):
        lines.append(f"stopped after {len(run.outcomes)} of {len(drawn)}; the same command goes on from here")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    there = sum(one[0] in subjects for one in every)
    return hand_over(figure(subjects, run.outcomes, there, failing=len(warm.failing)))


def _tried(warm: Warm, subject: Subject, mutant: Mutant, texts: dict[str, str]) -> Outcome:
    after = mutant.source()
    shown = mutant.shown(after)
    tests = warm.tests(mutant, subject.tests)
    attempt = Attempt()
    if (mutant.path, shown) in EQUIVALENT:
        fate = Fate.EQUIVALENT
    elif not tests:
        fate = Fate.UNREACHED
    else:
        attempt = warm.attempt(mutant, after, tests)
        fate = Fate.NOT_MADE if attempt.not_made else Fate.NOTICED if attempt.failed else Fate.SURVIVED
    return Outcome(
        mutant.name,
        mutant.path,
        mutant.line,
        shown,
        fate,
        by=attempt.failed or attempt.not_made,
        seconds=attempt.seconds,
        module=digest(mutant.whole.code),
        test=texts.get(attempt.failed, ""),
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description="Whether the tests notice a small change in what the promises rest on.",
        epilog="example: python -m tests.mutation --only policy --sample 500 --seed 1 --minutes 9",
    )
    parser.add_argument("--only", choices=[one.name for one in SUBJECTS], nargs="+", help="these subjects alone")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of all changes, instead of each")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop after so long; the next run goes on")
    parser.add_argument("--folder", type=Path, default=Path("var/mutation"), help="of what is known (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
