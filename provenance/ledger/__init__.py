"""The append-only ledger: canonical entries under a Merkle tree (RFC 6962), one tree per log, in its own database.

- `merkle` is pure arithmetic on hashes and is what a proof rests on.
- `tables` makes the database and the triggers that refuse every change to what is written.
- `store.Ledger` appends, reads and proves; `checkpoints` signs; `audit` finds what was tampered with,
  also by what is kept `outside`. `copying` takes a whole ledger to another database.
"""

from provenance.ledger.audit import AuditReport, Problem
from provenance.ledger.copying import Copied, copy_file, is_empty
from provenance.ledger.outside import Outside
from provenance.ledger.records import LedgerEntry, Receipt
from provenance.ledger.store import Ledger
from provenance.ledger.tables import create_tables

__all__ = [
    "AuditReport",
    "Copied",
    "Ledger",
    "LedgerEntry",
    "Outside",
    "Problem",
    "Receipt",
    "copy_file",
    "create_tables",
    "is_empty",
]
