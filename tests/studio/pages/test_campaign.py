"""Opening a campaign through its form."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from studio.operations.sample import Sample
from studio.projects.models import Campaign

Browse = Callable[[str], Client]
FORM = {
    "name": "Clean hands",
    "purpose": "Teaching cards.",
    "languages": ["sw", "en"],
    "channels": "card, card, poster ",
}


@pytest.fixture
def where(sample: Sample) -> str:
    """The address of the form."""
    return reverse("new-campaign", args=[sample.project.pk])


def test_a_campaign_is_opened(where: str, browse: Browse) -> None:
    answer = browse("creator").post(where, FORM)
    campaign = Campaign.objects.get()
    assert answer.headers["Location"] == reverse("campaign", args=[campaign.pk])
    assert (campaign.slug, campaign.languages, campaign.channels) == ("clean-hands", ["sw", "en"], ["card", "poster"])


def test_names_may_repeat_and_be_in_any_script(where: str, browse: Browse) -> None:
    for name in ("Clean hands", "Clean hands", "نظافة اليدين", "नेत्र शिविर"):
        assert browse("creator").post(where, FORM | {"name": name}).status_code == 302
    assert set(Campaign.objects.values_list("slug", flat=True)) == {
        "clean-hands",
        "clean-hands-2",
        "campaign",
        "campaign-2",
    }


@pytest.mark.parametrize("field", sorted(FORM))
def test_everything_is_needed_and_nothing_is_lost(field: str, where: str, browse: Browse) -> None:
    answer = browse("creator").post(where, {**FORM, field: ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in page
    assert field == "purpose" or "Teaching cards." in page


def test_auditors_open_none(where: str, browse: Browse) -> None:
    answer = browse("auditor").post(where, FORM)
    assert answer.status_code == 403
    assert "role of administrator or creator" in answer.content.decode()
    assert not Campaign.objects.exists()
