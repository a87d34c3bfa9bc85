"""`python -m tests.provenance.tampering`: commit every kind of tampering, and tell what finds it and what is named."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from provenance.benchmark.databases import embedded_postgresql
from provenance.benchmark.tables import write_between_marks
from provenance.keys import CheckpointKey, TrustStore, create_authority, create_time_authority, files
from provenance.ledger import AuditReport, Ledger, create_tables
from provenance.ledger.engines import administrator_engine
from provenance.timestamps import TimeStampAuthority
from provenance.timestamps.stamps import token_of
from tests.provenance.office import LOG, PASSPHRASE
from tests.provenance.tampering.crimes import KINDS
from tests.provenance.tampering.scene import CHECKPOINT, SIZE, STAMPED, Scene, drop_triggers, fill
from tests.provenance.test_timestamps import query


@dataclass(frozen=True, slots=True)
class Finding:
    """What an audit of one kind of tampering said, without and with the copies from elsewhere."""

    title: str
    inside: AuditReport
    outside: AuditReport

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        if self.outside.ok:
            return self.title, "", "**not found**", ""
        first = self.outside.problems[0]
        seen = next((item for item in self.inside.problems if item.sequence == first.sequence), None)
        named = f"entry {first.sequence}" if first.sequence is not None else "none: the entries are as they were"
        return self.title, "the ledger itself" if seen else "the copies kept elsewhere", named, first.reason


def main() -> int:
    """Commit them all; 0 if every one was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.provenance.tampering",
        description=__doc__,
        epilog="example: python -m tests.provenance.tampering --write docs/provenance.md",
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into a document, between its marks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, embedded_postgresql() as server:
        urls = [f"sqlite:///{Path(folder) / 'ledger.sqlite3'}", *([server] if server else [])]
        told = [list(findings(url, Path(folder) / f"keys-{number}")) for number, url in enumerate(urls)]
    rows = [each.cells() for each in told[0]]
    if any([each.cells()[:3] for each in others] != [row[:3] for row in rows] for others in told[1:]):
        raise SystemExit("the two databases do not agree")
    databases = "SQLite and PostgreSQL, with the same result" if server else "SQLite alone"
    text = (
        f"{len(rows)} kinds on {databases}, in a log of {SIZE} entries with checkpoints of {CHECKPOINT}, {STAMPED} and"
    )
    text += f" {SIZE} and a time-stamp over the one of {STAMPED}.\n\n{table(rows)}"
    sys.stdout.write(f"{text}\n")
    if options.write:
        write_between_marks(options.write, text, mark="tampering")
    return 1 if any(each.outside.ok for each in told[0]) else 0


def findings(url: str, folder: Path) -> Iterator[Finding]:
    """Each kind in a transaction that is rolled back."""
    with scene(url, folder) as place:
        for kind in KINDS:
            kind.commit(place)
            yield Finding(kind.title, place.audit(), place.audit(outside=place.outside))
            place.intruder.rollback()


@contextmanager
def scene(url: str, folder: Path) -> Iterator[Scene]:
    """A filled ledger without triggers, with keys of its own."""
    now = datetime.now(UTC).replace(microsecond=0)
    for name in ("ours", "forged"):
        create_authority(folder / name, organisation="Health Office", passphrase=PASSPHRASE, now=now)
    create_time_authority(folder / "clock", name="Test Clock", passphrase=PASSPHRASE, now=now)
    clock = TimeStampAuthority.load(folder / "clock", passphrase=PASSPHRASE)
    key = CheckpointKey.load(folder / "ours", passphrase=PASSPHRASE)
    create_tables(url)
    with closing(Ledger(url)) as ledger:
        kept = fill(ledger, key, lambda text: token_of(clock.answer(query(text), now=now, serial=1)), now=now)
    with administrator_engine(url) as engine:
        with engine.begin() as connection:
            drop_triggers(connection)
        with engine.connect() as connection:
            yield Scene(
                connection,
                TrustStore.load(folder / "ours").checkpoint_keys(LOG),
                (folder / "clock" / files.TIME_ROOT).read_bytes(),
                kept,
                CheckpointKey.load(folder / "forged", passphrase=PASSPHRASE),
                now,
            )


def table(rows: list[tuple[str, ...]]) -> str:
    """The rows in Markdown."""
    headings = ("what is done", "found by", "first one named", "what is said of it")
    return "\n".join(f"| {' | '.join(row)} |" for row in [headings, ("---",) * len(headings), *rows])


if __name__ == "__main__":
    sys.exit(main())
