"""The organisation's own keys: a root that goes offline, an intermediate, a signing leaf, and a checkpoint key.

- `create_authority` makes all of them once, atomically, in a new directory; `renew_leaf` replaces the signing leaf.
- `SigningIdentity` and `CheckpointKey` are what the sealing process loads; nothing else needs a private key.
- `TrustStore` is the public part: enough to check everything, never enough to sign.

The same directory may serve as all three; in production the trust directory is a copy of the public files.
"""

from provenance.keys.authority import create_authority, renew_leaf
from provenance.keys.identity import CheckpointKey, SigningIdentity
from provenance.keys.trust import TrustStore

__all__ = ["CheckpointKey", "SigningIdentity", "TrustStore", "create_authority", "renew_leaf"]
