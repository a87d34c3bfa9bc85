"""Signs where an organisation's log stands, has it time-stamped, and keeps both outside the ledger's database."""

from datetime import datetime

from studio import blobs, pipeline
from studio.accounts.models import Organisation
from studio.faults import fault


def publish_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Sign and write the checkpoint. Raises KeyFileError, LedgerUnavailableError."""
    note = pipeline.checkpoint(organisation.log, organisation.slug, now=at)
    fault("checkpoint before publish")
    blobs.write_whole(pipeline.checkpoint_path(organisation.slug), note.encode())


def anchor_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Have the last checkpoint time-stamped when that is due: the log grew, or the last stamp must be renewed.

    Nothing waits for it: what is late is caught up by the next call. Raises SealError, LedgerUnavailableError.
    """
    made = pipeline.anchor(organisation.log, now=at)
    if made is None:
        return
    path = pipeline.checkpoint_path(organisation.slug)
    for suffix, data in zip((".anchor.txt", ".anchor.tst"), made, strict=True):
        blobs.write_whole(path.with_suffix(suffix), data)
