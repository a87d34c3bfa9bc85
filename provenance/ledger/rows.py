"""The ledger's queries: entries, subtrees and checkpoints as values, over a connection that somebody else opened.

What does not parse, or is missing where it must be, means that the database was tampered with: LedgerConflictError.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, TextualSelect, func, insert, select, text, tuple_, type_coerce
from sqlalchemy.types import NullType

from provenance.errors import LedgerConflictError
from provenance.ledger import merkle, tables
from provenance.ledger.anchors import Anchor
from provenance.ledger.records import LedgerEntry, octets

ENTRY, NODE, CHECKPOINT = tables.entries.c, tables.nodes.c, tables.checkpoints.c
ANCHOR = tables.anchors.c
# As the driver has it: `octets` looks at it anyway, and faster than SQLAlchemy makes bytes of bytes.
_STORED = type_coerce(ENTRY.canonical, NullType())
_MOST_AT_ONCE = 100  # SQLite joins at most 500 selects
_MOST_PLACES = 2000


def size(connection: Connection, log: str) -> int:
    """The number of entries in a log."""
    last = connection.scalar(select(func.max(ENTRY.sequence)).where(ENTRY.log == log))
    return 0 if last is None else int(last) + 1


def latest_checkpoint(connection: Connection, log: str) -> Row[*tuple[Any, ...]] | None:
    """Size and note of a log's last checkpoint."""
    columns = select(CHECKPOINT.size, CHECKPOINT.note).where(CHECKPOINT.log == log)
    return connection.execute(columns.order_by(CHECKPOINT.size.desc()).limit(1)).first()


def checkpoint_note(connection: Connection, log: str, of: int) -> str | None:
    """The note of a log's checkpoint of `of` entries."""
    return connection.scalar(select(CHECKPOINT.note).where(CHECKPOINT.log == log, CHECKPOINT.size == of))


def anchors(connection: Connection, log: str, *, last: bool = False) -> list[Anchor]:
    """A log's time-stamps in their order, or the last one alone."""
    columns = select(ANCHOR.number, ANCHOR.size, ANCHOR.token).where(ANCHOR.log == log)
    columns = columns.order_by(ANCHOR.number.desc()).limit(1) if last else columns.order_by(ANCHOR.number)
    try:
        return [Anchor(row.number, row.size, octets(row.token)) for row in connection.execute(columns)]
    except ValueError as error:
        raise LedgerConflictError(f"ledger: a time-stamp of {log} is damaged ({error}); run `ledger verify`") from error


def find(connection: Connection, *conditions: ColumnElement[bool]) -> list[LedgerEntry]:
    """The entries whose columns meet the conditions, in the order of their logs."""
    columns = select(ENTRY.sequence, ENTRY.canonical).where(*conditions)
    rows = connection.execute(columns.order_by(ENTRY.log, ENTRY.sequence)).all()
    return [_parse(row.sequence, row.canonical) for row in rows]


def canonical_at(connection: Connection, log: str, sequences: Sequence[int]) -> list[tuple[int, bytes]]:
    """Places and bytes of the entries at some places of a log, in the order of their places, unread."""
    columns = select(ENTRY.sequence, _STORED).where(ENTRY.log == log).order_by(ENTRY.sequence)
    found: list[tuple[int, bytes]] = []
    for at in range(0, len(sequences), _MOST_PLACES):
        some = sequences[at : at + _MOST_PLACES]
        unbroken = some[-1] - some[0] == len(some) - 1
        wanted = ENTRY.sequence.between(some[0], some[-1]) if unbroken else ENTRY.sequence.in_(some)
        found += [(sequence, octets(stored)) for sequence, stored in connection.execute(columns.where(wanted))]
    return found


def by_id(connection: Connection, entry_id: UUID) -> LedgerEntry | None:
    """The entry of an id."""
    found = find(connection, ENTRY.entry_id == str(entry_id))
    return found[0] if found else None


def at_place(connection: Connection, log: str, sequence: int) -> LedgerEntry | None:
    """The entry at a place."""
    found = find(connection, ENTRY.log == log, ENTRY.sequence == sequence)
    return found[0] if found else None


def add(connection: Connection, new: LedgerEntry, sequence: int) -> None:
    """Write an entry at the end of its log, with every subtree that it completes, and into the indexes."""
    nodes, tiles = subtrees(connection, new.log), merkle.cover(0, sequence)
    found = nodes(tiles)
    frontier = merkle.Frontier(sequence, [found[tile] for tile in tiles])
    completed = frontier.append(bytes.fromhex(new.leaf))
    connection.execute(insert(tables.entries), tables.row(new, sequence))
    connection.execute(
        insert(tables.nodes),
        [{"log": new.log, "level": at[0], "position": at[1], "hash": value} for at, value in completed],
    )
    for table, value in tables.index_values(new).items():
        connection.execute(insert(table), {"log": new.log, "sequence": sequence, "value": value})


def by_watermark(connection: Connection, value: str) -> list[LedgerEntry]:
    """The entries at the places that the index names for a mark, in the order of their logs."""
    columns = tables.watermarks.c
    named = select(columns.log, columns.sequence).where(columns.value == value)
    return find(connection, tuple_(ENTRY.log, ENTRY.sequence).in_(named))


def subtrees(connection: Connection, log: str) -> merkle.Nodes:
    """Fetch complete subtrees of a log, all of those asked for at once."""

    def fetch(wanted: Sequence[merkle.Coordinate]) -> dict[merkle.Coordinate, bytes]:
        try:
            found = {
                (row.level, row.position): octets(row.hash)
                for at in range(0, len(wanted), _MOST_AT_ONCE)
                for row in _nodes(connection, log, wanted[at : at + _MOST_AT_ONCE])
            }
        except ValueError as error:
            raise LedgerConflictError(f"ledger: a hash of {log} is damaged ({error}); run `ledger verify`") from error
        if missing := set(wanted) - set(found):
            raise LedgerConflictError(f"ledger: {log} lacks the subtree {min(missing)}; run `ledger verify`")
        return found

    return fetch


def _nodes(connection: Connection, log: str, wanted: Sequence[merkle.Coordinate]) -> Iterable[Row[Any]]:
    bound: dict[str, Any] = {"log": log}
    for number, (level, position) in enumerate(wanted):
        bound |= {f"level{number}": level, f"position{number}": position}
    return connection.execute(_among(len(wanted)), bound)


@cache
def _among(count: int) -> TextualSelect:
    """The rows of so many subtrees, a step through the key for each: pairs of columns make SQLite walk through the log.

    It is text, and the same one each time, because putting it together anew took longer than asking it.
    """
    arm = f"SELECT level, position, hash FROM {tables.nodes.name} WHERE log = :log"  # noqa: S608  # our own name
    arms = (f"{arm} AND level = :level{number} AND position = :position{number}" for number in range(count))
    return text(" UNION ALL ".join(arms)).columns(NODE.level, NODE.position, NODE.hash)


def _parse(sequence: int, canonical: object) -> LedgerEntry:
    try:
        return LedgerEntry.parse(sequence, octets(canonical))
    except ValueError as error:
        raise LedgerConflictError(f"ledger: entry {sequence} is damaged ({error}); run `ledger verify`") from error
