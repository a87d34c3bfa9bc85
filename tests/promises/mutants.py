"""Promise 22, first half: four mistakes that would break the promises, made on purpose, and whether somebody notices.

`python -m tests.promises.mutants`: each mistake is made in a copy of the tree, and the fault drill is run there, which
must fail; before that it is run on an unchanged copy, where it must not.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.production.engines import ROOT
from tests.promises.figure import Figure, hand_over, judged

LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "var", ".*_cache", ".hypothesis", "__pycache__", "tour", "pictures")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake: what is written instead of what, by file, and the module that should notice."""

    name: str
    changes: tuple[tuple[str, str, str], ...]
    noticed_by: tuple[str, ...]


DRILL = ("tests.faults.harness", "--json", "--point")
QUEUE = ("pytest", "-q", "-x", "tests/studio/test_queue.py")
FINISHING = "platform/studio/jobs/finishing.py"
MUTANTS = (
    Mutant(
        "no fence",
        (("platform/studio/claims.py", "    if fence is not None:\n        rows = rows.filter(token=fence)\n", ""),),
        QUEUE,
    ),
    Mutant(
        "no unique id",
        (
            ("provenance/ledger/store.py", "if known is not None:", "if known is not None and not known:"),
            ("provenance/ledger/tables.py", '    UniqueConstraint("entry_id", name="ledger_entry_id"),\n', ""),
            ("provenance/ledger/tables.py", " OR entry_id = NEW.entry_id", ""),
        ),
        (*DRILL, "appended before recorded"),
    ),
    Mutant(
        "visible before the ledger",
        (
            (FINISHING, "    intent = settle(intent, at=at)\n", ""),
            (
                FINISHING,
                "sequence=intent.sequence,\n            leaf=intent.leaf",
                "sequence=0,\n            leaf='0' * 64",
            ),
        ),
        (*DRILL, "after claim"),
    ),
    Mutant(
        "no intent row",
        (
            (
                FINISHING,
                '    intent = LedgerIntent.objects.get(row=str(picture.pk), kind="picture")\n',
                '    intent = LedgerIntent.objects.get(row=str(picture.pk), kind="picture")\n'
                "    intent.delete()\n"
                '    intent = intend(log=intent.log, kind="picture", row=picture.pk, at=at, record=picture.record,'
                ' asset={"sha256": picture.sha256, "pixel_sha256": picture.pixel_sha256,'
                ' "media_type": picture.media_type}, body=picture_body(picture))\n',
            ),
        ),
        (*DRILL, "appended before recorded"),
    ),
)


def main() -> int:
    """Make each mistake, and say who noticed."""
    return hand_over(bitten())


def bitten() -> Figure:
    """How many of the mistakes were noticed, by what passes without them."""
    noticed, missed = [], []
    commands = {mutant.noticed_by for mutant in MUTANTS}
    sound = all(not failed(None, command) for command in sorted(commands))
    for mutant in MUTANTS:
        (noticed if failed(mutant, mutant.noticed_by) else missed).append(mutant.name)
    words = f"{len(noticed)} of {len(MUTANTS)} mistakes noticed ({', '.join(noticed)})"
    words += f"; missed: {', '.join(missed)}" if missed else ""
    words += "" if sound else "; but the drill fails without a mistake too"
    return judged(words, good=not missed and sound)


def failed(mutant: Mutant | None, command: tuple[str, ...]) -> bool:
    """Whether the command fails in a copy of the tree with the mistake in it."""
    with tempfile.TemporaryDirectory(prefix="imprimatur-mutant-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT, symlinks=True)
        for name, before, after in mutant.changes if mutant else ():
            text = (tree / name).read_text(encoding="utf-8")
            if before not in text:
                raise LookupError(f"{name} has changed: {before!r} is not in it any more")
            (tree / name).write_text(text.replace(before, after), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tree, env={**os.environ}, capture_output=True, check=False
        )
    return done.returncode != 0


if __name__ == "__main__":
    raise SystemExit(main())
