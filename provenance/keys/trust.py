"""The public part of the keys: whose signatures count, and whose checkpoints.

- It never holds or needs a private key.
- An empty list of roots is an error, never "trust everybody" and never "trust nobody".
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provenance.errors import TrustError
from provenance.keys import files
from provenance.keys.notes import VerifierKey


@dataclass(frozen=True, slots=True)
class TrustStore:
    """`roots_pem` are concatenated root certificates; `checkpoint_vkeys` maps `<name>+<key id>` to the verifier key."""

    roots_pem: bytes
    checkpoint_vkeys: Mapping[str, str]

    @classmethod
    def load(cls, *directories: Path) -> "TrustStore":
        """Read trust directories, or a parent that holds one sub-directory per organisation; TrustError when empty."""
        places = [place for directory in directories for place in _places(directory)]
        roots = {_root(path) for place in places for path in files.roots(place)}
        if not roots:
            raise TrustError(
                f"trust: no {files.ROOT_CERTIFICATE} in {', '.join(map(str, directories)) or 'no directory'};"
                " pass the directory that `keys init` made, or a copy of its public files"
            )
        keys = [_vkey(path) for place in places for path in sorted(place.glob("*.vkey"))]
        return cls(b"".join(sorted(roots)), MappingProxyType({key.identifier: str(key) for key in keys}))

    @property
    def roots(self) -> tuple[x509.Certificate, ...]:
        """The root certificates."""
        return tuple(x509.load_pem_x509_certificates(self.roots_pem))

    def checkpoint_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """The keys whose checkpoints count for a log: those named after its origin if there are any, else all."""
        keys = tuple(VerifierKey.parse(vkey) for vkey in self.checkpoint_vkeys.values())
        return tuple(key for key in keys if key.name == origin) or keys


def _places(directory: Path) -> Iterator[Path]:
    """The directory itself and its sub-directories; TrustError when it is not there."""
    if not directory.is_dir():
        raise TrustError(f"trust: {directory} is no directory; pass the one that holds {files.ROOT_CERTIFICATE}")
    yield directory
    yield from sorted(path for path in directory.iterdir() if path.is_dir() and not path.name.startswith("."))


def _root(path: Path) -> bytes:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TrustError(f"{path}: not a readable PEM certificate; replace it") from error
    return certificate.public_bytes(serialization.Encoding.PEM)


def _vkey(path: Path) -> VerifierKey:
    try:
        return VerifierKey.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrustError(f"{path}: not a readable verifier key; replace it") from error
