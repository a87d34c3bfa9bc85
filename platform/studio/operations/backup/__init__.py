"""Backups of a whole installation, and its restoration from one.

    manifest.json     what it is, and when, and by which version; written last: a folder without one is no backup
    files.jsonl       every file of it, with size and SHA-256, one a line
    ledger.sqlite3    the ledger, whichever engine it ran on; `python -m provenance ledger verify` reads it as it lies
    studio.sqlite3    the studio's database, or `studio.pgdump` of PostgreSQL's own `pg_dump`
    files/            signed files, the quarantine (sealed), models, certificates

- Both databases are copied as they were at one moment, at which nobody appended to the ledger, so every receipt has its
  entry and every entry its intent, whatever is made meanwhile. Files are copied after it: what a row names was there.
- A backup is as confidential as the databases. It holds no passphrase, nobody's session, and no signing key unless it
  was asked for.
- Restoring looks at every digest before it writes, goes into empty databases alone, and ends with the check of
  everything against everything. That a backup is older than a checkpoint kept outside of it is said.
"""

from studio.operations.backup.making import make
from studio.operations.backup.manifest import BackupError, Manifest
from studio.operations.backup.restoring import Restored, restore

__all__ = ["BackupError", "Manifest", "Restored", "make", "restore"]
