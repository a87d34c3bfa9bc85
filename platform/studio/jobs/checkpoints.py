"""Signs where an organisation's log stands, and keeps the note outside the ledger's database."""

from datetime import datetime

from studio import blobs, pipeline
from studio.accounts.models import Organisation
from studio.faults import fault


def publish_checkpoint(organisation: Organisation, *, at: datetime) -> None:
    """Sign and write the checkpoint. Raises KeyFileError, LedgerUnavailableError."""
    note = pipeline.checkpoint(organisation.log, organisation.slug, now=at)
    fault("checkpoint before publish")
    blobs.write_whole(pipeline.checkpoint_path(organisation.slug), note.encode())
