"""Books with something in them: the pages' fixtures, and a register that has caught up."""

from collections.abc import Callable
from datetime import datetime

import pytest

from studio.accounts.models import Organisation
from studio.audit.registering import catch_up
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.trail.actions import pending, settle
from tests.studio.pages.conftest import (
    approved,
    browse,
    job,
    lesson,
    outsider,
    picture,
    quiet_office,
    released,
    review,
)

__all__ = ["approved", "browse", "job", "lesson", "outsider", "picture", "quiet_office", "released", "review"]


@pytest.fixture
def organisation(sample: Sample) -> Organisation:
    """The sample organisation."""
    return sample.organisation


@pytest.fixture
def record(organisation: Organisation, now: datetime) -> Callable[[], int]:
    """Appends what the ledger is owed and fills the register; the number of new entries."""

    def fill() -> int:
        for intent in pending():
            settle(intent, at=now)
        return catch_up(organisation)

    return fill


@pytest.fixture
def books(released: Picture, record: Callable[[], int], organisation: Organisation) -> Organisation:
    """The organisation, with one released picture and one recorded one in its register."""
    record()
    return organisation
