"""What signs, wherever it is: a public key, and a callback that gives a COSE signature for some bytes.

- The four algorithms are those that C2PA 2.4 (section 13.2.1) and our certificates share; the key decides which.
- Signatures are in COSE's form: r then s for ECDSA, salt as long as the digest for RSA-PSS.
- Nothing but the callback knows where the key is: in this process, in a token, at a key service.

Sources: RFC 9053 (COSE algorithms), RFC 8230 (RSA-PSS in COSE).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
_SHORTEST_RSA = 2048


class Algorithm(StrEnum):
    """How a claim is signed; the values are COSE's and C2PA's names."""

    ES256 = "ES256"
    ES384 = "ES384"
    PS256 = "PS256"
    ED25519 = "Ed25519"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs claims. `sign` may raise; what it raises is the reason that the user is told."""

    public: PublicKey
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)

    @property
    def algorithm(self) -> Algorithm:
        """The algorithm of the key."""
        return algorithm_of(self.public)


def algorithm_of(public: object) -> Algorithm:
    """The algorithm that a public key is for; ValueError names what would do."""
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp256r1":
        return Algorithm.ES256
    if isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp384r1":
        return Algorithm.ES384
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _SHORTEST_RSA:
        return Algorithm.PS256
    if isinstance(public, ed25519.Ed25519PublicKey):
        return Algorithm.ED25519
    raise ValueError(
        f"key: C2PA signs with P-256, P-384, Ed25519 or RSA of {_SHORTEST_RSA} bits and more, not this one"
    )


def in_process(private: object) -> SigningKey:
    """A key that this process holds; ValueError for a kind that claims are not signed with."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        key: SigningKey = SigningKey(private.public_key(), _ecdsa(private))
    elif isinstance(private, rsa.RSAPrivateKey):
        key = SigningKey(private.public_key(), _pss(private))
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        key = SigningKey(private.public_key(), private.sign)
    else:
        raise ValueError("key: C2PA signs with elliptic curve, RSA and Ed25519 keys, not with this one")
    algorithm_of(key.public)
    return key


def _ecdsa(private: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    size = (private.key_size + 7) // 8
    digest = hashes.SHA256() if private.key_size == 256 else hashes.SHA384()

    def sign(data: bytes) -> bytes:
        r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")

    return sign


def _pss(private: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    digest = hashes.SHA256()
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return lambda data: private.sign(data, scheme, digest)
