"""Programs of the sample's people, beside the pictures and people of the tests of the pages."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from studio.api.models import Scope
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from tests.studio.api.program import Program, program_of
from tests.studio.pages.conftest import approved, browse, job, outsider, picture, quiet_office, released, review

__all__ = ["approved", "browse", "job", "outsider", "picture", "quiet_office", "released", "review"]


@pytest.fixture
def program(sample: Sample, people: SimpleNamespace) -> Callable[..., Program]:
    """A program of the person with this role, with all scopes that the role may give unless some are named."""

    def made(role: str = "creator", *scopes: Scope) -> Program:
        usual = tuple(Scope) if role == "creator" else (Scope.READ,)
        return program_of(getattr(people, role), sample.organisation, *(scopes or usual))

    return made


@pytest.fixture
def client(program: Callable[..., Program]) -> Program:
    """A program of the creator."""
    return program()


@pytest.fixture
def asked(campaign: Campaign) -> dict[str, object]:
    """A request that is in order."""
    return {
        "campaign": str(campaign.pk),
        "prompt": "woman farmer, green background",
        "width": 256,
        "height": 256,
        "steps": 2,
    }
