"""The kinds of tampering, one function each, and what must be named."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, text, update

from provenance.ledger import LedgerEntry, merkle, tables
from provenance.ledger.checkpoints import Checkpoint
from tests.provenance.office import LOG
from tests.provenance.tampering.scene import CHECKPOINT, SIZE, STAMPED, Scene, entry

ENTRIES, NODES = tables.entries.c, tables.nodes.c
CHECKPOINTS, ANCHORS = tables.checkpoints.c, tables.anchors.c


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what is done to which entry, which one must be named, and whether that needs the copies from elsewhere.

    `named` is None where no single entry is meant, because entries and tree are as they were.
    """

    title: str
    commit: Callable[[Scene], None]
    named: int | None
    needs_outside: bool = False


def place(scene: Scene, sequence: int, canonical: bytes) -> None:
    """Put an entry into a row, with columns that fit."""
    row = tables.row(LedgerEntry.parse(sequence, canonical), sequence)
    scene.intruder.execute(update(tables.entries).where(ENTRIES.sequence == sequence).values(**row))


def add(scene: Scene, sequence: int, canonical: bytes) -> None:
    """A new row."""
    row = tables.row(LedgerEntry.parse(sequence, canonical), sequence)
    scene.intruder.execute(insert(tables.entries).values(**row))


def remove(scene: Scene, sequence: int) -> None:
    """One row less."""
    scene.intruder.execute(delete(tables.entries).where(ENTRIES.sequence == sequence))


def edit(scene: Scene, sequence: int) -> None:
    """Another entry under the same id."""
    place(scene, sequence, entry(sequence, note="never happened"))


def columns(scene: Scene, sequence: int, /, **values: object) -> None:
    """Some columns, without regard to the rest."""
    scene.intruder.execute(update(tables.entries).where(ENTRIES.sequence == sequence).values(**values))


def close_gap(scene: Scene, sequence: int) -> None:
    """Move all that comes after a removed row up by one."""
    remove(scene, sequence)
    for later in range(sequence + 1, SIZE):
        columns(scene, later, sequence=later - 1)


def make_room(scene: Scene, sequence: int) -> None:
    """Move all from a row on down by one, and put another entry there."""
    for later in reversed(range(sequence, SIZE)):
        columns(scene, later, sequence=later + 1)
    add(scene, sequence, entry(99))


def swap(scene: Scene, sequence: int, other: int) -> None:
    """Two entries in each other's place."""
    remove(scene, other)
    place(scene, sequence, entry(other))
    add(scene, other, entry(sequence))


def node(scene: Scene, level: int, position: int, value: bytes | None) -> None:
    """Another hash for a subtree, or none."""
    at = (NODES.level == level) & (NODES.position == position)
    change = delete(tables.nodes) if value is None else update(tables.nodes).values(hash=value)
    scene.intruder.execute(change.where(at))


def recompute(connection: Connection) -> None:
    """Make every stored hash agree with the entries, as an intruder with patience would."""
    frontier = merkle.Frontier()
    connection.execute(delete(tables.nodes))
    for data in connection.scalars(select(ENTRIES.canonical).order_by(ENTRIES.sequence)).all():
        for (level, position), value in frontier.append(merkle.leaf_hash(bytes(data))):
            row = {"log": LOG, "level": level, "position": position, "hash": value}
            connection.execute(insert(tables.nodes).values(**row))


def rewrite(scene: Scene, sequence: int) -> None:
    """An edited entry under a tree that agrees with it."""
    edit(scene, sequence)
    recompute(scene.intruder)


def rewrite_unsigned(scene: Scene) -> None:
    """The same without any checkpoint or time-stamp left."""
    rewrite(scene, 3)
    scene.intruder.execute(delete(tables.checkpoints))
    scene.intruder.execute(delete(tables.anchors))


def rewrite_signed(scene: Scene) -> None:
    """The same with checkpoints signed by a key of the intruder's own."""
    rewrite_unsigned(scene)
    note = scene.forger.sign_note(Checkpoint(LOG, SIZE, scene.audit().root).text())
    scene.intruder.execute(insert(tables.checkpoints).values(log=LOG, size=SIZE, at="", note=note))


def cut(scene: Scene, size: int) -> None:
    """Nothing from an entry on, in the log and what it is found by."""
    scene.intruder.execute(delete(tables.entries).where(ENTRIES.sequence >= size))
    for table in tables.INDEXES:
        scene.intruder.execute(delete(table).where(table.c.sequence >= size))


def cut_with_hashes(scene: Scene, size: int) -> None:
    """The same, and the tree of what is left."""
    cut(scene, size)
    recompute(scene.intruder)


def restore(scene: Scene, size: int) -> None:
    """Exactly the database as it was after its checkpoint of `size`: an old backup put back."""
    cut_with_hashes(scene, size)
    scene.intruder.execute(delete(tables.checkpoints).where(CHECKPOINTS.size > size))
    scene.intruder.execute(delete(tables.anchors).where(ANCHORS.size > size))


def empty(scene: Scene) -> None:
    """Nothing left at all."""
    for table in tables.metadata.sorted_tables:
        scene.intruder.execute(delete(table))


def twice(scene: Scene) -> None:
    """An entry again at the end, the constraint against it out of the way."""
    if scene.intruder.dialect.name == "postgresql":
        scene.intruder.execute(text("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_id"))
    else:
        _without_unique_ids(scene.intruder)
    add(scene, SIZE, entry(3))


def _without_unique_ids(connection: Connection) -> None:
    """SQLite cannot alter a constraint away, so the table is made anew without it."""
    sql = connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = 'ledger_entry'"))
    loose = str(sql).replace("ledger_entry ", "loose ", 1).replace("UNIQUE (entry_id)", "CHECK (entry_id <> '')")
    connection.execute(text(loose))
    connection.execute(text("INSERT INTO loose SELECT * FROM ledger_entry"))
    connection.execute(text("DROP TABLE ledger_entry"))
    connection.execute(text("ALTER TABLE loose RENAME TO ledger_entry"))


def hide(scene: Scene, sequence: int) -> None:
    """A picture that is not found by its looks any more."""
    table = tables.fingerprints
    scene.intruder.execute(delete(table).where(table.c.sequence == sequence))


def pass_off(scene: Scene, sequence: int) -> None:
    """A mark that leads to another picture."""
    table = tables.watermarks
    other = select(table.c.value).where(table.c.sequence == sequence + 1).scalar_subquery()
    scene.intruder.execute(update(table).where(table.c.sequence == sequence).values(value=other))


def note_of(scene: Scene, size: int, note: str | None) -> None:
    """Another checkpoint, or none."""
    change = delete(tables.checkpoints) if note is None else update(tables.checkpoints).values(note=note)
    scene.intruder.execute(change.where(CHECKPOINTS.size == size))


def stamp(scene: Scene, token: bytes | None) -> None:
    """Another time-stamp, or none."""
    scene.intruder.execute(delete(tables.anchors) if token is None else update(tables.anchors).values(token=token))


KINDS = (
    Kind("an entry edited, columns and all", lambda scene: edit(scene, 3), 3),
    Kind("an entry's bytes made nonsense", lambda scene: columns(scene, 3, canonical=b"nonsense"), 3),
    Kind("a column edited that entries are searched by", lambda scene: columns(scene, 3, asset_sha256="f" * 64), 3),
    Kind("an entry deleted", lambda scene: remove(scene, 3), 3),
    Kind("an entry deleted and the gap closed", lambda scene: close_gap(scene, 3), 3),
    Kind("an entry inserted between others", lambda scene: make_room(scene, 3), 3),
    Kind("an entry added at the end", lambda scene: add(scene, SIZE, entry(99)), SIZE),
    Kind("an entry twice", twice, SIZE),
    Kind("two entries swapped", lambda scene: swap(scene, 3, 9), 3),
    Kind("a leaf's hash edited", lambda scene: node(scene, 0, 3, bytes(32)), 3),
    Kind("a leaf's hash deleted", lambda scene: node(scene, 0, 3, None), 3),
    Kind("an inner hash edited", lambda scene: node(scene, 1, 2, bytes(32)), 4),
    Kind("an inner hash deleted", lambda scene: node(scene, 2, 1, None), 4),
    Kind("an entry's fingerprint taken out of the index", lambda scene: hide(scene, 3), 3),
    Kind("a watermark that leads to another entry", lambda scene: pass_off(scene, 3), 3),
    Kind("an early entry edited, all hashes made anew", lambda scene: rewrite(scene, 3), 0),
    Kind("a late entry edited, all hashes made anew", lambda scene: rewrite(scene, 9), CHECKPOINT),
    Kind("the same, checkpoints signed by another key", rewrite_signed, 0, needs_outside=True),
    Kind("the same, checkpoints and time-stamps deleted", rewrite_unsigned, 0, needs_outside=True),
    Kind("cut short", lambda scene: cut(scene, 9), 9),
    Kind("cut short, all hashes made anew", lambda scene: cut_with_hashes(scene, 9), 9),
    Kind("cut short, with checkpoints and time-stamps", lambda scene: restore(scene, 9), 9, needs_outside=True),
    Kind("an old database put back", lambda scene: restore(scene, CHECKPOINT), CHECKPOINT, needs_outside=True),
    Kind("everything deleted", empty, 0, needs_outside=True),
    Kind("a checkpoint edited", lambda scene: note_of(scene, CHECKPOINT, "nonsense"), None),
    Kind("the last checkpoint deleted", lambda scene: note_of(scene, SIZE, None), None, needs_outside=True),
    Kind("the stamped checkpoint deleted", lambda scene: note_of(scene, STAMPED, None), None),
    Kind("a time-stamp edited", lambda scene: stamp(scene, b"nonsense"), None),
    Kind("a time-stamp deleted", lambda scene: stamp(scene, None), None, needs_outside=True),
)
