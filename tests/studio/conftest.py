"""An organisation with one person for each role, an approved model, a policy.

Databases and folders of the test's own.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import LazySettings
from django.utils import timezone, translation

from provenance.keys import create_authority
from provenance.watermark import create_key
from studio import pipeline
from studio.accounts.models import Organisation, User
from studio.catalogue.models import Model
from studio.operations.sample import PEOPLE, SLUG, Sample, prepare_sample
from studio.projects.actions import open_campaign
from studio.projects.models import Campaign, Project
from tests.studio.once import Keeper, Once

# Locks, constraints, order, counting and JSON differ between databases, so these run on PostgreSQL in `make test` too;
# `make test-postgresql` runs every other one there as well.
DIALECT = frozenset(
    {
        "test_backup",
        "test_erasing",
        "test_gallery",
        "test_inbox",
        "test_integrity",
        "test_long_lists",
        "test_queue",
        "test_races",
        "test_reads_only",
        "test_register",
        "test_requests",
        "test_separation",
        "test_states",
        "test_submit",
        "test_webhooks",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever asks for Django's database is a database test."""
    for item in items:
        if {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", [])):
            item.add_marker(pytest.mark.database)
            if item.path.stem in DIALECT:
                item.add_marker(pytest.mark.dialect)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """A page in another language leaves it in its thread, and the next test would be told everything in it."""
    yield
    translation.deactivate()


@pytest.fixture
def now() -> datetime:
    """The moment at which a test acts."""
    return timezone.now()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample organisation's keys, made once: stretching their passphrase is slow on purpose."""
    folder = tmp_path_factory.mktemp("authority") / SLUG
    create_authority(
        folder, organisation="Sample Aid", passphrase=b"development-only", now=timezone.now() - timedelta(minutes=1)
    )
    return folder


@pytest.fixture(scope="session")
def watermark_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key of every test's watermark, since what is kept for several tests bears its mark."""
    path = tmp_path_factory.mktemp("mark") / "watermark.key"
    create_key(path)
    return path


@pytest.fixture
def installation(tmp_path: Path, settings: LazySettings, authority: Path, watermark_key: Path) -> Iterator[Path]:
    """Folders and a ledger of the test's own."""
    settings.STORAGE_URL = f"file://{tmp_path / 'blobs'}"
    settings.QUARANTINE_URL = f"file://{tmp_path / 'quarantine'}"
    settings.WORK_DIR = tmp_path / "work"
    settings.MODELS_DIR = tmp_path / "models"
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    settings.TRUST_DIR = tmp_path / "trust"
    shutil.copytree(authority, settings.TRUST_DIR / SLUG)
    settings.WATERMARK = f"lattice:{shutil.copy(watermark_key, tmp_path)}"
    # A heartbeat's own thread cannot see what a test has not committed.
    settings.HEARTBEAT_SECONDS = 3600
    # The sample's seven passwords, stretched as in service, would take most of a test's time.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if settings.LEDGER_URL.startswith("sqlite"):
        settings.LEDGER_URL = settings.LEDGER_ADMIN_URL = f"sqlite:///{tmp_path / 'ledger.sqlite3'}"
    pipeline.ledger.cache_clear()
    pipeline.create_ledger()
    # A test is all processes in one, the sign worker among them.
    pipeline.open_for_signing()
    yield tmp_path
    pipeline.ledger().close()
    pipeline.ledger.cache_clear()


@pytest.fixture(scope="session")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Keeper:
    """What this process has made for its tests."""
    return Keeper(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def once(keeper: Keeper, installation: Path) -> Once:
    """Makes something by this name, or puts back what it left the first time."""

    def keep(name: str, make: Callable[[], object]) -> None:
        keeper(name, installation, make)

    return keep


@pytest.fixture
def sample(db: None, installation: Path, now: datetime, settings: LazySettings, once: Once) -> Sample:
    """The sample organisation, its people by role, its project and its model."""
    settings.DEBUG = True
    settings.LOG_HOST = f"test-{installation.name}"
    once("sample", lambda: prepare_sample(at=now))
    return Sample(
        Organisation.objects.get(slug=SLUG),
        {role: User.objects.get(username=role) for role in PEOPLE},
        Project.objects.select_related("organisation").get(),
        Model.objects.get(),
    )


@pytest.fixture
def people(sample: Sample) -> SimpleNamespace:
    """The sample's people as attributes: `people.creator`, `people.reviewer` …"""
    return SimpleNamespace(**sample.people)


@pytest.fixture
def campaign(sample: Sample, now: datetime, once: Once) -> Campaign:
    """A campaign to ask for pictures in."""
    once(
        "campaign",
        lambda: open_campaign(
            actor=sample.people["creator"],
            project=sample.project,
            slug="rains",
            name="Rainy season",
            purpose="Posters before the rains.",
            languages=["en", "fr"],
            channels=["poster"],
            at=now,
        ),
    )
    return Campaign.objects.select_related("project__organisation").get(slug="rains")


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Stable Diffusion model with random weights: read it, never write to it."""
    from tests.generation.models import stable_diffusion

    return stable_diffusion(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Polls a condition; fails the test when it does not come true in twenty seconds."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, "it did not come true in time"
            time.sleep(0.02)

    return wait
