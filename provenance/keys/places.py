"""Where a signing key is, as a URI, and how one comes from there to a callback.

- `file:leaf.key.pem`: an encrypted PEM file, relative to the trust directory; the key is opened into this process.
- `pkcs11:token=…;object=…?module-path=…`: a token or an HSM (RFC 7512); the key never leaves it.
- any other scheme (`kms:…`): a callback that the caller brings for it, `Resolver`; this library knows no key service.

A URI never holds a secret, because it lies in a public file: `pin-value` is refused, `pin-source` names a file.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias
from urllib.parse import unquote

from cryptography.hazmat.primitives import serialization

from provenance.errors import KeyFileError
from provenance.keys import files
from provenance.keys.signing import SigningKey, in_process

# Gets the whole URI; gives the public key and the callback, or raises KeyFileError with what to do about it.
Resolver: TypeAlias = Callable[[str], SigningKey]
NO_RESOLVERS: Mapping[str, Resolver] = MappingProxyType({})


def resolve(
    uri: str, *, directory: Path, passphrase: bytes, resolvers: Mapping[str, Resolver] = NO_RESOLVERS
) -> SigningKey:
    """The key at a URI; `directory` is what a relative `file:` starts from. KeyFileError says what is in the way.

    `resolvers` are by scheme. `passphrase` opens an encrypted file, and is the PIN of a token without `pin-source`.
    """
    scheme, colon, rest = uri.partition(":")
    if not colon:
        raise KeyFileError(f"key: {uri!r} is no URI; write file:…, pkcs11:… or one of your key service")
    if scheme == "file":
        return from_file(directory / unquote(rest.removeprefix("//")), passphrase)
    if scheme == "pkcs11":
        from provenance.keys.tokens import from_token

        return from_token(uri, passphrase=passphrase)
    if scheme in resolvers:
        return resolvers[scheme](uri)
    known = ", ".join(["file", "pkcs11", *sorted(resolvers)])
    raise KeyFileError(f"key: nobody here resolves {scheme}:…; known are {known}")


def from_file(path: Path, passphrase: bytes) -> SigningKey:
    """The signing key in a protected, encrypted PEM file."""
    try:
        return in_process(open_private_key(path, passphrase))
    except ValueError as error:
        raise KeyFileError(f"{path}: {error}") from error


def open_private_key(path: Path, passphrase: bytes) -> object:
    """The private key in a protected, encrypted PEM file; KeyFileError names the file and what to do."""
    data = files.read_private(path)
    try:
        return serialization.load_pem_private_key(data, passphrase)
    except TypeError as error:
        raise KeyFileError(
            f"{path}: the key is not encrypted; bring it in with `keys import`, which does that"
        ) from error
    except ValueError as error:
        raise KeyFileError(f"{path}: the passphrase does not open it; check TRUST_PASSPHRASE") from error
