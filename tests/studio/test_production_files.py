"""The files to copy for production name the roles and settings that there are."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from studio.celery import app
from studio.management.commands.worker import QUEUES
from studio.operations.processes import SECRETS

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "docs" / "production"
SETTINGS = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "settings.md").read_text(encoding="utf-8"), re.MULTILINE))
OTHERS = re.compile(r"^(AWS_|ROLE$)")


def compose() -> dict[str, Any]:
    """The services that run the product."""
    services = yaml.safe_load((FILES / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return {name: service for name, service in services.items() if service["image"] == "imprimatur"}


def deployments() -> dict[str, Any]:
    """The containers of Kubernetes' file, by role."""
    documents = yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8"))
    specs = [document["spec"]["template"]["spec"] for document in documents if document["kind"] == "Deployment"]
    return {spec["containers"][0]["name"]: spec for spec in specs}


def covered(commands: Iterable[list[str]]) -> set[str]:
    """The queues that somebody listens to, and `web`."""
    found: set[str] = set()
    for command in commands:
        found |= {"web"} if command[0] == "serve" else set(QUEUES[command[1]].split(","))
    return found


ALL = {"web"} | {queue for queues in QUEUES.values() for queue in queues.split(",")}


def test_every_queue_has_its_process() -> None:
    assert covered(service["command"] for service in compose().values()) == ALL
    assert covered(spec["containers"][0]["args"] for spec in deployments().values()) == ALL


def test_whatever_asks_a_classifier_is_done_where_the_screens_are_loaded() -> None:
    """A worker that only sweeps has no screens, and would load them for one task."""
    asking = ("jobs.screen", "jobs.finish", "jobs.answer", "policies.answer", "policies.rehearse", "portrayals.measure")
    for task in (*asking, "references.register", "review.describe"):
        module, _, name = task.partition(".")
        assert app.conf.task_routes[f"studio.{module}.tasks.{name}"]["queue"] == "screen", task


def test_only_settings_that_there_are_are_named() -> None:
    named = {name for service in compose().values() for name in service["environment"]}
    documents = yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8"))
    named |= {name for document in documents if document["kind"] == "ConfigMap" for name in document["data"]}
    for unit in FILES.glob("*.service"):
        named |= set(re.findall(r"^Environment=(\w+)=", unit.read_text(encoding="utf-8"), re.MULTILINE))
    strange = {name for name in named if name.removesuffix("_FILE") not in SETTINGS and not OTHERS.match(name)}
    assert not strange


def test_only_the_signing_process_has_the_passphrase() -> None:
    for role, service in compose().items():
        has = "trust_passphrase" in service["secrets"] or bool(set(SECRETS) & set(service["environment"]))
        assert has == (role == "sign"), role
    for role, spec in deployments().items():
        has = "TRUST_PASSPHRASE" in str(spec["containers"]) or "imprimatur-signing" in str(spec["volumes"])
        assert has == (role == "sign"), role
    assert "PASSPHRASE" not in (FILES / "imprimatur@.service").read_text(encoding="utf-8")


def test_kubernetes_takes_every_document() -> None:
    documents = list(yaml.safe_load_all((FILES / "kubernetes.yaml").read_text(encoding="utf-8")))
    assert len(documents) == 8
    for document in documents:
        kubernetes_validate.validate(document, "1.37", strict=True)


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.skip("systemd-analyze is not installed")
    for unit in FILES.glob("*.service"):
        text = unit.read_text(encoding="utf-8").replace("/srv/imprimatur/.venv/bin/python", "/bin/true")
        name = unit.name.replace("@", "@web")
        (tmp_path / name).write_text(text, encoding="utf-8")
        done = subprocess.run([verify, "verify", tmp_path / name], capture_output=True, text=True, check=False)
        assert "Unknown" not in done.stderr, done.stderr
