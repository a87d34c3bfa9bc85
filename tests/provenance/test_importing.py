"""Bringing in certificates: whatever is wrong is named, all of it, and nothing is written."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from provenance import credentials
from provenance.errors import KeyFileError
from provenance.keys import SigningIdentity, TrustStore, files, import_chain, issuing
from provenance.keys.chains import CLAIM_SIGNING
from provenance.keys.signing import PrivateKey
from tests.provenance.conftest import NOW
from tests.provenance.office import PASSPHRASE, Office, Pixels

ROOT = issuing.new(issuing.ROOT, "Seller", now=NOW)
MIDDLE = issuing.new(issuing.INTERMEDIATE, "Seller", now=NOW, by=ROOT)
KEY = ec.generate_private_key(ec.SECP256R1())


def leaf(key: PrivateKey = KEY, **changes: Any) -> x509.Certificate:
    """A claim signer's certificate with something changed."""
    facts: dict[str, Any] = {
        "begin": NOW - timedelta(hours=1), "end": NOW + timedelta(days=364), "ca": False, "sign": True, "issue": False,
        "purposes": [CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION], "identifiers": True,
    } | changes  # fmt: skip
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Buyer")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(MIDDLE.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(facts["begin"])
        .not_valid_after(facts["end"])
        .add_extension(x509.BasicConstraints(ca=facts["ca"], path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(facts["sign"], False, False, False, False, facts["issue"], False, False, False),
            critical=True,
        )
    )
    if facts["purposes"]:
        builder = builder.add_extension(x509.ExtendedKeyUsage(facts["purposes"]), critical=False)
    if facts["identifiers"]:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(MIDDLE.key.public_key())
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        builder = builder.add_extension(identifier, critical=False)
    return builder.sign(MIDDLE.key, hashes.SHA256())


def bring(directory: Path, certificate: x509.Certificate, *, key: PrivateKey = KEY, now: datetime = NOW) -> None:
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    import_chain(
        directory,
        chain_pem=issuing.pem(certificate, MIDDLE.certificate),
        root_pem=issuing.pem(ROOT.certificate),
        key=plain,
        passphrase=PASSPHRASE,
        now=now,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"end": NOW - timedelta(minutes=1)}, "leaf: expired at"),
        ({"begin": NOW + timedelta(hours=1)}, "leaf: not valid before"),
        ({"end": NOW + timedelta(days=367)}, "more than 366 days"),
        ({"purposes": [ExtendedKeyUsageOID.EMAIL_PROTECTION]}, "lacks claim signing"),
        ({"purposes": []}, "lacks claim signing"),
        ({"purposes": [CLAIM_SIGNING, ExtendedKeyUsageOID.TIME_STAMPING]}, "exclude claim signing"),
        ({"sign": False}, "not critical with digitalSignature"),
        ({"issue": True, "ca": True}, "keyCertSign"),
        ({"ca": True}, "CA=true"),
        ({"identifiers": False}, "no subject key identifier"),
    ],
)
def test_a_leaf_that_may_not_sign_claims_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        bring(tmp_path / "new", leaf(**changes))
    assert words in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(KeyFileError) as caught:
        bring(tmp_path / "new", leaf(purposes=[], identifiers=False), key=other)
    for words in ("lacks claim signing", "no subject key", "no authority key", "not the one that the leaf"):
        assert words in str(caught.value)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256K1()), rsa.generate_private_key(65537, 1024)])  # noqa: S505  # weak on purpose
def test_a_kind_of_key_that_c2pa_does_not_know_is_refused(tmp_path: Path, key: PrivateKey) -> None:
    with pytest.raises(KeyFileError, match="C2PA signs with"):
        bring(tmp_path / "new", leaf(key), key=key)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["ES384", "PS256", "Ed25519"],
)
def test_every_algorithm_of_c2pa_signs(tmp_path: Path, office: Office, key: PrivateKey) -> None:
    bring(tmp_path / "new", leaf(key), key=key)
    office.identity = SigningIdentity.load(tmp_path / "new", passphrase=PASSPHRASE)
    _, asset = office.seal(Pixels.gradient(32, 32))
    found = credentials.read(asset.data, asset.media_type, roots_pem=TrustStore.load(tmp_path / "new").roots_pem)
    assert found is not None
    assert (found.state, found.failures) == ("Trusted", ())


def test_a_crash_in_the_middle_leaves_the_old_leaf_signing(
    tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    directory = Path(shutil.copytree(authority, tmp_path / "copy"))
    before = SigningIdentity.load(directory, passphrase=PASSPHRASE).key_id
    replace = files.replace

    def cut_off(path: Path, data: bytes) -> None:
        if path.name == files.CHAIN:
            raise OSError(28, "No space left on device")
        replace(path, data)

    monkeypatch.setattr(files, "replace", cut_off)
    with pytest.raises(OSError, match="No space"):
        bring(directory, leaf())
    assert SigningIdentity.load(directory, passphrase=PASSPHRASE).key_id == before
