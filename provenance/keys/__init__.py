"""The organisation's own keys: a root that stays offline, an intermediate, a signing leaf, and a checkpoint key.

- `authority` makes all of them once, `importing` takes in a bought chain instead; `rotation` replaces and revokes.
- `SigningIdentity` and `CheckpointKey` are what the sealing process loads; nothing else needs a private key. Where that
  key is, a URI says (`places`): an encrypted file, a token (`tokens`), a key service that the caller knows.
- `TrustStore` is the public part: enough to check everything, never enough to sign. `standing` says what needs doing.

The same directory may serve as all of it; in production the trust directory is a copy of the public files.
"""

from provenance.keys.authority import Offline, create_authority, create_time_authority
from provenance.keys.identity import CheckpointKey, SigningIdentity
from provenance.keys.importing import import_chain
from provenance.keys.rotation import revoke, rotate
from provenance.keys.trust import Anchors, TrustStore

__all__ = [
    "Anchors",
    "CheckpointKey",
    "Offline",
    "SigningIdentity",
    "TrustStore",
    "create_authority",
    "create_time_authority",
    "import_chain",
    "revoke",
    "rotate",
]
