"""docs/runbooks.md: every command that it names exists as it is written there, and its days are lived through."""

import json
import re
import shlex
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as product
from django.core.management import load_command_class

from provenance.cli import main
from studio.catalogue.actions import withdraw_model
from studio.jobs import making, queue, screening
from studio.jobs.models import Job
from studio.jobs.states import JobState
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.models import LedgerIntent
from tests.studio.making import press
from tests.studio.requests import ask

PAGE = (product.DOCS_DIR / "runbooks.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"(?:^ *|`)((?:python -m provenance|manage\.py) [^`\n]+)", PAGE, re.MULTILINE)))
LABELS = sorted(set(re.findall(r"“([A-Z][^”]+)”", PAGE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_that_exists(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(command)
    if words[0] == "manage.py":
        load_command_class("studio", words[1]).create_parser("manage.py", words[1]).parse_args(words[2:])
    else:
        # It is understood, and then finds nothing here; what is not understood raises SystemExit.
        assert main(words[3:]) == 2


@pytest.mark.parametrize("label", LABELS)
def test_what_a_step_presses_is_on_a_page(label: str) -> None:
    templates = product.ROOT / "platform" / "studio"
    sources = (path for kind in ("*.html", "*.py") for path in templates.rglob(kind))
    assert any(label in path.read_text(encoding="utf-8") for path in sources)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs `python -m provenance keys …`; the exit status, and the JSON that it printed."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a passphrase of some length\n")
    secret.chmod(0o600)
    monkeypatch.setenv("TRUST_PASSPHRASE_FILE", str(secret))
    monkeypatch.delenv("TRUST_PASSPHRASE", raising=False)
    monkeypatch.setenv("OFFLINE_PASSPHRASE", "quite another passphrase")

    def run(*arguments: object) -> tuple[int, dict[str, Any]]:
        status = main(["keys", *map(str, arguments), "--json"])
        return status, json.loads(capsys.readouterr().out or "{}")

    return run


def test_the_day_a_key_leaked_and_the_yearly_rotation(keys: Callable[..., Any], tmp_path: Path, now: datetime) -> None:
    folder, away = tmp_path / "trust" / "health", tmp_path / "stick" / "health"
    named = ("--organisation", "Health", "--checkpoint-name", "studio.example/health", "--offline", away)
    assert keys("init", folder, *named)[0] == 0
    before = keys("status", folder)[1]["key_id"]
    since = (now - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    leak = ("--reason", "keyCompromise", "--since", since, "--offline", away)
    assert keys("revoke", folder, before[:4], *leak)[0] == 0
    assert keys("rotate", folder, "--offline", away)[0] == 0
    status, standing = keys("status", folder)
    assert (status, standing["key_id"] != before, list(standing["revoked"])) == (0, True, [before])
    # The year after: a new leaf, and the one before it stays.
    assert keys("rotate", folder, "--offline", away)[0] == 0
    assert keys("rotate", folder, "--checkpoint")[0] == 0
    assert len(list(folder.glob("former-*.pem"))) == 2
    assert keys("status", folder)[0] == 0


def test_the_day_of_a_bad_model(sample: Sample, campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    assert screening.screen(job.pk, at=now) == JobState.QUEUED
    withdraw_model(actor=sample.people["custodian"], model=sample.model, at=now, reason="It shows what it must not.")
    claimed = queue.claim(now=now)
    assert claimed is not None
    assert making.make(claimed, press()) == JobState.FAILED
    assert "was withdrawn before" in Job.objects.get(pk=job.pk).failure
    assert not claimed.pictures.exists()
    assert LedgerIntent.objects.filter(row=str(job.pk), kind="closure").exists()
