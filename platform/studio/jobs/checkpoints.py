"""Signs where an organisation's log stands, has it time-stamped, and keeps both outside the ledger's database.

A second place, where one is set, gets the same files in a step of its own: while it is away nothing else waits, and
what is late is caught up.
"""

from datetime import datetime
from pathlib import Path

from django.conf import settings

from studio import pipeline, stores
from studio.accounts.models import Organisation
from studio.faults import fault

STAMP_SUFFIXES = (".anchor.txt", ".anchor.tst")


def publish_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Sign and write the checkpoint. Raises KeyFileError, LedgerUnavailableError."""
    note = pipeline.checkpoint(organisation.log, organisation.slug, now=at)
    fault("checkpoint before publish")
    stores.write_whole(pipeline.checkpoint_path(organisation.slug), note.encode())


def anchor_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Have the last checkpoint time-stamped when that is due: the log grew, or the last stamp must be renewed.

    Nothing waits for it: what is late is caught up by the next call. Raises SealError, LedgerUnavailableError.
    """
    made = pipeline.anchor(organisation.log, now=at)
    if made is None:
        return
    path = pipeline.checkpoint_path(organisation.slug)
    for suffix, data in zip(STAMP_SUFFIXES, made, strict=True):
        stores.write_whole(path.with_suffix(suffix), data)


def copy_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Bring the second place up to what the first one has. Raises OSError."""
    if not settings.CHECKPOINT_COPY_DIR:
        return
    first = pipeline.checkpoint_path(organisation.slug)
    for suffix in (first.suffix, *STAMP_SUFFIXES):
        source = first.with_suffix(suffix)
        copy = Path(settings.CHECKPOINT_COPY_DIR) / source.name
        if source.exists() and not (copy.exists() and copy.read_bytes() == source.read_bytes()):
            stores.write_whole(copy, source.read_bytes())
