"""The public part of the keys: whose signatures count, whose time-stamps, whose checkpoints, and what was revoked.

- It never holds or needs a private key.
- An empty list of roots is an error, never "trust everybody" and never "trust nobody". Without roots for time-stamps no
  time-stamp counts.
- The lists are by kind, and a root of one kind vouches for nothing of the other.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provenance.errors import TrustError
from provenance.keys import files, revocation
from provenance.keys.notes import VerifierKey


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the look at a file needs of the trust lists, all public: PEM, each kind put together.

    `roots_pem` vouch for claim signers, `time_roots_pem` for time-stamp authorities; `revoked_pem` is what was revoked.
    """

    roots_pem: bytes
    time_roots_pem: bytes = b""
    revoked_pem: bytes = b""

    @property
    def all_pem(self) -> bytes:
        """The roots of both kinds, for the SDK, which knows one list; the kinds are then told apart by us."""
        return self.roots_pem + self.time_roots_pem

    def to_json(self) -> dict[str, str]:
        """The lists as plain JSON."""
        return {name: pem.decode() for name, pem in asdict(self).items()}

    @classmethod
    def from_json(cls, fields: Mapping[str, str]) -> "Anchors":
        """The lists that `to_json` gave."""
        return cls(**{name: pem.encode() for name, pem in fields.items()})


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The lists of `Anchors`, and `checkpoint_vkeys`, which maps `<name>+<key id>` to the verifier key of a log."""

    anchors: Anchors
    checkpoint_vkeys: Mapping[str, str]

    @classmethod
    def load(cls, *directories: Path) -> "TrustStore":
        """Read trust directories, or a parent that holds one sub-directory per organisation.

        Raises TrustError when there is no root, or for a file that cannot be read, which it names.
        """
        places = [place for directory in directories for place in _places(directory)]
        roots = _pem(places, files.roots, _certificate)
        if not roots:
            raise TrustError(
                f"trust: no {files.ROOT_CERTIFICATE} in {', '.join(map(str, directories)) or 'no directory'};"
                " pass the directory that `keys init` made, or a copy of its public files"
            )
        anchors = Anchors(
            roots, _pem(places, files.time_roots, _certificate), _pem(places, files.revocation_lists, _revocation_list)
        )
        keys = [_vkey(path) for place in places for path in sorted(place.glob("*.vkey"))]
        return cls(anchors, MappingProxyType({key.identifier: str(key) for key in keys}))

    @property
    def roots_pem(self) -> bytes:
        """The roots that vouch for claim signers, in PEM."""
        return self.anchors.roots_pem

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


def _pem(places: list[Path], find: Callable[[Path], list[Path]], read: Callable[[Path], bytes]) -> bytes:
    """The files of one kind in all places, put together, each once and in an order that does not change."""
    return b"".join(sorted({read(path) for place in places for path in find(place)}))


def _certificate(path: Path) -> bytes:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TrustError(f"{path}: not a readable PEM certificate; replace it") from error
    return certificate.public_bytes(serialization.Encoding.PEM)


def _revocation_list(path: Path) -> bytes:
    try:
        lists = revocation.load(path.read_bytes())
    except (OSError, ValueError) as error:
        raise TrustError(f"{path}: not a readable revocation list; replace it") from error
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in lists)


def _vkey(path: Path) -> VerifierKey:
    try:
        return VerifierKey.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrustError(f"{path}: not a readable verifier key; replace it") from error
