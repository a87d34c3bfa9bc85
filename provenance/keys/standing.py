"""How an organisation's keys stand: what is wrong, and what will be unless somebody does something.

It opens no private key, so that a process without the passphrase can ask too; whether the keys open is found out by
loading them.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from provenance.canonical import rfc3339
from provenance.errors import KeyFileError
from provenance.keys import chains, files, issuing, revocation
from provenance.keys.importing import problems
from provenance.keys.signing import algorithm_of
from provenance.keys.trust import TrustStore

LEAF_NOTICE = timedelta(days=30)
ROOT_NOTICE = timedelta(days=400)  # under what ends sooner no new leaf can be issued, or hardly
TIME_NOTICE = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to do. `wrong`: nothing can be signed until it is done; otherwise it can wait for a while."""

    wrong: bool
    what: str

    def __str__(self) -> str:
        return f"{'WRONG' if self.wrong else 'TO DO'}  {self.what}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The signing leaf and everything that needs doing, the wrong first.

    `former` are the key ids of the leaves before it; `revoked` says of which of all these keys what was revoked.
    """

    organisation: str
    key_id: str
    algorithm: str
    expires: datetime
    former: tuple[str, ...]
    revoked: Mapping[str, revocation.Revocation]
    findings: tuple[Finding, ...]


def standing(directory: Path, *, now: datetime, with_keys: bool) -> Standing:
    """How the keys in a trust directory stand at `now`. KeyFileError or TrustError when there are none to speak of.

    `with_keys`: look at the key files' owner and mode too, which makes sense for the user who signs alone.
    """
    trust = TrustStore.load(directory).anchors
    lists = revocation.load(trust.revoked_pem)
    roots = x509.load_pem_x509_certificates(trust.roots_pem)
    present, *before = _chains(directory)
    found = [*_chain_findings(present, roots, lists, now=now)]
    found += _root_findings(present, roots, trust.time_roots_pem, now=now)
    found += _file_findings(directory) if with_keys else []
    taken = {chains.key_id(chain[0]): _revoked(chain, roots, lists) for chain in (present, *before)}
    leaf = present[0]
    return Standing(
        organisation=chains.organisation(leaf),
        key_id=chains.key_id(leaf),
        algorithm=_algorithm(leaf),
        expires=leaf.not_valid_after_utc,
        former=tuple(chains.key_id(chain[0]) for chain in before),
        revoked={identifier: revoked for identifier, revoked in taken.items() if revoked is not None},
        findings=tuple(sorted(found, key=lambda finding: not finding.wrong)),
    )


def _chains(directory: Path) -> list[list[x509.Certificate]]:
    if not (directory / files.CHAIN).exists():
        raise KeyFileError(f"{directory / files.CHAIN}: there is none; run `keys init` or `keys import`")
    return [x509.load_pem_x509_certificates(files.read_public(path)) for path in files.chains(directory)]


def _chain_findings(
    chain: list[x509.Certificate],
    roots: list[x509.Certificate],
    lists: tuple[x509.CertificateRevocationList, ...],
    *,
    now: datetime,
) -> Iterator[Finding]:
    leaf = chain[0]
    for problem in problems(chain, roots, now=now):
        yield Finding(True, f"{problem}; run `keys rotate` or `keys import`")
    if revoked := _revoked(chain, roots, lists):
        yield Finding(True, f"leaf: revoked as of {rfc3339(revoked.since)} ({revoked.why}); run `keys rotate`")
    if now < leaf.not_valid_after_utc <= now + LEAF_NOTICE:
        yield Finding(False, f"leaf: ends {_when(leaf, now)}; run `keys rotate`")
    for certificate in chain[1:]:
        if now < certificate.not_valid_after_utc <= now + timedelta(days=issuing.CLAIMS.days):
            yield Finding(False, f"intermediate: ends {_when(certificate, now)}; run `keys rotate --intermediate`")


def _root_findings(
    chain: list[x509.Certificate], roots: list[x509.Certificate], time_roots_pem: bytes, *, now: datetime
) -> Iterator[Finding]:
    for root in roots:
        if chains.issued(root, chain[-1]) and now < root.not_valid_after_utc <= now + ROOT_NOTICE:
            yield Finding(
                False, f"root: ends {_when(root, now)}; make new keys and keep this as root-….pem beside them"
            )
    for root in x509.load_pem_x509_certificates(time_roots_pem) if time_roots_pem else []:
        if root.not_valid_after_utc <= now + TIME_NOTICE:
            name = root.subject.rfc4514_string()
            yield Finding(False, f"time-stamps: the root {name} ends {_when(root, now)}; add its successor beside it")


def _file_findings(directory: Path) -> Iterator[Finding]:
    offline = [directory / files.OFFLINE / files.ROOT_KEY, directory / files.ROOT_KEY]
    if any(path.exists() for path in offline):
        yield Finding(
            False, f"{files.OFFLINE}/: the root's key is on this machine; move the folder to one without a network"
        )
    for path in sorted(directory.rglob("*.key.pem")):
        status = path.lstat()
        if path.is_symlink() or status.st_mode & 0o077 or status.st_uid != os.geteuid():
            yield Finding(True, f"{path}: not for its owner alone; run `chown {os.geteuid()}` and `chmod 600` on it")


def _revoked(
    chain: list[x509.Certificate],
    roots: list[x509.Certificate],
    lists: tuple[x509.CertificateRevocationList, ...],
) -> revocation.Revocation | None:
    root = chains.trusted_root(chain, roots)
    return revocation.revocation_in((*chain, root) if root else chain, lists)


def _algorithm(leaf: x509.Certificate) -> str:
    try:
        return algorithm_of(leaf.public_key()).value
    except ValueError:
        return "unknown"


def _when(certificate: x509.Certificate, now: datetime) -> str:
    days = (certificate.not_valid_after_utc - now).days
    return f"at {rfc3339(certificate.not_valid_after_utc)}, in {days} days"
