"""The product with the settings of docs/production: clean before it starts, and refused where one of them is not."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import LazySettings
from django.conf import settings as product
from django.core.checks import Tags, run_checks

from provenance.keys import create_authority, create_time_authority
from provenance.reader import may_leave_network
from studio import pipeline
from studio.connections import same_database
from studio.operations.sample import SLUG, Sample
from studio.trail.models import LedgerIntent
from tests.studio.test_production_files import FILES, compose

MANAGE = str(product.ROOT / "manage.py")
SECRETS = {
    "secret_key": secrets.token_urlsafe(50),
    "vault_key": secrets.token_urlsafe(50),
    "database_url": "postgresql://imprimatur:secret@databases/studio",
    "ledger_url": "postgresql://ledger_writer:secret@databases/ledger",
    "broker_url": "amqp://imprimatur:secret@broker//",
    "s3": "[default]\naws_access_key_id = none\naws_secret_access_key = none\n",
    "trust_passphrase": secrets.token_urlsafe(32),
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What compose.yaml mounts: secrets, certificates with and without keys, and nothing else."""
    root = tmp_path_factory.mktemp("machine")
    (root / "secrets").mkdir()
    for name, value in SECRETS.items():
        (root / "secrets" / name).write_text(value)
        (root / "secrets" / name).chmod(0o600)
    now = datetime.now(UTC)
    keys, clock = root / "trust-with-keys" / "health", root / "clock"
    create_authority(keys, organisation="Health", passphrase=SECRETS["trust_passphrase"].encode(), now=now)
    create_time_authority(clock, name="Authority", passphrase=b"nobody needs it", now=now)
    shutil.copy(clock / "time-root.pem", root / "trust-with-keys" / "time-root-authority.pem")
    shutil.copytree(
        root / "trust-with-keys", root / "trust-public", ignore=shutil.ignore_patterns("*.key.pem", "offline")
    )
    return root


def environment(machine: Path, service: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a service, with the folders and secrets that it mounts; of this process only PATH."""
    trust = next(volume for volume in service["volumes"] if ":/srv/trust" in volume)
    places = {
        "/run/secrets": machine / "secrets",
        "/srv/trust": machine / trust.partition(":")[0],
        "/srv/checkpoints": machine / "checkpoints",
        "/srv/models": machine / "models",
    }
    image = dict(re.findall(r"(\w+)=(\S+)", (FILES / "Dockerfile").read_text(encoding="utf-8").partition("ENV ")[2]))
    found = {**image, "VAR_DIR": str(machine / "var"), **service["environment"]}
    for inside, outside in places.items():
        found = {name: value.replace(inside, str(outside)) for name, value in found.items()}
    return {"PATH": os.environ["PATH"], "HOME": str(machine), **found}


def manage(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` with these variables and no others."""
    command = [sys.executable, MANAGE, *arguments]
    return subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("role", sorted(compose()))
def test_every_role_is_clean_before_it_starts(machine: Path, role: str) -> None:
    variables = environment(machine, compose()[role])
    assert ("TRUST_PASSPHRASE_FILE" in variables) == (role == "sign")
    done = manage(variables, "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues" in done.stdout


def test_kubernetes_settings_are_clean_too(machine: Path) -> None:
    documents = yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8"))
    named = next(document["data"] for document in documents if document["kind"] == "ConfigMap")
    web = compose()["web"]
    done = manage(
        environment(machine, {**web, "environment": {**web["environment"], **named}}),
        "check", "--deploy", "--fail-level", "WARNING",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def development_clock(trust: Path) -> None:
    shutil.copy(trust / "time-root-authority.pem", trust / "time-root-development.pem")


def development_key(trust: Path) -> None:
    create_authority(trust / "water", organisation="Water", passphrase=b"development-only", now=datetime.now(UTC))


def no_clock(trust: Path) -> None:
    (trust / "time-root-authority.pem").unlink()


REFUSALS: list[tuple[str, dict[str, str | None], Callable[[Path], object] | None]] = [
    ("E002", {"SECRET_KEY_FILE": None}, None),
    ("E003", {"TRUST_PASSPHRASE_FILE": None, "TRUST_PASSPHRASE": "development-only"}, None),
    ("E004", {"VAULT_KEY_FILE": None}, None),
    ("E005", {"FAULT_POINT": "after claim:1"}, None),
    ("E006", {"LEDGER_URL_FILE": None, "LEDGER_URL": "postgresql://other@databases:5432/studio?sslmode=require"}, None),
    ("E008", {"TSA_URL": ""}, None),
    ("E009", {}, development_clock),
    ("E011", {"SECOND_STEP_REQUIRED": "false"}, None),
    ("E012", {}, development_key),
    ("E012", {}, lambda trust: (trust / SLUG).mkdir()),
    ("E013", {"CLASSIFIERS_FILE": "{folder}/classifiers.json"}, None),
    ("E015", {}, no_clock),
]


@pytest.mark.parametrize(("expected", "changes", "harm"), REFUSALS)
def test_what_must_not_reach_production_is_refused(
    machine: Path,
    tmp_path: Path,
    expected: str,
    changes: dict[str, str | None],
    harm: Callable[[Path], object] | None,
) -> None:
    trust = tmp_path / "trust"
    shutil.copytree(machine / "trust-with-keys", trust)
    (tmp_path / "classifiers.json").write_text(
        '{"picture": [{"kind": "transformers", "name": "gore", "folder": "/nowhere", "labels": {"gore": "gore"}}]}'
    )
    variables = environment(machine, compose()["sign"]) | {"TRUST_DIR": str(trust)}
    for name, value in changes.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value.format(folder=tmp_path)
    if harm is not None:
        harm(trust)
    # Not the check alone: no command starts, and the one that would serve or work least of all.
    done = manage(variables, "worker", "sign")
    assert done.returncode == 1
    assert set(re.findall(r"imprimatur\.(E\d+)", done.stderr)) == {expected}, done.stderr
    assert "HINT" in done.stderr


def test_a_database_is_the_same_however_it_is_written() -> None:
    for one, other in (
        ("postgresql://a@localhost/x", "postgres://b:c@127.0.0.1:5432/x?sslmode=require"),
        ("postgresql://a@/x?host=/run/postgresql", "postgresql://a@localhost/x"),
        ("sqlite:////var/lib/x.sqlite3", "sqlite:////var/lib/../lib/x.sqlite3"),
    ):
        assert same_database(one, other), (one, other)
    for one, other in (
        ("postgresql://a@db/x", "postgresql://a@db/y"),
        ("postgresql://a@db/x", "postgresql://a@other/x"),
        ("postgresql://a@db:5432/x", "postgresql://a@db:5433/x"),
        ("sqlite:////x", "sqlite:////y"),
    ):
        assert not same_database(one, other), (one, other)


def test_pictures_without_a_root_that_vouches_for_them_are_refused(sample: Sample, settings: LazySettings) -> None:
    def found() -> list[str]:
        messages = run_checks(tags=[Tags.database], databases=["default"])
        return [str(message.msg) for message in messages if message.id == "imprimatur.E014"]

    shutil.rmtree(pipeline.trust_folder(SLUG))
    settings.DEBUG = False
    assert found() == [], "an organisation that has no pictures yet may still wait for its keys"
    intent = LedgerIntent.objects.filter(log=sample.organisation.log).first()
    assert intent is not None
    LedgerIntent.objects.filter(pk=intent.pk).update(kind="picture")
    assert found() == [f"{SLUG} has signed pictures and no root.pem in TRUST_DIR"]
    settings.DEBUG = True
    assert found() == []


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare, of util-linux")
def test_readers_that_would_keep_the_network_are_refused(machine: Path) -> None:
    variables = environment(machine, compose()["web"]) | {"READERS_KEEP_NETWORK": "false"}
    forbidden = "echo 0 >/proc/sys/user/max_user_namespaces && exec"
    here = (
        []
        if not may_leave_network()
        else ["unshare", "--map-root-user", "--user", "sh", "-c", f'{forbidden} "$@"', "-"]
    )
    command = [*here, sys.executable, str(MANAGE), "check", "--deploy"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, "imprimatur.E018" in done.stderr) == (1, True), done.stderr
    assert "READERS_KEEP_NETWORK" in done.stderr
