"""Every way to change a ledger behind its triggers is found, and the first bad entry is named.

The intruder here has full rights on the database: the triggers are dropped first. What no hash inside the database can
show (a log rewritten as a whole, or cut short with its checkpoints) shows against copies kept elsewhere. The kinds are
in `tampering.crimes`, and `python -m tests.provenance.tampering` writes them down with what finds them.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text, update

from provenance.errors import LedgerConflictError
from provenance.keys import CheckpointKey, TrustStore, create_authority, files
from provenance.ledger import Ledger, Outside, create_tables, tables
from provenance.ledger.engines import administrator_engine, parse_url
from provenance.timestamps import TimeStampAuthority
from provenance.timestamps.stamps import token_of
from tests.provenance.conftest import NOW, new_schema
from tests.provenance.office import LOG, PASSPHRASE
from tests.provenance.tampering import crimes
from tests.provenance.tampering.crimes import ENTRIES, KINDS, Kind, recompute
from tests.provenance.tampering.scene import SIZE, Scene, drop_triggers, entry, fill
from tests.provenance.test_timestamps import query

Ask = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def ask(clockwork: Path) -> Ask:
    """An authority that is asked without a network."""
    clock = TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE)
    return lambda message: token_of(clock.answer(query(message), now=datetime.now(UTC), serial=1))


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> CheckpointKey:
    """A key of somebody who calls himself the same."""
    folder = tmp_path_factory.mktemp("forger") / "keys"
    create_authority(folder, organisation="Health Office", passphrase=PASSPHRASE, now=NOW)
    return CheckpointKey.load(folder, passphrase=PASSPHRASE)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, checkpoint_key: CheckpointKey, ask: Ask
) -> Iterator[tuple[Engine, Outside]]:
    """One filled ledger on each kind of database, its triggers dropped."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('tampering') / 'ledger.sqlite3'}"
    else:
        url = new_schema(request.getfixturevalue("postgresql"))
    create_tables(url)
    ledger = Ledger(url)
    outside = fill(ledger, checkpoint_key, ask, now=NOW)
    ledger.close()
    with administrator_engine(url) as engine:
        with engine.begin() as connection:
            drop_triggers(connection)
        yield engine, outside


@pytest.fixture
def scene(filled: tuple[Engine, Outside], trust: TrustStore, clockwork: Path, forger: CheckpointKey) -> Iterator[Scene]:
    """The scene of a crime that is undone afterwards."""
    engine, outside = filled
    roots = (clockwork / files.TIME_ROOT).read_bytes()
    with engine.connect() as connection:
        yield Scene(connection, trust.checkpoint_keys(LOG), roots, outside, forger, NOW)
        connection.rollback()


@pytest.fixture
def intruder(ledger: Ledger, ledger_url: str, checkpoint_key: CheckpointKey, ask: Ask) -> Iterator[Connection]:
    """A connection without triggers to a filled ledger that stays open, for crimes that are committed."""
    fill(ledger, checkpoint_key, ask, now=NOW)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        drop_triggers(connection)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def named(connection: Connection, sequence: int | None) -> UUID | None:
    found = connection.scalar(select(ENTRIES.entry_id).where(ENTRIES.sequence == sequence))
    return UUID(found) if found else None


def test_an_untouched_ledger_is_good(scene: Scene) -> None:
    assert scene.audit().problems == ()
    assert scene.audit(outside=scene.outside).problems == ()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_every_kind_is_found_against_the_outside_copies_and_named(scene: Scene, kind: Kind) -> None:
    kind.commit(scene)
    report = scene.audit(outside=scene.outside)
    assert not report.ok
    assert report.problems[0].sequence == kind.named
    assert report.problems[0].entry_id == named(scene.intruder, kind.named)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_what_shows_from_inside_alone_is_as_we_say(scene: Scene, kind: Kind) -> None:
    kind.commit(scene)
    report = scene.audit()
    if kind.needs_outside:
        assert kind.named is None or all(problem.sequence != kind.named for problem in report.problems)
    else:
        assert report.problems[0].sequence == kind.named


@pytest.mark.parametrize("sequence", [0, 3, 8])
@pytest.mark.parametrize(
    "tamper", [crimes.edit, crimes.remove, crimes.close_gap, crimes.make_room, crimes.hide],
    ids=lambda function: function.__name__,
)  # fmt: skip
def test_the_first_bad_entry_is_named_wherever_it_is(
    scene: Scene, tamper: Callable[[Scene, int], None], sequence: int
) -> None:
    tamper(scene, sequence)
    problem = scene.audit().problems[0]
    assert (problem.sequence, problem.entry_id) == (sequence, named(scene.intruder, sequence))


def test_one_crime_is_one_problem(scene: Scene) -> None:
    crimes.node(scene, 1, 2, bytes(32))
    problem, *more = scene.audit().problems
    assert (problem.sequence, more) == (4, [])
    assert "4 to 5" in problem.reason


@pytest.mark.parametrize(
    ("commit", "reason"),
    [
        (crimes.twice, "stands in the ledger twice"),
        (lambda scene: crimes.edit(scene, 3), "the entry is not the one that was hashed: it was changed"),
        (lambda scene: crimes.remove(scene, 3), "the entry is missing: it was deleted or moved"),
        (lambda scene: crimes.columns(scene, 3, kind="x", record="y"), "the columns kind, record do not agree with"),
        (lambda scene: crimes.columns(scene, 3, canonical=b"{}"), "the entry's bytes were changed: "),
        (lambda scene: crimes.node(scene, 0, 3, None), "the tree has no leaf for the entry: it was added"),
        (lambda scene: crimes.remove(scene, SIZE - 1), f"the tree has {SIZE} leaves, {SIZE - 1} entries are left"),
        (lambda scene: crimes.remove(scene, SIZE - 1), f"a checkpoint signed {SIZE} entries, {SIZE - 1} are left"),
    ],
)  # fmt: skip
def test_the_words_say_what_was_done(scene: Scene, commit: Callable[[Scene], None], reason: str) -> None:
    commit(scene)
    reasons = [problem.reason for problem in scene.audit(outside=scene.outside).problems]
    assert any(reason in told for told in reasons), reasons


def test_a_forged_checkpoint_is_known_by_its_signature(scene: Scene) -> None:
    crimes.rewrite_signed(scene)
    assert any("signature" in problem.reason for problem in scene.audit().problems)


def test_copies_from_elsewhere_that_are_nonsense_are_problems(scene: Scene) -> None:
    for outside in (
        Outside(note="nonsense"),
        replace(scene.outside, token=b"nonsense"),
        replace(scene.outside, statement=b"nonsense"),
    ):
        report = scene.audit(outside=outside)
        assert (report.ok, report.problems[0].sequence) == (False, None)


def test_a_stamp_from_elsewhere_that_is_not_of_this_log_is_a_problem(scene: Scene, ask: Ask) -> None:
    again = replace(scene.outside, token=ask(scene.outside.statement))
    assert again.token != scene.outside.token
    problem = scene.audit(outside=again).problems[0]
    assert "taken out of here" in problem.reason


def test_what_lies_beside_a_checkpoint_is_read_whole_or_not_at_all(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "health.txt"
    file.write_text(scene.outside.note, encoding="utf-8")
    assert Outside.beside(file) == Outside(scene.outside.note)
    (tmp_path / "health.anchor.txt").write_bytes(scene.outside.statement)
    with pytest.raises(ValueError, match=r"health\.anchor\.tst is missing"):
        Outside.beside(file)
    (tmp_path / "health.anchor.tst").write_bytes(scene.outside.token)
    assert Outside.beside(file) == scene.outside


@pytest.fixture
def crime(intruder: Connection, trust: TrustStore, forger: CheckpointKey) -> Scene:
    """The scene of a crime that stays."""
    return Scene(intruder, trust.checkpoint_keys(LOG), b"", Outside(), forger, NOW)


def test_a_checkpoint_is_not_signed_over_a_rewritten_log(
    ledger: Ledger, checkpoint_key: CheckpointKey, crime: Scene, now: datetime
) -> None:
    crimes.rewrite(crime, 9)
    crime.intruder.commit()
    ledger.append(entry(50))
    with pytest.raises(LedgerConflictError, match="nothing was signed"):
        ledger.checkpoint(LOG, checkpoint_key, now=now)


def test_a_ledger_whose_tail_was_cut_refuses_the_next_entry(
    ledger: Ledger, crime: Scene, checkpoint_key: CheckpointKey, now: datetime
) -> None:
    crimes.cut(crime, 9)
    crime.intruder.commit()
    with pytest.raises(LedgerConflictError):
        ledger.append(entry(50))
    recompute(crime.intruder)
    crime.intruder.commit()
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
    problem = ledger.audit(LOG, trust=trust, outside=Outside(kept)).problems[0]
    assert (problem.sequence, "cut short" in problem.reason) == (5, True)
    ledger.close()


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
