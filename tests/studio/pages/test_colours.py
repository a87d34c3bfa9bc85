"""An organisation's colour: legible whatever it is, set by administrators, worn by the pages that strangers see."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from studio.accounts.actions import found_organisation, set_colour
from studio.accounts.colours import ENOUGH, PAPERS, PRINTED, contrast, shades
from studio.accounts.models import Organisation, User
from studio.jobs.models import Picture
from studio.operations.appearance import VERMILION
from studio.operations.sample import Sample
from studio.trail.models import AuditRow

Browse = Callable[[str], Client]
TOKENS = (Path(settings.ROOT) / "platform/studio/static/studio/css/tokens.css").read_text(encoding="utf-8")
BLUE, WORN = "#0a5c8f", "/colours/0a5c8f.css"


def token(name: str) -> tuple[str, str]:
    """A colour of the house in both schemes."""
    found = re.search(rf"--{name}: light-dark\((#\w+), (#\w+)\)", TOKENS)
    assert found
    return found[1], found[2]


@pytest.fixture
def place(sample: Sample) -> str:
    """The page of the sample's colour."""
    return reverse("organisation-colours", args=[sample.organisation.pk])


@given(st.integers(0, 0xFFFFFF))
def test_every_colour_becomes_legible(number: int) -> None:
    light, dark = shades(f"#{number:06x}")
    for shade, papers in ((light, PAPERS[0]), (dark, PAPERS[1])):
        least = min(contrast(shade.colour, ground) for ground in (*papers, shade.printed))
        assert least == shade.contrast >= ENOUGH


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1


def test_a_legible_colour_stays_itself() -> None:
    assert shades(BLUE)[0].colour == BLUE
    assert shades("#74cb93")[1].colour == "#74cb93"


def test_the_grounds_are_the_pages_own() -> None:
    assert list(zip(*map(token, ("paper", "sheet", "sunk")), strict=True)) == list(PAPERS)
    assert token("seal")[0] == VERMILION
    assert (PAPERS[0][1], PAPERS[1][2]) == PRINTED


@pytest.mark.django_db
def test_only_an_administrator_sets_it(place: str, browse: Browse, outsider: Client) -> None:
    assert Client().get(place).status_code == 302
    assert outsider.post(place, {"move": "use", "colour": BLUE}).status_code == 404
    for role in ("creator", "reviewer", "auditor", "custodian"):
        assert browse(role).post(place, {"move": "use", "colour": BLUE}).status_code == 403
    assert Organisation.objects.get(slug="sample-aid").colour == ""


@pytest.mark.django_db
def test_it_is_tried_used_and_dropped(place: str, browse: Browse, sample: Sample) -> None:
    client, organisation = browse("administrator"), sample.organisation
    mistake = client.post(place, {"move": "use", "colour": "sea green"})
    assert mistake.status_code == 422
    assert "six digits or letters" in mistake.content.decode()
    assert 'value="sea green"' in mistake.content.decode()
    tried = client.post(place, {"move": "try", "colour": "FFD400"})
    assert tried.status_code == 200
    assert "What it would become" in tried.content.decode()
    organisation.refresh_from_db()
    assert organisation.colour == ""
    for move, kept in (("use", BLUE), ("drop", "")):
        assert client.post(place, {"move": move, "colour": BLUE.upper()}).status_code == 302
        organisation.refresh_from_db()
        assert organisation.colour == kept
    rows = AuditRow.objects.filter(verb="organisation.colour").order_by("pk")
    assert [row.detail["colour"] for row in rows] == [BLUE, ""]


@pytest.mark.django_db
def test_strangers_see_it(
    released: Picture, people: SimpleNamespace, browse: Browse, sample: Sample, now: datetime
) -> None:
    places = [reverse("home"), reverse("check"), reverse("record", args=[released.pk])]
    assert not any(WORN in Client().get(where).content.decode() for where in places)
    set_colour(actor=people.administrator, organisation=sample.organisation, colour=BLUE, at=now)
    assert all(WORN in Client().get(where).content.decode() for where in places)
    # Members' pages are the house's own; and where several publish, only what is one's own wears its colour.
    assert WORN not in browse("creator").get(reverse("home")).content.decode()
    operator = User.objects.get(username="operator")
    found_organisation(actor=operator, slug="elsewhere", name="Elsewhere", at=now)
    assert [WORN in Client().get(where).content.decode() for where in places] == [False, False, True]


def test_a_stylesheet_is_kept_for_good_and_holds_nothing_else(client: Client) -> None:
    answer = client.get(WORN)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert {"public", "immutable", "max-age=31536000"} <= set(answer.headers["Cache-Control"].split(", "))
    assert "Cookie" not in answer.headers.get("Vary", "")
    light, dark = shades(BLUE)
    assert f"--seal: light-dark({light.colour}, {dark.colour});" in answer.content.decode()
    assert client.get("/colours/0A5C8F.css").status_code == 404
    assert client.get("/colours/red.css").status_code == 404
