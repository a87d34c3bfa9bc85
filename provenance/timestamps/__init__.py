"""Time-stamps (RFC 3161): a signature with one stays good after its certificate has ended, or was revoked later.

- `stamps` reads tokens and says whether they count; `client` asks for them. While a claim is signed it is the C2PA SDK
  that asks, at the URL in `SigningIdentity.timestamp_url`, and its answer is checked here before the file is used.
- `authority` and `server` are the other side, a small authority for development. It certifies this machine's own
  clock, so it keeps signatures alive but convinces nobody else of the hour; for that, give the URL of an independent
  authority.
"""

from provenance.timestamps.authority import TimeStampAuthority
from provenance.timestamps.server import serve

__all__ = ["TimeStampAuthority", "serve"]
