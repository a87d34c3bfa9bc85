"""Keys in a PKCS #11 token, on SoftHSM where it is installed; and what is refused before any token is asked."""

import os
import subprocess
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from provenance.errors import KeyFileError, SealError
from provenance.keys import Offline, SigningIdentity, TrustStore, create_authority, files, rotate
from provenance.keys.places import resolve
from provenance.keys.signing import Algorithm, SigningKey, in_process
from provenance.keys.tokens import TokenAddress
from provenance.verification import Verdict
from tests.provenance.office import PASSPHRASE, Office, Pixels, check

MODULES = [
    Path(place)
    for place in (
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",
        "/opt/homebrew/lib/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    )
]
PIN = "123456"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> str:
    """SoftHSM's module with a token of this run's own: the module reads its configuration once a process."""
    found = next((path for path in MODULES if path.exists()), None)
    if found is None:
        pytest.skip("SoftHSM is not installed (Debian: apt install softhsm2)")
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    folder = tmp_path_factory.mktemp("hsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", "office", "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    fill(str(found))
    return str(found)


def fill(module: str) -> None:
    """A key pair of each kind, in the token. The PIN is in no file: it is the passphrase."""
    import pkcs11
    from pkcs11.util.ec import encode_named_curve_parameters

    token = pkcs11.lib(module).get_token(token_label="office")
    with token.open(user_pin=PIN, rw=True) as session:
        session.generate_keypair(pkcs11.KeyType.RSA, 2048, label="rsa", store=True)
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(label="ec", store=True)


def address(module: str, label: str) -> str:
    return f"pkcs11:token=office;object={label}?module-path={module}"


@pytest.fixture
def directory(tmp_path: Path, now: datetime) -> Path:
    create_authority(tmp_path / "keys", organisation="Token Office", passphrase=PASSPHRASE, now=now)
    return tmp_path / "keys"


@pytest.fixture
def pin_file(tmp_path: Path) -> Path:
    path = tmp_path / "pin.txt"
    path.write_text(f"{PIN}\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(("label", "algorithm"), [("ec", Algorithm.ES256), ("rsa", Algorithm.PS256)])
def test_a_token_signs_and_its_key_stays_there(
    module: str,
    directory: Path,
    pin_file: Path,
    office: Office,
    now: datetime,
    label: str,
    algorithm: Algorithm,
) -> None:
    uri = f"{address(module, label)}&pin-source=file:{pin_file}"
    offline = Offline(directory / files.OFFLINE, PASSPHRASE)
    rotate(directory, passphrase=PASSPHRASE, offline=offline, now=now, uri=uri)
    assert not list(directory.glob("leaf-*.key.pem"))
    office.identity, office.trust = SigningIdentity.load(directory, passphrase=PASSPHRASE), TrustStore.load(directory)
    assert office.identity.algorithm is algorithm
    released = office.publish(*office.make(Pixels.gradient(40, 40)))
    answer = check(released.data, office)
    assert (answer.verdict, answer.signer) == (Verdict.OURS, "trusted:Token Office")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("object=ec", "object=nothing"), "NoSuchKey"),
        (("token=office", "token=elsewhere"), "NoSuchToken"),
        (("libsofthsm2.so", "nothing.so"), "check module-path"),
    ],
)
def test_what_is_not_there_is_named(module: str, directory: Path, change: tuple[str, str], words: str) -> None:
    uri = address(module, "ec").replace(*change)
    with pytest.raises(KeyFileError, match=words) as caught:
        resolve(uri, directory=directory, passphrase=PIN.encode())
    assert not caught.value.permanent, "a token that was pulled out comes back"


def test_a_wrong_pin_is_refused_without_being_repeated(module: str, directory: Path) -> None:
    uri = address(module, "ec")
    with pytest.raises(KeyFileError, match="PIN") as caught:
        resolve(uri, directory=directory, passphrase=b"654321")
    assert "654321" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("pkcs11:object=a?module-path=/m", "no token"),
        ("pkcs11:token=a?module-path=/m", "no object and no id"),
        ("pkcs11:token=a;object=b", "no module-path"),
        ("pkcs11:token=a;object=b?module-path=/m&pin-value=1234", "pin-source"),
    ],
)
def test_an_address_that_is_not_enough_is_refused(uri: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PKCS11_MODULE", raising=False)
    with pytest.raises(KeyFileError, match=words):
        TokenAddress.parse(uri)


def test_an_address_is_read_as_the_rfc_has_it() -> None:
    parsed = TokenAddress.parse("pkcs11:token=My%20HSM;id=%01%ff?module-path=/lib/m.so&pin-source=file:/run/pin")
    assert (parsed.token, parsed.label, parsed.identifier) == ("My HSM", None, b"\x01\xff")
    assert (parsed.module, parsed.pin_file) == (Path("/lib/m.so"), Path("/run/pin"))


def test_a_key_service_is_a_callback(directory: Path, now: datetime, office: Office) -> None:
    """Whoever runs a key service brings a function for its URIs; nothing else changes."""
    from cryptography.hazmat.primitives.asymmetric import ec

    far = in_process(ec.generate_private_key(ec.SECP256R1()))
    asked: list[str] = []

    def service(uri: str) -> SigningKey:
        asked.append(uri)
        return far

    offline, resolvers = Offline(directory / files.OFFLINE, PASSPHRASE), {"kms": service}
    rotate(directory, passphrase=PASSPHRASE, offline=offline, now=now, uri="kms:claims/1", resolvers=resolvers)
    with pytest.raises(KeyFileError, match="nobody here resolves kms"):
        SigningIdentity.load(directory, passphrase=PASSPHRASE)
    office.identity = SigningIdentity.load(directory, passphrase=PASSPHRASE, resolvers=resolvers)
    office.trust = TrustStore.load(directory)
    assert check(office.publish(*office.make(Pixels.gradient(40, 40))).data, office).verdict is Verdict.OURS
    assert asked == ["kms:claims/1"] * 2


def test_a_key_service_that_fails_leaves_nothing_signed(identity: SigningIdentity, office: Office) -> None:
    def away(_: bytes) -> bytes:
        raise KeyFileError("kms: it does not answer; try again")

    office.identity = replace(identity, _sign=away)
    with pytest.raises(SealError, match="it does not answer") as caught:
        office.seal(Pixels.gradient(40, 40))
    assert not caught.value.permanent
