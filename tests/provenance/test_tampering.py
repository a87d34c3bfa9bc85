"""Every way to change a ledger behind its triggers is found, and the first bad entry is named.

The intruder here has full rights on the database: the triggers are dropped first. What no hash inside the database can
show (a log rewritten as a whole, or cut short with its checkpoints) shows against a checkpoint kept elsewhere.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, delete, insert, select, text, update

from provenance.errors import LedgerConflictError
from provenance.keys import CheckpointKey, TrustStore, create_authority
from provenance.keys.notes import VerifierKey
from provenance.ledger import AuditReport, Ledger, LedgerEntry, create_tables, merkle, tables
from provenance.ledger.audit import Auditor
from provenance.ledger.checkpoints import Checkpoint
from provenance.ledger.engines import parse_url
from tests.provenance.conftest import NOW, new_schema
from tests.provenance.office import PASSPHRASE
from tests.provenance.test_ledger import LOG, entry

SIZE, CHECKPOINT = 11, 8
ENTRIES, NODES, CHECKPOINTS = tables.entries.c, tables.nodes.c, tables.checkpoints.c


def fill(ledger: Ledger, key: CheckpointKey) -> str:
    """Eleven entries with a checkpoint after eight, and one, returned, after all."""
    for number in range(CHECKPOINT):
        ledger.append(entry(number))
    ledger.checkpoint(LOG, key, now=NOW)
    for number in range(CHECKPOINT, SIZE):
        ledger.append(entry(number))
    return ledger.checkpoint(LOG, key, now=NOW)


@dataclass(frozen=True, slots=True)
class Scene:
    """A filled ledger without triggers: the intruder's connection, the trusted keys, the checkpoint kept elsewhere."""

    intruder: Connection
    keys: tuple[VerifierKey, ...]
    outside: str

    def audit(self, *, outside: str | None = None) -> AuditReport:
        """What an auditor sees of what the intruder did, committed or not."""
        return Auditor(self.intruder, LOG, self.keys, outside).run()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, checkpoint_key: CheckpointKey
) -> Iterator[tuple[Engine, str]]:
    """One filled ledger on each kind of database, its triggers dropped."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('tampering') / 'ledger.sqlite3'}"
    else:
        url = new_schema(request.getfixturevalue("postgresql"))
    create_tables(url)
    ledger = Ledger(url)
    outside = fill(ledger, checkpoint_key)
    ledger.close()
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        drop_triggers(connection)
    yield engine, outside
    engine.dispose()


@pytest.fixture
def scene(filled: tuple[Engine, str], trust: TrustStore) -> Iterator[Scene]:
    """The scene of a crime that is undone afterwards."""
    engine, outside = filled
    with engine.connect() as connection:
        yield Scene(connection, trust.checkpoint_keys(LOG), outside)
        connection.rollback()


@pytest.fixture
def intruder(ledger: Ledger, ledger_url: str, checkpoint_key: CheckpointKey) -> Iterator[Connection]:
    """A connection without triggers to a filled ledger that stays open, for crimes that are committed."""
    fill(ledger, checkpoint_key)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        drop_triggers(connection)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def drop_triggers(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("DROP FUNCTION ledger_refuse CASCADE"))
        return
    for name in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
        connection.execute(text(f"DROP TRIGGER {name}"))


def rewrite(connection: Connection, sequence: int, canonical: bytes) -> None:
    row = tables.row(LedgerEntry.parse(sequence, canonical), sequence)
    connection.execute(update(tables.entries).where(ENTRIES.sequence == sequence).values(**row))


def edit(connection: Connection, sequence: int) -> None:
    rewrite(connection, sequence, entry(sequence, note="never happened"))


def edit_bytes_to_nonsense(connection: Connection, sequence: int) -> None:
    connection.execute(update(tables.entries).where(ENTRIES.sequence == sequence).values(canonical=b"nonsense"))


def edit_column(connection: Connection, sequence: int) -> None:
    connection.execute(update(tables.entries).where(ENTRIES.sequence == sequence).values(asset_sha256="ff" * 32))


def remove(connection: Connection, sequence: int) -> None:
    connection.execute(delete(tables.entries).where(ENTRIES.sequence == sequence))


def remove_and_close_the_gap(connection: Connection, sequence: int) -> None:
    remove(connection, sequence)
    for later in range(sequence + 1, SIZE):
        connection.execute(update(tables.entries).where(ENTRIES.sequence == later).values(sequence=later - 1))


def insert_before(connection: Connection, sequence: int) -> None:
    for later in reversed(range(sequence, SIZE)):
        connection.execute(update(tables.entries).where(ENTRIES.sequence == later).values(sequence=later + 1))
    row = tables.row(LedgerEntry.parse(sequence, entry(99)), sequence)
    connection.execute(insert(tables.entries).values(**row))


def swap_with_the_last(connection: Connection, sequence: int) -> None:
    mine, last = entry(sequence), entry(SIZE - 1)
    remove(connection, SIZE - 1)
    rewrite(connection, sequence, last)
    connection.execute(insert(tables.entries).values(**tables.row(LedgerEntry.parse(SIZE - 1, mine), SIZE - 1)))


def edit_leaf(connection: Connection, sequence: int) -> None:
    at = (NODES.level == 0) & (NODES.position == sequence)
    connection.execute(update(tables.nodes).where(at).values(hash=bytes(32)))


def remove_leaf(connection: Connection, sequence: int) -> None:
    connection.execute(delete(tables.nodes).where((NODES.level == 0) & (NODES.position == sequence)))


EXACT: list[Callable[[Connection, int], None]] = [
    edit, edit_bytes_to_nonsense, edit_column, remove, remove_and_close_the_gap, insert_before, swap_with_the_last,
    edit_leaf, remove_leaf,
]  # fmt: skip


@pytest.mark.parametrize("sequence", [0, 3, 8])
@pytest.mark.parametrize("tamper", EXACT, ids=lambda function: function.__name__)
def test_the_first_bad_entry_is_named(scene: Scene, tamper: Callable[[Connection, int], None], sequence: int) -> None:
    assert scene.audit(outside=scene.outside).ok
    tamper(scene.intruder, sequence)
    report = scene.audit()
    assert not report.ok
    assert report.problems[0].sequence == sequence
    assert report.problems[0].entry_id == named(scene.intruder, sequence)


def named(connection: Connection, sequence: int) -> UUID | None:
    found = connection.scalar(select(ENTRIES.entry_id).where(ENTRIES.sequence == sequence))
    return UUID(found) if found else None


def test_an_inner_hash_that_was_changed_is_found(scene: Scene) -> None:
    at = (NODES.level == 1) & (NODES.position == 2)
    scene.intruder.execute(update(tables.nodes).where(at).values(hash=bytes(32)))
    problem, *more = scene.audit().problems
    assert (problem.sequence, more) == (4, [])
    assert "4 to 5" in problem.reason


def recompute(connection: Connection) -> None:
    """Make every stored hash agree with the entries, as an intruder with patience would."""
    frontier = merkle.Frontier()
    connection.execute(delete(tables.nodes))
    canonical = connection.scalars(select(ENTRIES.canonical).order_by(ENTRIES.sequence)).all()
    for data in canonical:
        for (level, position), value in frontier.append(merkle.leaf_hash(bytes(data))):
            row = {"log": LOG, "level": level, "position": position, "hash": value}
            connection.execute(insert(tables.nodes).values(**row))


@pytest.mark.parametrize(("sequence", "first"), [(3, 0), (9, CHECKPOINT)])
def test_a_rewritten_tree_shows_against_the_checkpoints(scene: Scene, sequence: int, first: int) -> None:
    edit(scene.intruder, sequence)
    recompute(scene.intruder)
    problem = scene.audit().problems[0]
    assert problem.sequence == first, "the first entry that may be wrong: what lies before is vouched for"
    assert "checkpoint" in problem.reason


def test_forged_checkpoints_show_by_their_signature(scene: Scene, tmp_path: Path) -> None:
    create_authority(tmp_path / "forger", organisation="Health Office", passphrase=PASSPHRASE, now=NOW)
    forger = CheckpointKey.load(tmp_path / "forger", passphrase=PASSPHRASE)
    edit(scene.intruder, 3)
    recompute(scene.intruder)
    note = forger.sign_note(Checkpoint(LOG, SIZE, scene.audit().root).text())
    scene.intruder.execute(delete(tables.checkpoints))
    scene.intruder.execute(insert(tables.checkpoints).values(log=LOG, size=SIZE, at="", note=note))
    report = scene.audit()
    assert [problem.sequence for problem in report.problems] == [None]
    assert "signature" in report.problems[0].reason


def test_a_log_rewritten_without_its_checkpoints_shows_from_outside(scene: Scene) -> None:
    edit(scene.intruder, 3)
    recompute(scene.intruder)
    scene.intruder.execute(delete(tables.checkpoints))
    assert scene.audit().ok, "nothing inside can show it"
    report = scene.audit(outside=scene.outside)
    assert (report.ok, report.problems[0].sequence) == (False, 0)


def cut(connection: Connection, size: int) -> None:
    connection.execute(delete(tables.entries).where(ENTRIES.sequence >= size))


def test_a_log_that_was_cut_short_names_the_first_missing_entry(scene: Scene) -> None:
    cut(scene.intruder, 9)
    assert scene.audit().problems[0].sequence == 9
    recompute(scene.intruder)
    assert scene.audit().problems[0].sequence == 9
    scene.intruder.execute(delete(tables.checkpoints).where(CHECKPOINTS.size > 9))
    assert scene.audit().ok, "nothing inside can show it"
    assert scene.audit(outside=scene.outside).problems[0].sequence == 9


def test_a_checkpoint_is_not_signed_over_a_rewritten_log(
    ledger: Ledger, checkpoint_key: CheckpointKey, intruder: Connection, now: datetime
) -> None:
    edit(intruder, 9)
    recompute(intruder)
    intruder.commit()
    ledger.append(entry(50))
    with pytest.raises(LedgerConflictError, match="nothing was signed"):
        ledger.checkpoint(LOG, checkpoint_key, now=now)


def test_a_ledger_whose_tail_was_cut_refuses_the_next_entry(
    ledger: Ledger, intruder: Connection, checkpoint_key: CheckpointKey, now: datetime
) -> None:
    cut(intruder, 9)
    intruder.commit()
    with pytest.raises(LedgerConflictError):
        ledger.append(entry(50))
    recompute(intruder)
    intruder.commit()
    with pytest.raises(LedgerConflictError, match="no longer begins"):
        ledger.checkpoint(LOG, checkpoint_key, now=now)


def test_nothing_is_signed_after_a_damaged_checkpoint(
    ledger: Ledger, intruder: Connection, checkpoint_key: CheckpointKey, now: datetime
) -> None:
    intruder.execute(update(tables.checkpoints).values(note="nonsense"))
    intruder.commit()
    ledger.append(entry(50))
    with pytest.raises(LedgerConflictError, match="damaged"):
        ledger.checkpoint(LOG, checkpoint_key, now=now)


def test_an_old_copy_of_the_database_shows_from_outside(
    tmp_path: Path, checkpoint_key: CheckpointKey, trust: TrustStore, now: datetime
) -> None:
    file, backup = tmp_path / "ledger.sqlite3", tmp_path / "backup.sqlite3"
    create_tables(str(file))
    ledger = Ledger(str(file))
    for number in range(5):
        ledger.append(entry(number))
    ledger.checkpoint(LOG, checkpoint_key, now=now)
    ledger.close()
    shutil.copy(file, backup)
    for number in range(5, 7):
        ledger.append(entry(number))
    kept = ledger.checkpoint(LOG, checkpoint_key, now=now)
    ledger.close()
    shutil.copy(backup, file)
    assert ledger.audit(LOG, trust=trust).ok
    problem = ledger.audit(LOG, trust=trust, outside=kept).problems[0]
    assert (problem.sequence, "cut short" in problem.reason) == (5, True)
    ledger.close()


def drop_unique_ids(connection: Connection) -> None:
    """SQLite cannot alter a constraint away, so the table is made anew without it."""
    sql = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'ledger_entry'"))
    loose = str(sql).replace("ledger_entry ", "loose ", 1).replace("UNIQUE (entry_id)", "CHECK (entry_id <> '')")
    connection.execute(text(loose))
    connection.execute(text("INSERT INTO loose SELECT * FROM ledger_entry"))
    connection.execute(text("DROP TABLE ledger_entry"))
    connection.execute(text("ALTER TABLE loose RENAME TO ledger_entry"))


def test_the_same_entry_twice_is_found(scene: Scene) -> None:
    if scene.intruder.dialect.name == "postgresql":
        scene.intruder.execute(text("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_id"))
    else:
        drop_unique_ids(scene.intruder)
    scene.intruder.execute(insert(tables.entries).values(**tables.row(LedgerEntry.parse(SIZE, entry(3)), SIZE)))
    problems = scene.audit().problems
    assert (problems[0].sequence, "twice" in problems[-1].reason) == (SIZE, True)


def test_a_checkpoint_from_outside_that_is_nonsense_is_a_problem(scene: Scene) -> None:
    report = scene.audit(outside="nonsense")
    assert (report.ok, report.problems[0].sequence) == (False, None)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET canonical = CAST(canonical AS TEXT) WHERE sequence = 2",
        "UPDATE ledger_node SET hash = 'text' WHERE level = 0 AND position = 2",
        "UPDATE ledger_node SET hash = 7 WHERE level = 1 AND position = 1",
        "UPDATE ledger_entry SET sequence = 'last' WHERE sequence = 2",
        "UPDATE ledger_entry SET entry_id = x'00' WHERE sequence = 2",
        "UPDATE ledger_checkpoint SET note = x'ff'",
        "UPDATE ledger_checkpoint SET note = 7",
    ],
)
def test_values_of_a_foreign_type_are_a_problem_and_no_crash(
    tmp_path: Path, checkpoint_key: CheckpointKey, trust: TrustStore, now: datetime, change: str
) -> None:
    url = str(tmp_path / "ledger.sqlite3")
    create_tables(url)
    ledger = Ledger(url)
    for number in range(5):
        ledger.append(entry(number))
    ledger.checkpoint(LOG, checkpoint_key, now=now)
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        drop_triggers(connection)
        connection.execute(text(change))
    engine.dispose()
    assert not ledger.audit(LOG, trust=trust).ok
    ledger.close()


def test_the_list_of_problems_is_bounded(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provenance.ledger.audit._MOST_PROBLEMS", 4)
    scene.intruder.execute(update(tables.entries).values(canonical=b"nonsense"))
    assert [problem.sequence for problem in scene.audit().problems] == [0, 1, 2, 3]
