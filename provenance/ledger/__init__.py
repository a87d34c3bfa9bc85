"""The append-only ledger: canonical entries under a Merkle tree (RFC 6962), one tree per log, in its own database.

- `merkle` is pure arithmetic on hashes and is what a proof rests on.
- `tables` makes the database and the triggers that refuse every change to what is written.
- `store.Ledger` appends, reads and proves; `checkpoints` signs; `audit` finds what was tampered with,
  also by what is kept `outside`.
"""

from provenance.ledger.audit import AuditReport, Problem
from provenance.ledger.outside import Outside
from provenance.ledger.records import LedgerEntry, Receipt
from provenance.ledger.store import Ledger
from provenance.ledger.tables import create_tables

__all__ = ["AuditReport", "Ledger", "LedgerEntry", "Outside", "Problem", "Receipt", "create_tables"]
