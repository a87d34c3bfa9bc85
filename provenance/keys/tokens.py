"""Keys in a PKCS #11 token (an HSM, a smart card, SoftHSM): the key never leaves it, each signature is asked of it.

Needs the package `python-pkcs11` and the vendor's module, whose path is in the URI (`module-path`) or in the variable
PKCS11_MODULE. A session is opened once a process and kept; a token that was pulled out makes signing fail, and the next
`from_token` opens a new one.

Source: RFC 7512 (the pkcs11 URI scheme), OASIS PKCS #11 3.0.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from provenance.errors import KeyFileError
from provenance.keys import files
from provenance.keys.signing import Algorithm, PublicKey, SigningKey, algorithm_of


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """A key in a token. `label` or `identifier` (or both) name the key; `pin_file` is where the PIN is kept."""

    token: str
    label: str | None
    identifier: bytes | None
    module: Path
    pin_file: Path | None

    @classmethod
    def parse(cls, uri: str) -> "TokenAddress":
        """Read a `pkcs11:` URI; KeyFileError names the attribute that is missing or has no place in it."""
        path, _, query = uri.removeprefix("pkcs11:").partition("?")
        pairs = (part.partition("=") for part in path.split(";") if part)
        names = {name: value for name, _, value in pairs}
        asked = dict(parse_qsl(query.replace(";", "&")))
        if "pin-value" in asked:
            raise KeyFileError("pkcs11: pin-value stands in a file that others may read; use pin-source=file:…")
        module = asked.get("module-path") or os.environ.get("PKCS11_MODULE", "")
        for name, value in (("token", names.get("token")), ("module-path", module)):
            if not value:
                raise KeyFileError(f"pkcs11: the URI names no {name}; write pkcs11:token=…;object=…?module-path=…")
        if not names.get("object") and not names.get("id"):
            raise KeyFileError("pkcs11: the URI names no object and no id; say which key of the token signs")
        source = asked.get("pin-source")
        return cls(
            token=unquote(names["token"]),
            label=unquote(names["object"]) if names.get("object") else None,
            identifier=_octets(names["id"]) if names.get("id") else None,
            module=Path(module),
            pin_file=Path(source.removeprefix("file:").removeprefix("//")) if source else None,
        )


def from_token(uri: str, *, passphrase: bytes) -> SigningKey:
    """The key that a `pkcs11:` URI names. KeyFileError when module, token, PIN or key are not what it needs.

    The PIN is the contents of `pin-source`, else the passphrase.
    """
    address = TokenAddress.parse(uri)
    pin = files.read_private(address.pin_file).strip() if address.pin_file else passphrase
    with _explained(address):
        session = _session(address, pin.decode())
        private, public = (_find(session, address, kind) for kind in ("PRIVATE_KEY", "PUBLIC_KEY"))
        key = _public_key(public)
        return SigningKey(key, _guarded(_signer(private, algorithm_of(key)), address))


# One session a process and token: a token lets its user log in once.
_sessions: dict[tuple[Path, str, str], Any] = {}


def _session(address: TokenAddress, pin: str) -> Any:
    import pkcs11

    place = (address.module, address.token, pin)
    if place not in _sessions:
        _sessions[place] = pkcs11.lib(str(address.module)).get_token(token_label=address.token).open(user_pin=pin)
    return _sessions[place]


def _forget_sessions() -> None:
    """Log out of every token, so that the next key is looked for anew."""
    while _sessions:
        with suppress(RuntimeError):  # a token that was pulled out cannot be logged out of
            _sessions.popitem()[1].close()


@contextmanager
def _explained(address: TokenAddress) -> Iterator[None]:
    """Turn what the package and the token raise into one error that says where to look, and forget the session."""
    try:
        yield
    except ImportError as error:
        raise KeyFileError("pkcs11: the package python-pkcs11 is not installed; see docs/keys.md") from error
    except (
        RuntimeError,
        ValueError,
    ) as error:  # PKCS11Error is a RuntimeError; ValueError: a kind of key we do not use
        _forget_sessions()
        reason = f"{type(error).__name__} {error}".strip()
        raise KeyFileError(
            f"pkcs11: token {address.token}: {reason}; check module-path, token, object and PIN"
        ) from error


def _find(session: Any, address: TokenAddress, kind: str) -> Any:
    import pkcs11

    return session.get_key(object_class=getattr(pkcs11.ObjectClass, kind), label=address.label, id=address.identifier)


def _public_key(public: Any) -> PublicKey:
    from pkcs11 import Attribute, KeyType
    from pkcs11.util.ec import encode_ec_public_key

    if public.key_type == KeyType.RSA:
        modulus, exponent = (
            int.from_bytes(public[name], "big") for name in (Attribute.MODULUS, Attribute.PUBLIC_EXPONENT)
        )
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    if public.key_type != KeyType.EC:
        raise ValueError("the key is neither an elliptic curve nor an RSA key")
    key = serialization.load_der_public_key(encode_ec_public_key(public))
    assert isinstance(key, ec.EllipticCurvePublicKey)  # noqa: S101  # its type was asked for above
    return key


def _guarded(sign: Callable[[bytes], bytes], address: TokenAddress) -> Callable[[bytes], bytes]:
    def signing(data: bytes) -> bytes:
        with _explained(address):
            return sign(data)

    return signing


def _signer(private: Any, algorithm: Algorithm) -> Callable[[bytes], bytes]:
    """How the token makes each kind of signature; for ECDSA tokens give r then s, which is what COSE wants."""
    from pkcs11 import MGF, Mechanism

    if algorithm is Algorithm.PS256:
        parameters = (Mechanism.SHA256, MGF.SHA256, hashlib.sha256().digest_size)
        mechanism = Mechanism.SHA256_RSA_PKCS_PSS
        return lambda data: bytes(private.sign(data, mechanism=mechanism, mechanism_param=parameters))
    digest = hashlib.sha256 if algorithm is Algorithm.ES256 else hashlib.sha384
    return lambda data: bytes(private.sign(digest(data).digest(), mechanism=Mechanism.ECDSA))


def _octets(value: str) -> bytes:
    """The bytes of a percent-encoded `id`."""
    return unquote(value, encoding="latin-1").encode("latin-1")
