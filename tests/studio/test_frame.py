"""The frame's own promises: the name `platform`, a light start, documented settings, refusals in production."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks

from studio import environment
from studio.management.commands.draw_states import PAGE, drawing

ROOT = django_settings.ROOT


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command from the repository's root."""
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("first", ["", "import sys; sys.path.insert(0, '.'); sys.path.append('platform'); "])
def test_platform_is_the_standard_librarys(first: str) -> None:
    done = run(sys.executable, "-S", "-c", f"{first}import platform, uuid; platform.system(); print(platform.__file__)")
    assert done.returncode == 0, done.stderr
    assert not Path(done.stdout.strip()).is_relative_to(ROOT)
    assert not list((ROOT / "platform").glob("*.py"))


def test_the_web_and_the_control_worker_load_no_torch() -> None:
    script = (
        "import sys; sys.path.append('platform'); import django; django.setup(); "
        "import studio.urls, studio.asgi, studio.jobs.tasks, studio.review.tasks; "
        "from django.core.management import call_command; call_command('check'); "
        "print(sorted({'torch', 'diffusers', 'transformers', 'c2pa', 'sqlalchemy'} & sys.modules.keys()))"
    )
    done = run(sys.executable, "-c", script, DJANGO_SETTINGS_MODULE="studio.settings")
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_every_setting_has_a_heading() -> None:
    source = (ROOT / "platform/studio/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', source))
    headings = set(re.findall(r"^## ([A-Z_]+)$", (ROOT / "docs/settings.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert read == headings


def test_the_drawing_of_the_states_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == drawing()


def test_a_setting_may_come_from_a_file_but_not_from_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    monkeypatch.setenv("A_NAME_FILE", str(tmp_path / "secret"))
    assert environment.text("A_NAME", "default") == "s3cret"
    monkeypatch.setenv("A_NAME", "other")
    with pytest.raises(Exception, match="Both A_NAME and A_NAME_FILE"):
        environment.text("A_NAME", "default")


def test_production_refuses_what_was_made_for_development() -> None:
    refused = run(sys.executable, "manage.py", "check", DEBUG="false", FAULT_POINT="after claim:1")
    assert refused.returncode != 0
    assert set(re.findall(r"imprimatur\.E\d+", refused.stderr)) == {f"imprimatur.E00{n}" for n in (2, 4, 5, 8)}
    public = run(sys.executable, "manage.py", "check", DEBUG="false", TRUST_PASSPHRASE="development-only")
    assert "imprimatur.E003" in public.stderr
    accepted = run(
        sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        DEBUG="false", SECRET_KEY="k" * 60 + "abcdefgh", VAULT_KEY="another", TSA_URL="https://time.example/",
    )  # fmt: skip
    assert accepted.returncode == 0, accepted.stderr


def test_one_database_for_both_is_refused(settings: object) -> None:
    settings.LEDGER_URL = settings.DATABASE_URL  # type: ignore[attr-defined]
    assert "imprimatur.E006" in {message.id for message in run_checks(tags=["security"])}


def test_a_fault_point_that_does_not_exist_is_refused(settings: object) -> None:
    settings.FAULT_POINT = "somewhere:1"  # type: ignore[attr-defined]
    assert "imprimatur.E007" in {message.id for message in run_checks(tags=["compatibility"])}


def test_a_first_command_makes_the_folder_before_anything_opens_the_database(tmp_path: Path) -> None:
    place = tmp_path / "not" / "yet"
    opening = "import django; django.setup(); from django.db import connection; connection.ensure_connection()"
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(place), "DJANGO_SETTINGS_MODULE": "studio.settings"}
    done = subprocess.run(
        [sys.executable, "-c", opening], env={**environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"}, check=False
    )
    assert (done.returncode, (place / "studio.sqlite3").exists()) == (0, True)
