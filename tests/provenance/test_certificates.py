"""Certificates and keys that are not as they should be: a clear error or verdict each, and nothing half written.

The first table is about who wants to sign: what is raised names the remedy, no file comes into being, no file of the
keys changes, and nothing is in the ledger. The second is about files that such a signer made elsewhere; what is
expired or revoked is in `test_timestamps` and `test_revocation`, because there the time-stamp decides.
"""

import shutil
import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from provenance.errors import KeyFileError, SealError
from provenance.keys import Offline, SigningIdentity, files, issuing, revoke
from provenance.keys.signing import in_process
from provenance.seal import SignedAsset
from provenance.verification import Verdict, verify
from tests.provenance.conftest import NOW
from tests.provenance.office import LOG, PASSPHRASE, Office, Pixels

LONG_AGO = NOW - timedelta(days=400)


def nobody() -> str:
    """An address at which nobody answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as port:
        return f"http://127.0.0.1:{port.getsockname()[1]}/"


def chained(directory: Path, profile: issuing.Profile, *, now: datetime = NOW, whole: bool = True) -> None:
    """Another leaf in place of the one that signs, issued by the same intermediate."""
    issuer = Offline(directory / files.OFFLINE, PASSPHRASE).intermediate(directory)
    leaf = issuing.new(profile, "Health Office", now=now, by=issuer)
    chain = [leaf.certificate, issuer.certificate] if whole else [leaf.certificate]
    (directory / files.CHAIN).write_bytes(issuing.pem(*chain))


def take_back(directory: Path) -> None:
    identity = SigningIdentity.load(directory, passphrase=PASSPHRASE)
    offline = Offline(directory / files.OFFLINE, PASSPHRASE)
    revoke(directory, identity.key_id, offline=offline, reason="keyCompromise", since=NOW, now=datetime.now(UTC))


def open_to_others(directory: Path) -> None:
    identity = SigningIdentity.load(directory, passphrase=PASSPHRASE)
    (directory / files.leaf_key(identity.key_id)).chmod(0o644)


SIGNERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "expired": (lambda keys: chained(keys, issuing.CLAIMS, now=LONG_AGO), "expired at .*; run `keys rotate`"),
    "revoked": (take_back, r"revoked as of .* run `keys rotate`"),
    "wrong purpose": (lambda keys: chained(keys, issuing.TIME), "for another purpose; see `keys status`"),
    "intermediate missing": (lambda keys: chained(keys, issuing.CLAIMS, whole=False), "an intermediate is missing"),
    "open to others": (open_to_others, "chmod 600"),
    "authority down": (lambda _: None, "cannot be reached .*; check TSA_URL"),
}


@pytest.mark.parametrize("case", SIGNERS)
def test_who_may_not_sign_is_told_the_remedy_and_leaves_nothing(
    case: str, office: Office, authority: Path, clockwork: Path, tmp_path: Path, pixels: Pixels
) -> None:
    spoil, remedy = SIGNERS[case]
    keys = Path(shutil.copytree(authority, tmp_path / "keys"))
    shutil.copy(clockwork / files.TIME_ROOT, keys / files.TIME_ROOT)
    spoil(keys)
    before = contents(tmp_path)

    def sign() -> tuple[str, SignedAsset]:
        office.identity = SigningIdentity.load(keys, passphrase=PASSPHRASE, timestamp_url=nobody())
        return office.make(pixels)

    with pytest.raises((KeyFileError, SealError), match=remedy) as caught:
        sign()
    assert not caught.value.permanent, "once it is mended, the same work succeeds"
    assert contents(tmp_path) == before
    assert office.ledger.size(LOG) == 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the ledger's own, by name."""
    found = (path for path in folder.rglob("*") if path.is_file() and "ledger.sqlite3" not in path.name)
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_a_certificate_that_ends_while_a_picture_waits_signs_nothing(office: Office, pixels: Pixels) -> None:
    office.identity = replace(office.identity, expires=NOW)
    with pytest.raises(SealError, match=r"expired at .*; run `keys rotate`") as caught:
        office.make(pixels)
    assert (caught.value.permanent, office.ledger.size(LOG)) == (False, 0)


def elsewhere(office: Office, authority: Path, profile: issuing.Profile, now: datetime, *, whole: bool) -> SignedAsset:
    """A file made with our intermediate's certificates by somebody whose signer does not look at them."""
    issuer = Offline(authority / files.OFFLINE, PASSPHRASE).intermediate(authority)
    leaf = issuing.new(profile, "Health Office", now=now, by=issuer)
    chain = [leaf.certificate, issuer.certificate] if whole else [leaf.certificate]
    office.identity = SigningIdentity.from_callback(
        in_process(leaf.key).sign, chain_pem=issuing.pem(*chain), anchors=office.trust.anchors
    )
    office.identity = replace(office.identity, expires=NOW + timedelta(days=1))
    return office.make(Pixels.gradient(48, 48))[1]


@pytest.mark.parametrize(
    ("profile", "now", "whole", "verdict", "signer"),
    [
        (issuing.CLAIMS, NOW, True, Verdict.NOT_RELEASED, "trusted:Health Office"),
        (issuing.CLAIMS, NOW, False, Verdict.OTHER_SIGNER, "unlisted"),
        (issuing.TIME, NOW, True, Verdict.OTHER_SIGNER, "unlisted"),
    ],
    ids=["as it should be", "intermediate missing", "wrong purpose"],
)
def test_what_such_a_signer_made_gets_a_verdict(
    office: Office, authority: Path, profile: issuing.Profile, now: datetime, whole: bool, verdict: Verdict, signer: str
) -> None:
    asset = elsewhere(office, authority, profile, now, whole=whole)
    answer = verify(asset.data, trust=office.trust, ledger=office.ledger)
    assert (answer.verdict, answer.signer) == (verdict, signer)


def test_not_even_the_sdk_signs_with_an_expired_certificate(office: Office, authority: Path) -> None:
    with pytest.raises(SealError, match="not valid at time of signing; check the signing key"):
        elsewhere(office, authority, issuing.CLAIMS, LONG_AGO, whole=True)
    assert office.ledger.size(LOG) == 0
