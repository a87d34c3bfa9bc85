"""Time-stamps (RFC 3161): a signature with one stays good after its certificate has ended.

What asks for them is the C2PA SDK while signing, from the URL in `SigningIdentity.timestamp_url`. This package is the
other side, a small authority for development and for installations without a better one. It certifies this machine's
own clock under the organisation's own root, so it keeps signatures alive but convinces nobody else of the hour; for
that, give the URL of an independent authority.
"""

from provenance.timestamps.authority import TimeStampAuthority
from provenance.timestamps.server import serve

__all__ = ["TimeStampAuthority", "serve"]
