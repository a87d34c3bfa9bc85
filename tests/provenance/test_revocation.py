"""A key that was taken back: what was time-stamped before stays good, everything else is refused with the reason."""

import io
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from provenance.errors import KeyFileError
from provenance.keys import Offline, SigningIdentity, TrustStore, files, issuing, revocation, revoke, rotate
from provenance.keys.revocation import REASONS
from provenance.keys.rotation import add_list
from provenance.pack import verify_pack, write_pack
from provenance.seal import SignedAsset
from provenance.timestamps import TimeStampAuthority, serve
from provenance.verification import Verdict, verify_isolated
from tests.provenance.office import PASSPHRASE, Office, Pixels, check


@pytest.fixture
def directory(authority: Path, clockwork: Path, tmp_path: Path) -> Path:
    """Keys of the test's own, which believe the test's clock."""
    copy = Path(shutil.copytree(authority, tmp_path / "keys"))
    shutil.copy(clockwork / files.TIME_ROOT, copy / files.TIME_ROOT)
    return copy


@pytest.fixture
def clocked(office: Office, directory: Path, clockwork: Path) -> Iterator[Office]:
    """An office whose signatures are time-stamped."""
    with serve(TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE), clock=lambda: datetime.now(UTC)) as url:
        office.trust = TrustStore.load(directory)
        office.identity = SigningIdentity.load(directory, passphrase=PASSPHRASE, timestamp_url=url)
        yield office


def take_back(office: Office, directory: Path, *, since: datetime, reason: str = "keyCompromise") -> None:
    """Revoke the signing key and let the office's checks know."""
    offline = Offline(directory / files.OFFLINE, PASSPHRASE)
    revoke(directory, office.identity.key_id, offline=offline, reason=reason, since=since, now=datetime.now(UTC))
    office.trust = TrustStore.load(directory)


def released(office: Office) -> SignedAsset:
    return office.publish(*office.make(Pixels.gradient(48, 48)))


def test_what_was_time_stamped_before_stays_good(clocked: Office, directory: Path) -> None:
    asset = released(clocked)
    time.sleep(1.1)  # time-stamps are to the second
    take_back(clocked, directory, since=datetime.now(UTC))
    answer = check(asset.data, clocked)
    assert (answer.verdict, answer.signer) == (Verdict.OURS, "trusted:Health Office")
    assert "a time-stamp by Test Clock shows that the file was signed before" in " ".join(answer.reasons)


def test_what_was_time_stamped_after_is_refused(clocked: Office, directory: Path) -> None:
    asset = released(clocked)
    take_back(clocked, directory, since=datetime.now(UTC) - timedelta(hours=1))
    answer = check(asset.data, clocked)
    assert (answer.verdict, answer.signer, answer.ledger) == (
        Verdict.UNRECORDED, "revoked:Health Office", "recorded"
    )  # fmt: skip
    assert "the key may be in other hands" in answer.reasons[0]
    assert "the file was signed later" in answer.reasons[0]
    assert verify_isolated(asset.data, trust=clocked.trust, ledger=clocked.ledger) == answer


def test_what_has_no_time_stamp_is_refused(clocked: Office, directory: Path) -> None:
    clocked.identity = replace(clocked.identity, timestamp_url=None)
    asset = released(clocked)
    time.sleep(1.1)
    take_back(clocked, directory, since=datetime.now(UTC), reason="superseded")
    answer = check(asset.data, clocked)
    assert (answer.verdict, answer.signer) == (Verdict.UNRECORDED, "revoked:Health Office")
    assert "no time-stamp shows that the file was signed before" in answer.reasons[0]


def test_a_time_stamp_by_nobody_we_trust_saves_nothing(clocked: Office, directory: Path) -> None:
    asset = released(clocked)
    time.sleep(1.1)
    take_back(clocked, directory, since=datetime.now(UTC))
    clocked.trust = replace(clocked.trust, anchors=replace(clocked.trust.anchors, time_roots_pem=b""))
    assert check(asset.data, clocked).signer == "revoked:Health Office"


def test_the_next_key_signs_and_the_revoked_one_does_not(clocked: Office, directory: Path) -> None:
    take_back(clocked, directory, since=datetime.now(UTC) - timedelta(hours=1))
    with pytest.raises(KeyFileError, match="revoked as of"):
        SigningIdentity.load(directory, passphrase=PASSPHRASE)
    rotate(
        directory, passphrase=PASSPHRASE, offline=Offline(directory / files.OFFLINE, PASSPHRASE), now=datetime.now(UTC)
    )
    url = clocked.identity.timestamp_url
    clocked.identity = SigningIdentity.load(directory, passphrase=PASSPHRASE, timestamp_url=url)
    assert check(released(clocked).data, clocked).verdict is Verdict.OURS


def test_files_of_a_former_key_verify_after_a_rotation(clocked: Office, directory: Path) -> None:
    asset = released(clocked)
    rotate(
        directory, passphrase=PASSPHRASE, offline=Offline(directory / files.OFFLINE, PASSPHRASE), now=datetime.now(UTC)
    )
    clocked.trust = TrustStore.load(directory)
    assert check(asset.data, clocked).verdict is Verdict.OURS


def test_a_list_counts_only_from_the_issuer(clocked: Office, directory: Path, tmp_path: Path) -> None:
    """Whoever has the key of a leaf can revoke nothing, and cannot undo a revocation."""
    asset = released(clocked)
    take_back(clocked, directory, since=datetime.now(UTC) - timedelta(hours=1))
    (path,) = directory.glob(files.LISTS)
    forged = x509.load_pem_x509_crl(path.read_bytes())
    foreign = issuing.new(issuing.INTERMEDIATE, "Health Office", now=clocked.now)
    again = x509.CertificateRevocationListBuilder(
        forged.issuer, forged.last_update_utc, forged.next_update_utc, list(forged.extensions), list(forged)
    ).sign(foreign.key, foreign.certificate.signature_hash_algorithm)
    path.write_bytes(again.public_bytes(Encoding.PEM))
    assert check(asset.data, replace_trust(clocked, directory)).verdict is Verdict.OURS
    with pytest.raises(KeyFileError, match="issued none of our certificates"):
        add_list(directory, again.public_bytes(Encoding.PEM))
    add_list(directory, forged.public_bytes(Encoding.PEM))
    assert check(asset.data, replace_trust(clocked, directory)).signer == "revoked:Health Office"


def replace_trust(office: Office, directory: Path) -> Office:
    office.trust = TrustStore.load(directory)
    return office


def test_a_second_revocation_keeps_the_first(clocked: Office, directory: Path) -> None:
    offline = Offline(directory / files.OFFLINE, PASSPHRASE)
    first = clocked.identity.key_id
    take_back(clocked, directory, since=datetime.now(UTC) - timedelta(hours=1))
    rotate(directory, passphrase=PASSPHRASE, offline=offline, now=datetime.now(UTC))
    clocked.identity = SigningIdentity.load(directory, passphrase=PASSPHRASE)
    assert clocked.identity.key_id != first
    take_back(clocked, directory, since=datetime.now(UTC), reason="superseded")
    (path,) = directory.glob(files.LISTS)
    assert len(x509.load_pem_x509_crl(path.read_bytes())) == 2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_our_list(clocked: Office, directory: Path) -> None:
    take_back(clocked, directory, since=datetime.now(UTC) - timedelta(hours=1))
    (path,) = directory.glob(files.LISTS)
    places = ["-CAfile", files.ROOT_CERTIFICATE, "-untrusted", files.INTERMEDIATE_CERTIFICATE, "-CRLfile", path.name]
    command = ["openssl", "verify", "-crl_check", *places, files.CHAIN]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert "certificate revoked" in done.stdout + done.stderr


def test_every_reason_has_words() -> None:
    from provenance.keys.revocation import Revocation

    moment = datetime.now(UTC)
    assert all(Revocation(1, moment, reason).why != Revocation(1, moment, "").why for reason in REASONS)


def packed(office: Office, asset: SignedAsset) -> list[str]:
    """What a pack's own script says of a picture."""
    office.ledger.checkpoint(office.log, office.key, now=office.now)
    file = io.BytesIO()
    write_pack(
        file, pictures=[("a.png", asset.data)], ledger=office.ledger, log=office.log, trust=office.trust,
        now=office.now,
    )  # fmt: skip
    with zipfile.ZipFile(file) as archive:
        return list(verify_pack.check({name: archive.read(name) for name in archive.namelist()}, None))


def listed(office: Office, issuer: issuing.Issuer, *, since: timedelta) -> None:
    """Trust with one list: the office's signer, revoked so long after its signature, by this issuer."""
    leaf = x509.load_pem_x509_certificates(office.identity.chain_pem)[0]
    at = datetime.now(UTC) + since
    taken = revocation.Revocation(leaf.serial_number, at, "keyCompromise")
    pem = revocation.revoke(taken, issuer=issuer.certificate, key=issuer.key, before=None, now=at)
    office.trust = replace(office.trust, anchors=replace(office.trust.anchors, revoked_pem=pem))


def test_a_pack_judges_revocation_by_itself(clocked: Office, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asset, issuer = released(clocked), Offline(directory / files.OFFLINE, PASSPHRASE).intermediate(directory)
    assert "Revocation: the pack holds no list, so of no signer is anything known." in packed(clocked, asset)
    listed(clocked, issuer, since=timedelta(minutes=5))
    assert any("1 were time-stamped before their signer was revoked" in line for line in packed(clocked, asset))
    listed(clocked, issuer, since=timedelta(minutes=-5))
    with pytest.raises(verify_pack.Failure, match="its signer was revoked as of"):
        packed(clocked, asset)
    monkeypatch.setitem(sys.modules, "c2pa", None)
    assert any(line.startswith("Revocation: not judged") for line in packed(clocked, asset))


def test_a_pack_takes_no_list_from_anybody_but_the_issuer(clocked: Office, directory: Path) -> None:
    asset, issuer = released(clocked), Offline(directory / files.OFFLINE, PASSPHRASE).intermediate(directory)
    forger = issuing.new(issuing.INTERMEDIATE, "Health Office", now=clocked.now)
    listed(clocked, replace(forger, certificate=issuer.certificate), since=timedelta(minutes=-5))
    assert "Revocation: by the pack's 1 lists no signer was revoked when it signed." in packed(clocked, asset)
