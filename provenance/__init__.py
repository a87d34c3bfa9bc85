"""Bytes in, signed bytes and proofs out: what was made, by which model, under which policy, approved by whom.

It is: claims and manifests (C2PA), the organisation's own keys, the ledger (RFC 6962), and the answer to "is it ours?".
It is not: an application. It knows no users, no jobs and no settings; everything it needs is passed in.

Invariants
- Nothing is written into a file after it was signed.
- The ledger keeps the very bytes it hashed, and only ever grows.
- A check gives no verdict when the ledger cannot be asked.

Importing this package loads neither c2pa nor SQLAlchemy; the modules that need them do.
"""

__version__ = "0.1.0"
