"""The gallery: everything once and newest first, narrowed, never widened, at a constant price; stars; two abreast."""

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from studio import blobs
from studio.accounts.models import Membership
from studio.catalogue.models import Model
from studio.jobs import bell, small
from studio.jobs.models import FACETS, Job, Picture, Star
from studio.jobs.states import VISIBLE
from studio.operations.sample import Sample
from studio.projects.actions import open_campaign
from studio.projects.models import Campaign
from tests.studio.crowd import crowd
from tests.studio.files import file_of

Browse = Callable[[str], Client]
CARD = re.compile(r'<a href="/pictures/([0-9a-f-]{36})/">\s*<img')
OLDER = re.compile(r'hx-get="([^"]+)"')
FEW, MANY = 30, 120
pytestmark = pytest.mark.django_db


@pytest.fixture
def crowded(campaign: Campaign, sample: Sample, now: datetime) -> Callable[[int], None]:
    """Makes so many pictures, in two campaigns and by two people in turn."""

    def fill(number: int) -> None:
        other = open_campaign(
            actor=sample.people["creator"], project=sample.project, slug=f"o{number}", name="Other", purpose="Others.",
            languages=["en"], channels=["card"], at=now,
        )  # fmt: skip
        makers = list(Membership.objects.filter(user__in=[sample.people["creator"], sample.people["custodian"]]))
        crowd(number, campaigns=[campaign, other], makers=makers, models=[sample.model], at=now)

    return fill


def cards(client: Client, where: str) -> list[str]:
    """The keys of all pictures of a gallery, leaf by leaf as htmx would fetch them."""
    found: list[str] = []
    page = client.get(where).content.decode()
    while True:
        found += CARD.findall(page)
        more = OLDER.search(page)
        if more is None:
            return found
        page = client.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
        assert "<!doctype" not in page


def test_everything_once_and_newest_first(crowded: Callable[[int], None], browse: Browse) -> None:
    crowded(MANY)
    Picture.objects.update(created=Picture.objects.order_by("created")[0].created)
    shown = cards(browse("creator"), reverse("gallery"))
    wanted = Picture.objects.filter(state__in=VISIBLE).order_by("-created", "-pk").values_list("pk", flat=True)
    assert shown == [str(key) for key in wanted]


def test_what_is_made_meanwhile_shifts_nothing(crowded: Callable[[int], None], browse: Browse, now: datetime) -> None:
    crowded(FEW)
    client = browse("creator")
    first = client.get(reverse("gallery")).content.decode()
    newest = Picture.objects.filter(state__in=VISIBLE).order_by("created").first()
    assert newest is not None
    Picture.objects.filter(pk=newest.pk).update(created=now + timedelta(hours=1))
    more = OLDER.search(first)
    assert more is not None
    later = client.get(more[1].replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert not set(CARD.findall(first)) & set(CARD.findall(later))


def test_a_leaf_costs_the_same_however_many_there_are(crowded: Callable[[int], None], browse: Browse) -> None:
    client, prices = browse("creator"), []
    for number in (FEW, MANY):
        crowded(number)
        client.get(reverse("gallery"))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(CARD.findall(client.get(reverse("gallery")).content.decode())) == 24
        prices.append(len(queries))
        assert not any("OFFSET" in query["sql"] for query in queries)
        assert not any("words" in query["sql"] or '"recipe"' in query["sql"] for query in queries)
    assert prices[0] == prices[1] <= 14


@pytest.mark.parametrize(
    "name", ["state", "project", "campaign", "maker", "model", "since", "until", "starred", "flagged"]
)
def test_narrowing(
    name: str,
    crowded: Callable[[int], None],
    browse: Browse,
    people: SimpleNamespace,
    campaign: Campaign,
    now: datetime,
) -> None:
    crowded(60)
    seen = Picture.objects.filter(state__in=VISIBLE)
    half = now - timedelta(minutes=7)
    Picture.objects.filter(created__lt=half).update(created=now - timedelta(days=3))
    Star.objects.bulk_create([Star(user=people.creator, picture=picture, at=now) for picture in seen[:5]])
    Star.objects.bulk_create([Star(user=people.reviewer, picture=picture, at=now) for picture in seen[5:9]])
    maker, model = Membership.objects.get(user=people.custodian), Model.objects.get()
    day = (now - timedelta(days=2)).date().isoformat()
    asked, wanted = {
        "state": ("IN_REVIEW", seen.filter(state="IN_REVIEW")),
        "project": (str(campaign.project_id), seen),
        "campaign": (str(campaign.pk), seen.filter(job__campaign=campaign)),
        "maker": (str(maker.pk), seen.filter(job__requester=maker)),
        "model": (str(model.pk), seen),
        "since": (day, seen.filter(created__gt=now - timedelta(days=2))),
        "until": (day, seen.filter(created__lt=now - timedelta(days=2))),
        "starred": ("on", seen.filter(stars__user=people.creator)),
        "flagged": ("on", seen.filter(flagged=True)),
    }[name]
    assert set(cards(browse("creator"), f"{reverse('gallery')}?{name}={asked}")) == {str(one.pk) for one in wanted}
    assert wanted


def test_a_mistake_is_named_and_other_filters_go_on(crowded: Callable[[int], None], browse: Browse) -> None:
    crowded(8)
    page = browse("creator").get(reverse("gallery"), {"since": "2026-02-02", "until": "2026-01-01"}).content.decode()
    assert "choose a later one" in page
    assert browse("creator").get(reverse("gallery"), {"campaign": "nonsense", "cursor": "nonsense"}).status_code == 200


def test_nobody_looks_into_another_organisation(
    crowded: Callable[[int], None], outsider: Client, sample: Sample
) -> None:
    crowded(4)
    assert cards(outsider, reverse("gallery")) == []
    assert outsider.get(reverse("gallery"), {"organisation": sample.organisation.slug}).status_code == 404
    one, other = Picture.objects.filter(state__in=VISIBLE)[:2]
    where = f"{reverse('compare')}?picture={one.pk}&picture={other.pk}"
    assert outsider.get(where).status_code == 404
    assert outsider.post(reverse("picture-star", args=[one.pk]), {"on": "1"}).status_code == 404
    assert Client().get(where).headers["Location"].startswith("/login/")


def test_a_star_is_ones_own(picture: Picture, browse: Browse) -> None:
    where, client = reverse("picture-star", args=[picture.pk]), browse("creator")
    for _ in range(2):
        assert (
            client.post(where, {"on": "1", "back": "/gallery/?starred=on"}).headers["Location"]
            == "/gallery/?starred=on"
        )
    assert Star.objects.count() == 1
    assert 'aria-pressed="true"' in client.get(reverse("gallery")).content.decode()
    assert 'aria-pressed="true"' not in browse("reviewer").get(reverse("gallery")).content.decode()
    part = client.post(where, {"on": "0"}, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="false"' in part
    assert not Star.objects.exists()
    elsewhere = client.post(where, {"on": "1", "back": "https://elsewhere.example/"})
    assert elsewhere.headers["Location"] == reverse("picture", args=[picture.pk])


def test_two_side_by_side(picture: Picture, job: Job, browse: Browse) -> None:
    other = Picture.objects.get(job=job, index=1)
    where = f"{reverse('compare')}?picture={picture.pk}&picture={other.pk}"
    page = browse("creator").get(where).content.decode()
    assert page.count("(differs)") == 1
    assert re.search(r"Seed <span[^>]*>\(differs\)", page)
    assert "woman farmer" in page
    assert "woman farmer" not in browse("auditor").get(where).content.decode()
    alone = browse("creator").get(reverse("compare"), {"picture": picture.pk}, follow=True)
    assert "Tick two pictures" in alone.content.decode()
    assert browse("creator").get(f"{reverse('compare')}?picture=a&picture=b").status_code == 404


def test_a_small_picture_is_for_looking_only(
    picture: Picture, browse: Browse, outsider: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = reverse("picture-small", args=[picture.pk])
    shown = browse("creator").get(where)
    with Image.open(io.BytesIO(shown.content)) as image:
        assert (image.format, max(image.size)) == ("WEBP", 256)
    assert shown.headers["Content-Disposition"] == "inline"
    assert "private" in shown.headers["Cache-Control"]
    assert b"c2pa" not in shown.content
    assert outsider.get(where).status_code == 404
    rung: list[object] = []
    monkeypatch.setattr(bell, "ring_small", rung.append)
    file_of(blobs.small(picture.pk)).unlink()
    whole = browse("creator").get(where)
    assert whole.content == blobs.get(picture.sha256)
    assert "no-cache" in whole.headers["Cache-Control"]
    assert rung == [picture.pk]
    small.make(picture)
    assert browse("creator").get(where).content == shown.content
    Picture.objects.filter(pk=picture.pk).update(state="SIGNED")
    assert browse("creator").get(where).status_code == 404


def test_a_picture_says_of_itself_what_its_request_does(picture: Picture, crowded: Callable[[int], None]) -> None:
    def told(one: Picture | Job) -> list[object]:
        return [getattr(one, f"{name}_id") for name in FACETS]

    assert told(picture) == told(picture.job)
    crowded(8)
    pictures = list(Picture.objects.select_related("job"))
    assert [told(one) for one in pictures] == [told(one.job) for one in pictures]
    assert len({one.campaign_id for one in pictures}) > 1
