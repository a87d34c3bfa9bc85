"""Submitting several pictures at once: each once, whatever is clicked or lost, and the page says where each one is."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.jobs.models import Picture
from studio.projects.models import Campaign
from studio.review.models import ReviewRequest
from tests.studio.pages.printing import print_pictures
from tests.studio.pages.test_picture import SUBMISSION
from tests.studio.requests import ask
from tests.studio.review.conftest import reviewer
from tests.studio.review.reviewing import approve

Browse = Callable[[str], Client]
__all__ = ["reviewer"]
SHARED = {name: value for name, value in SUBMISSION.items() if name != "alt_text"} | {"due": "2030-05-01"}


def place(pictures: list[Picture]) -> str:
    return f"{reverse('submit-together')}?{urlencode([('picture', one.pk) for one in pictures])}"


def typed(pictures: list[Picture], *, before: int = 0) -> dict[str, str]:
    """What the form sends: each ticked and described."""
    words = {"chosen": "on", "before": str(before)}
    return SHARED | {
        f"{one.pk.hex}-{name}": value
        for one in pictures
        for name, value in (words | {"alt_text": f"Stripes {one.index}."}).items()
    }


def test_each_is_submitted_once_with_its_own_description(
    campaign: Campaign, people: SimpleNamespace, browse: Browse, outsider: Client, now: datetime
) -> None:
    client, job = browse("creator"), ask(campaign, now, count=3)
    pictures = print_pictures(job, now)
    where, sent = place(pictures), typed(pictures)
    assert where.replace("&", "&amp;") in client.get(reverse("request", args=[job.pk])).content.decode()
    assert "Submit the ticked for review" in client.get(reverse("gallery")).content.decode()
    assert "0 of 3 are with the reviewers." in client.get(where).content.decode()
    # Something is missing: nothing is sent, and nothing typed is lost.
    for gap in ({"purpose": ""}, {f"{pictures[1].pk.hex}-alt_text": ""}):
        refused = client.post(where, sent | gap)
        assert refused.status_code == 422
        assert "Nothing was submitted yet" in refused.content.decode()
        assert "Stripes 2." in refused.content.decode()
    nobody = {name: value for name, value in sent.items() if not name.endswith("chosen")}
    assert "Tick at least one picture" in client.post(where, nobody).content.decode()
    assert not ReviewRequest.objects.exists()
    # One is left out, so it needs no description.
    left = pictures[2].pk.hex
    most = {name: value for name, value in sent.items() if name != f"{left}-chosen"} | {f"{left}-alt_text": ""}
    page = client.post(where, most, follow=True).content.decode()
    assert "2 of 3 are with the reviewers." in page
    assert f'name="{left}-alt_text"' in page
    asked = ReviewRequest.objects.order_by("picture__index")
    assert [(one.picture, one.alt_text, one.purpose) for one in asked] == [
        (one, f"Stripes {one.index}.", "Poster") for one in pictures[:2]
    ]
    assert {str(one.due) for one in asked} == {"2030-05-01"}
    assert all(len(one.checklist) == 4 for one in asked)
    # Sent once more, as by a second click, it says the same and does nothing.
    assert "2 of 3 are with the reviewers." in client.post(where, most, follow=True).content.decode()
    # Sent once more after a reviewer asked for changes, as by a browser that tries again, it is not submitted anew.
    approve(asked[0], people.reviewer, now, outcome="CHANGES_REQUESTED", reason="Brighter, please.")
    late = client.post(where, most)
    assert late.status_code == 409
    assert "Not submitted." in late.content.decode()
    assert ReviewRequest.objects.count() == 2
    again = client.post(where, typed(pictures, before=1) | {f"{left}-before": "0"}, follow=True)
    assert "3 of 3 are with the reviewers." in again.content.decode()
    assert "Submit the ticked ones" not in again.content.decode()
    assert ReviewRequest.objects.count() == 4
    # Who may not see them finds none; who sees but makes none is told so.
    assert outsider.get(where).status_code == 302
    assert "Submit the ticked ones" not in browse("auditor").get(where).content.decode()
    assert client.get(f"{reverse('submit-together')}?picture=nonsense").status_code == 404
    assert Client().get(where)["Location"].startswith("/login/")


def test_one_that_cannot_be_submitted_stops_no_other(
    campaign: Campaign, people: SimpleNamespace, reviewer: Callable[..., User], browse: Browse, now: datetime
) -> None:
    both = reviewer("both")
    both.memberships.get().grants.create(role="creator")
    own, other = print_pictures(ask(campaign, now), now), print_pictures(ask(campaign, now, seed=5), now)
    assert browse("creator").post(place(other), typed(other)).status_code == 302
    approve(ReviewRequest.objects.get(), both, now, outcome="CHANGES_REQUESTED", reason="Brighter, please.")
    client, pictures = Client(), [*own, *other]
    client.force_login(both)
    answer = client.post(place(pictures), typed(pictures) | {f"{other[0].pk.hex}-before": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "1 picture is with the reviewers." in page
    assert "You decided about this request before" in page
    assert [one.picture for one in ReviewRequest.objects.filter(maker=both)] == own
