"""Bytes in, signed bytes and proofs out: what was made, by which model, under which policy, approved by whom.

It is: claims and manifests (C2PA), the organisation's own keys, the ledger (RFC 6962), and the answer to "is it ours?".
It is not: an application. It knows no users, no jobs and no settings; everything it needs is passed in.

Invariants
- Nothing is written into a file after it was signed.
- The ledger keeps the very bytes it hashed, and only ever grows.
- A check gives no verdict when the ledger cannot be asked.

Where to begin
- `claims`, `manifest`, `seal`: what is said about a picture, in C2PA's words, and under a signature.
- `keys`, `timestamps`: who signs, whom we trust, and when it was.
- `entries`, `ledger`: what is recorded, so that it can be proven and not be rewritten unnoticed.
- `evidence`, `recovery`, `verification`, `isolation`: what a file shows, and what that amounts to.
- `pack`: all of it for somebody who trusts neither us nor this software.
`credentials` alone talks to the C2PA SDK, `pictures` alone to the decoders, `ledger` alone to a database.

Importing this package loads neither c2pa nor SQLAlchemy; the modules that need them do.
"""

__version__ = "0.1.0"
