"""`python -m provenance keys …` as a custodian meets it: what it says, its exit status, and what it leaves on disk."""

import json
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from provenance.cli import main
from provenance.keys import SigningIdentity, create_authority, files, issuing
from tests.provenance.conftest import NOW
from tests.provenance.office import PASSPHRASE

Say = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def passphrase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The passphrase in a file, as in service."""
    path = tmp_path / "secret.txt"
    path.write_bytes(PASSPHRASE + b"\n")
    path.chmod(0o600)
    monkeypatch.delenv("TRUST_PASSPHRASE", raising=False)
    monkeypatch.setenv("TRUST_PASSPHRASE_FILE", str(path))
    return path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a `keys` command that must end with `status`; the JSON it printed."""

    def run(*arguments: object, status: int = 0) -> dict[str, Any]:
        assert main(["keys", *map(str, arguments), "--json"]) == status, capsys.readouterr().err
        return dict(json.loads(capsys.readouterr().out))

    return run


@pytest.fixture
def away(tmp_path: Path) -> Path:
    return tmp_path / "stick" / "farm"


@pytest.fixture
def farm(tmp_path: Path, away: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keys made with the offline half somewhere else, under its own passphrase."""
    monkeypatch.setenv("OFFLINE_PASSPHRASE", "quite another passphrase")
    directory = tmp_path / "trust" / "farm"
    made = say("init", directory, "--organisation", "Farm Office", "--checkpoint-name", "host/farm", "--offline", away)
    assert made["checkpoint_vkey"].startswith("host/farm+")
    return directory


def names(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}


def test_the_offline_half_is_nowhere_else(farm: Path, away: Path, say: Say) -> None:
    assert names(away) == {files.ROOT_KEY, files.INTERMEDIATE_KEY}
    assert not names(farm) & names(away)
    with pytest.raises(ValueError, match="password"):
        serialization.load_pem_private_key((away / files.ROOT_KEY).read_bytes(), PASSPHRASE)
    status = say("status", farm)
    assert (status["organisation"], status["algorithm"], status["findings"]) == ("Farm Office", "ES256", [])
    assert 363 <= status["days_left"] <= 365


def test_a_root_key_on_this_machine_is_something_to_do(tmp_path: Path, say: Say) -> None:
    say("init", tmp_path / "all", "--organisation", "All Here")
    status = say("status", tmp_path / "all", status=1)
    assert [finding["wrong"] for finding in status["findings"]] == [False]
    assert "move the folder" in status["findings"][0]["what"]


def test_nothing_is_made_twice(farm: Path, away: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = names(farm)
    assert main(["keys", "init", str(farm), "--organisation", "Again"]) == 2
    assert "exists already" in capsys.readouterr().err
    other = farm.parent / "other"
    assert main(["keys", "init", str(other), "--organisation", "Again", "--offline", str(away)]) == 2
    assert (names(farm), other.exists()) == (before, False)


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_passphrase_that_others_can_read_is_refused(
    farm: Path, passphrase: Path, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    passphrase.chmod(mode)
    assert main(["keys", "rotate", str(farm)]) == 2
    assert f"chmod 600 {passphrase}" in capsys.readouterr().err


def test_rotation_needs_the_offline_half_and_keeps_the_old_certificate(farm: Path, away: Path, say: Say) -> None:
    assert main(["keys", "rotate", str(farm)]) == 2, "the offline half is not where it was not put"
    old = say("status", farm)["key_id"]
    new = say("rotate", farm, "--offline", away)
    assert (new["former"], new["key_id"] == old) == ([old], False)
    assert (farm / files.former(old)).exists()
    assert [path.name for path in farm.glob("leaf-*")] == [files.leaf_key(new["key_id"])]
    assert stat.S_IMODE((farm / files.leaf_key(new["key_id"])).stat().st_mode) == 0o600
    assert SigningIdentity.load(farm, passphrase=PASSPHRASE).key_id == new["key_id"]


def test_a_new_intermediate_and_a_new_checkpoint_key(farm: Path, away: Path, say: Say) -> None:
    before = (farm / files.INTERMEDIATE_CERTIFICATE).read_bytes()
    vkey = say("rotate", farm, "--checkpoint")["checkpoint_vkey"]
    say("rotate", farm, "--offline", away, "--intermediate")
    assert (farm / files.INTERMEDIATE_CERTIFICATE).read_bytes() != before
    assert say("status", farm)["findings"] == []
    assert len(list(farm.glob("*.vkey"))) == 2
    assert (farm / files.CHECKPOINT_VKEY).read_text().strip() == vkey


def test_a_revoked_key_signs_no_more_until_it_is_replaced(farm: Path, away: Path, say: Say) -> None:
    key = say("status", farm)["key_id"]
    told = say(
        "revoke", farm, key[:8], "--offline", away, "--reason", "keyCompromise", "--since", "2026-01-02T03:04:05Z"
    )
    assert told["since"] == "2026-01-02T03:04:05Z"
    status = say("status", farm, status=1)
    assert status["revoked"] == [key]
    assert all(finding["wrong"] and "revoked as of 2026-01-02" in finding["what"] for finding in status["findings"])
    say("rotate", farm, "--offline", away)
    after = say("status", farm)
    assert (after["revoked"], after["findings"]) == ([key], [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ffff"], "no key is called ffff"),
        (["", "--since", "2026-01-02T03:04:05"], "no time zone"),
        (["", "--since", "2999-01-01T00:00:00Z"], "not from one to come"),
    ],
)
def test_a_revocation_that_makes_no_sense_is_refused(
    farm: Path, away: Path, arguments: list[str], words: str, say: Say, capsys: pytest.CaptureFixture[str]
) -> None:
    key = say("status", farm)["key_id"]
    named = [argument or key for argument in arguments]
    assert main(["keys", "revoke", str(farm), "--offline", str(away), *named]) == 2
    assert words in capsys.readouterr().err
    assert not list(farm.glob(files.LISTS))


def test_status_warns_before_it_is_too_late(tmp_path: Path, say: Say) -> None:
    create_authority(tmp_path / "old", organisation="Old", passphrase=PASSPHRASE, now=NOW - timedelta(days=345))
    found = say("status", tmp_path / "old", status=1)["findings"]
    assert any(finding["what"].startswith("leaf: ends") and not finding["wrong"] for finding in found)


def test_status_names_a_key_that_others_can_read(farm: Path, say: Say) -> None:
    (path,) = farm.glob("leaf-*.key.pem")
    path.chmod(0o644)
    found = say("status", farm, status=1)["findings"]
    assert all(finding["wrong"] and "chmod 600" in finding["what"] for finding in found)
    assert say("status", farm, "--public")["findings"] == [], "the certificates are as they should be"


@pytest.fixture
def bought(tmp_path: Path) -> dict[str, Path]:
    """A chain as a certificate authority sells it, with the key in plain."""
    root = issuing.new(issuing.ROOT, "Seller", now=NOW)
    middle = issuing.new(issuing.INTERMEDIATE, "Seller", now=NOW, by=root)
    leaf = issuing.new(issuing.CLAIMS, "Buyer", now=NOW, by=middle)
    plain = leaf.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    contents = {
        "chain": issuing.pem(middle.certificate, leaf.certificate),  # in the wrong order, as they come
        "leaf": issuing.pem(leaf.certificate),
        "root": issuing.pem(root.certificate),
        "key": plain,
    }
    paths = {name: tmp_path / f"bought-{name}.pem" for name in contents}
    for name, data in contents.items():
        paths[name].write_bytes(data)
    return paths


def test_a_bought_chain_signs(bought: dict[str, Path], tmp_path: Path, say: Say) -> None:
    directory = tmp_path / "trust" / "buyer"
    made = say("import", directory, "--chain", bought["chain"], "--root", bought["root"], "--key", bought["key"])
    assert made["organisation"] == "Buyer"
    assert say("status", directory)["findings"] == []
    assert b"ENCRYPTED" in (directory / files.leaf_key(made["key_id"])).read_bytes()
    identity = SigningIdentity.load(directory, passphrase=PASSPHRASE)
    leaf, middle = x509.load_pem_x509_certificates(identity.chain_pem)
    assert (leaf.subject, middle.subject) == (leaf.subject, leaf.issuer)


def test_a_bought_chain_takes_the_place_of_ours(bought: dict[str, Path], farm: Path, say: Say) -> None:
    old = say("status", farm)["key_id"]
    made = say("import", farm, "--chain", bought["chain"], "--root", bought["root"], "--key", bought["key"])
    assert made["former"] == [old]
    assert say("status", farm)["findings"] == []
    assert len(list(farm.glob("root*.pem"))) == 2, "files that the old leaf signed still verify"


def test_a_missing_intermediate_is_named(
    bought: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["keys", "import", str(tmp_path / "new"), "--chain", str(bought["leaf"]), "--root", str(bought["root"])]
    assert main([*command, "--key", str(bought["key"])]) == 2
    assert "certificate of CN=Seller Issuing,O=Seller is missing" in capsys.readouterr().err
    assert not (tmp_path / "new").exists(), "nothing half-written"
