"""The organisation's keys: what is made, what is refused when it is loaded, and whom a trust store believes."""

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID

from provenance.errors import KeyFileError, TrustError
from provenance.keys import CheckpointKey, Offline, SigningIdentity, TrustStore, create_authority, files, rotate
from provenance.keys.chains import CLAIM_SIGNING, trusted_root
from provenance.keys.notes import VerifierKey, open_note, sign_note, verifier_key
from tests.provenance.office import PASSPHRASE


@pytest.fixture
def copy(authority: Path, tmp_path: Path) -> Path:
    """A copy of the keys to spoil."""
    return Path(shutil.copytree(authority, tmp_path / "copy"))


def leaf_key(directory: Path) -> Path:
    """The file with the key that signs."""
    (path,) = directory.glob("leaf-*.key.pem")
    return path


def here(directory: Path) -> Offline:
    """The keys of root and intermediate, not moved away yet."""
    return Offline(directory / files.OFFLINE, PASSPHRASE)


def test_the_leaf_has_the_profile_of_a_claim_signer(authority: Path) -> None:
    leaf, intermediate = x509.load_pem_x509_certificates((authority / files.CHAIN).read_bytes())
    extensions = leaf.extensions
    assert leaf.version is x509.Version.v3
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=366)
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    assert set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == {
        CLAIM_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    }
    extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    authority_key = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert authority_key.key_identifier == _key_identifier(intermediate)
    root = x509.load_pem_x509_certificate((authority / files.ROOT_CERTIFICATE).read_bytes())
    intermediate.verify_directly_issued_by(root)
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 1


def _key_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_private_keys_are_encrypted_and_for_their_owner_alone(authority: Path) -> None:
    paths = list(authority.rglob("*.key.pem"))
    assert len(paths) == 4
    for path in paths:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()


def test_an_existing_directory_is_refused_and_left_alone(authority: Path, now: datetime) -> None:
    before = leaf_key(authority).read_bytes()
    with pytest.raises(KeyFileError, match="exists already"):
        create_authority(authority, organisation="Again", passphrase=PASSPHRASE, now=now)
    assert leaf_key(authority).read_bytes() == before


def test_a_half_written_authority_is_never_seen(tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        create_authority(tmp_path / "keys", organisation="Full Disk", passphrase=PASSPHRASE, now=now)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("organisation", "passphrase"), [("", PASSPHRASE), ("x" * 51, PASSPHRASE), ("Fine", b"short")])
def test_names_and_passphrases_are_checked_first(
    tmp_path: Path, now: datetime, organisation: str, passphrase: bytes
) -> None:
    with pytest.raises(ValueError, match=r"organisation|passphrase"):
        create_authority(tmp_path / "keys", organisation=organisation, passphrase=passphrase, now=now)
    assert not (tmp_path / "keys").exists()


def test_signatures_are_raw_es256(identity: SigningIdentity) -> None:
    signature = identity.sign(b"claim")
    assert len(signature) == 64
    der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    leaf = x509.load_pem_x509_certificates(identity.chain_pem)[0]
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(der, b"claim", ec.ECDSA(hashes.SHA256()))
    assert identity.key_id == leaf.fingerprint(hashes.SHA256()).hex()


def test_no_private_key_is_in_a_repr(identity: SigningIdentity, checkpoint_key: CheckpointKey) -> None:
    assert "_sign" not in repr(identity)
    assert "_private" not in repr(checkpoint_key)


def test_a_key_that_others_can_read_is_refused(copy: Path) -> None:
    leaf_key(copy).chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        SigningIdentity.load(copy, passphrase=PASSPHRASE)


def test_a_symlink_is_refused(copy: Path, authority: Path) -> None:
    path = leaf_key(copy)
    path.unlink()
    path.symlink_to(leaf_key(authority))
    with pytest.raises(KeyFileError, match="no symlink"):
        SigningIdentity.load(copy, passphrase=PASSPHRASE)


def test_a_key_of_another_user_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(KeyFileError, match="chown"):
        SigningIdentity.load(copy, passphrase=PASSPHRASE)


def test_a_missing_key_says_how_to_make_one(copy: Path) -> None:
    (copy / files.CHECKPOINT_KEY).unlink()
    with pytest.raises(KeyFileError, match="keys init"):
        CheckpointKey.load(copy, passphrase=PASSPHRASE)


def test_a_wrong_passphrase_says_so_without_repeating_it(copy: Path) -> None:
    with pytest.raises(KeyFileError, match="passphrase") as caught:
        SigningIdentity.load(copy, passphrase=b"wrong wrong wrong")
    assert "wrong wrong" not in str(caught.value)


def test_keys_of_two_authorities_cannot_be_mixed(copy: Path, tmp_path: Path, now: datetime) -> None:
    create_authority(tmp_path / "other", organisation="Other", passphrase=PASSPHRASE, now=now)
    shutil.copy(leaf_key(tmp_path / "other"), leaf_key(copy))
    shutil.copy(tmp_path / "other" / files.CHECKPOINT_KEY, copy / files.CHECKPOINT_KEY)
    with pytest.raises(KeyFileError, match="does not belong"):
        SigningIdentity.load(copy, passphrase=PASSPHRASE)
    with pytest.raises(KeyFileError, match="does not belong"):
        CheckpointKey.load(copy, passphrase=PASSPHRASE)


def test_an_expired_leaf_is_refused(tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    create_authority(tmp_path / "old", organisation="Old", passphrase=PASSPHRASE, now=long_ago)
    with pytest.raises(KeyFileError, match="expired") as caught:
        SigningIdentity.load(tmp_path / "old", passphrase=PASSPHRASE)
    assert not caught.value.permanent, "once a new leaf is there, the same work succeeds"


def test_a_new_leaf_replaces_an_expired_one_under_the_same_root(tmp_path: Path, now: datetime) -> None:
    directory = tmp_path / "old"
    create_authority(directory, organisation="Old", passphrase=PASSPHRASE, now=now - timedelta(days=400))
    before = (directory / files.CHAIN).read_bytes()
    rotate(directory, passphrase=PASSPHRASE, offline=here(directory), now=now)
    identity = SigningIdentity.load(directory, passphrase=PASSPHRASE)
    assert identity.chain_pem != before
    assert identity.expires == now + timedelta(days=365)
    assert identity.organisation == "Old"
    assert trusted_root(x509.load_pem_x509_certificates(identity.chain_pem), TrustStore.load(directory).roots)
    assert stat.S_IMODE(leaf_key(directory).stat().st_mode) == 0o600


def test_a_leaf_never_outlives_its_intermediate(copy: Path, now: datetime) -> None:
    with pytest.raises(KeyFileError, match="new chain"):
        rotate(copy, passphrase=PASSPHRASE, offline=here(copy), now=now + timedelta(days=1500))
    (copy / files.OFFLINE / files.INTERMEDIATE_KEY).unlink()
    with pytest.raises(KeyFileError, match="no such key file"):
        rotate(copy, passphrase=PASSPHRASE, offline=here(copy), now=now)


def test_a_key_may_be_elsewhere(identity: SigningIdentity) -> None:
    remote = SigningIdentity.from_callback(identity.sign, chain_pem=identity.chain_pem, anchors=identity.anchors)
    assert remote == identity
    assert len(remote.sign(b"claim")) == 64


def test_an_older_root_stays_trusted_beside_a_new_one(copy: Path, tmp_path: Path, now: datetime) -> None:
    create_authority(tmp_path / "new", organisation="Health Office", passphrase=PASSPHRASE, now=now)
    shutil.copy(copy / files.ROOT_CERTIFICATE, tmp_path / "new" / "root-2025.pem")
    assert len(TrustStore.load(tmp_path / "new").roots) == 2
    roots = SigningIdentity.load(tmp_path / "new", passphrase=PASSPHRASE).anchors.roots_pem
    assert len(x509.load_pem_x509_certificates(roots)) == 2


def test_a_trust_store_needs_no_private_key_and_takes_a_parent(authority: Path, copy: Path, tmp_path: Path) -> None:
    for path in copy.rglob("*.key.pem"):
        path.unlink()
    parent = TrustStore.load(tmp_path)
    assert parent.roots_pem == TrustStore.load(authority).roots_pem
    assert list(parent.checkpoint_vkeys) == list(TrustStore.load(authority).checkpoint_vkeys)


def test_an_empty_trust_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match=r"root\.pem"):
        TrustStore.load(tmp_path)
    with pytest.raises(TrustError):
        TrustStore.load()
    with pytest.raises(TrustError, match="no directory"):
        TrustStore.load(tmp_path / "missing")


def test_damaged_trust_files_are_named(copy: Path) -> None:
    (copy / files.CHECKPOINT_VKEY).write_text("aid+00000000+AAAA")
    with pytest.raises(TrustError, match=r"checkpoint\.vkey"):
        TrustStore.load(copy)
    (copy / files.ROOT_CERTIFICATE).write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(TrustError, match=r"root\.pem"):
        TrustStore.load(copy)


def test_a_key_named_after_a_log_is_the_only_one_that_counts_for_it(tmp_path: Path, now: datetime) -> None:
    for name, origin in (("a", "studio.example/a"), ("b", None)):
        create_authority(tmp_path / name, organisation=name, passphrase=PASSPHRASE, now=now, checkpoint_name=origin)
    store = TrustStore.load(tmp_path)
    assert [key.name for key in store.checkpoint_keys("studio.example/a")] == ["studio.example/a"]
    assert len(store.checkpoint_keys("studio.example/c")) == 2


def test_a_chain_counts_only_from_leaf_to_our_root(identity: SigningIdentity, stranger: SigningIdentity) -> None:
    roots = x509.load_pem_x509_certificates(identity.anchors.roots_pem)
    leaf, intermediate = x509.load_pem_x509_certificates(identity.chain_pem)
    assert trusted_root((leaf, intermediate), roots) == roots[0]
    assert trusted_root((leaf,), roots) is None
    assert trusted_root((intermediate,), roots) is None, "an authority does not sign claims"
    assert trusted_root((), roots) is None
    assert trusted_root((leaf, *x509.load_pem_x509_certificates(stranger.chain_pem)), roots) is None
    assert trusted_root(x509.load_pem_x509_certificates(stranger.chain_pem), roots) is None


def test_a_note_opens_under_its_key_alone(checkpoint_key: CheckpointKey, trust: TrustStore) -> None:
    keys = tuple(VerifierKey.parse(vkey) for vkey in trust.checkpoint_vkeys.values())
    note = checkpoint_key.sign_note("origin\n1\nroot\n")
    assert open_note(note, keys) == ("origin\n1\nroot\n", keys[0])
    assert open_note(note.replace("1\n", "2\n", 1), keys) is None
    assert open_note(note, ()) is None
    other = verifier_key(keys[0].name, bytes(32))
    assert open_note(note, (other,)) is None, "the same name with another key is another key"


@pytest.mark.parametrize("text", ["no newline", "two\n\nparagraphs\n"])
def test_a_text_that_cannot_be_a_note_is_refused(checkpoint_key: CheckpointKey, text: str) -> None:
    with pytest.raises(ValueError, match="text"):
        checkpoint_key.sign_note(text)


@pytest.mark.parametrize("name", ["", "two words", "plus+sign"])
def test_key_names_follow_the_specification(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        verifier_key(name, bytes(32))


def test_a_note_with_several_signatures_needs_one_known_key(checkpoint_key: CheckpointKey) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    witness = Ed25519PrivateKey.generate()
    text = "origin\n1\nroot\n"
    second = sign_note(text, "witness", witness).rpartition("\n\n")[2]
    note = checkpoint_key.sign_note(text) + second
    key = verifier_key("witness", witness.public_key().public_bytes_raw())
    assert open_note(note, (key,)) == (text, key)
