"""Signs where an organisation's log stands, has it time-stamped, and keeps both outside the ledger's database.

- A second place, where one is set, gets the same files in a step of its own: while it is away nothing else waits, and
  what is late is caught up.
- A checkpoint that was published is never put back by an earlier one, nor by one that does not go on from it: that a
  ledger was restored from an old backup, or rewritten, is an alarm, and what shows it stays where it is.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from studio import pipeline, stores
from studio.accounts.models import Organisation
from studio.faults import fault

STAMP_SUFFIXES = (".anchor.txt", ".anchor.tst")


def publish_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Sign and write the checkpoint. Raises KeyFileError, LedgerUnavailableError.

    Raises LedgerConflictError, and signs nothing, when the log does not go on from what was published before.
    """
    path = pipeline.checkpoint_path(organisation.slug)
    with transaction.atomic():
        # One sign worker at a time: between two, an earlier note could be written over a later one.
        Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
        published = list(_published(organisation.slug))
        note = pipeline.checkpoint(organisation.log, organisation.slug, now=at, outside=published)
        fault("checkpoint before publish")
        stores.write_whole(path, note.encode(), halfway="checkpoint half written")


def anchor_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Have the last checkpoint time-stamped when that is due: the log grew, or the last stamp must be renewed.

    Nothing waits for it: what is late is caught up by the next call, and so is a stamp of which a process that died has
    written half. Raises SealError, LedgerUnavailableError.
    """
    made = pipeline.anchor(organisation.log, now=at)
    kept = made or pipeline.last_anchor(organisation.log)
    if kept is None:
        return
    path = pipeline.checkpoint_path(organisation.slug)
    files = [path.with_suffix(suffix) for suffix in STAMP_SUFFIXES]
    there = [file.read_bytes() if file.exists() else None for file in files]
    same = [one == other for one, other in zip(there, kept, strict=True)]
    # A whole stamp that is not the ledger's last may be later than a ledger that was restored from a backup.
    if made or (not all(same) and (any(same) or there == [None, None])):
        for file, data in zip(files, kept, strict=True):
            stores.write_whole(file, data)


def copy_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Bring the second place up to what the first one has. Raises OSError, ValueError when it has more than that."""
    if not settings.CHECKPOINT_COPY_DIR:
        return
    first = pipeline.checkpoint_path(organisation.slug)
    sizes = [pipeline.note_size(note) for note in _published(organisation.slug)]
    if sizes != sorted(sizes, reverse=True):
        raise ValueError(
            f"the checkpoint in CHECKPOINT_COPY_DIR is of {sizes[-1]} entries, the one here of {sizes[0]}:"
            " the ledger is older than what was signed (docs/runbooks.md)"
        )
    for suffix in (first.suffix, *STAMP_SUFFIXES):
        source = first.with_suffix(suffix)
        copy = Path(settings.CHECKPOINT_COPY_DIR) / source.name
        if source.exists() and not (copy.exists() and copy.read_bytes() == source.read_bytes()):
            stores.write_whole(copy, source.read_bytes())


def _published(slug: str) -> Iterator[str]:
    """The notes that lie outside the database now: the first place's, then the second's while that can be read."""
    first = pipeline.checkpoint_path(slug)
    if first.exists():
        yield first.read_text(encoding="utf-8")
    if settings.CHECKPOINT_COPY_DIR:
        with suppress(OSError):
            yield Path(settings.CHECKPOINT_COPY_DIR, first.name).read_text(encoding="utf-8")
