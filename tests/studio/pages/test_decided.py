"""What a reviewer decided, day by day: their own decisions and rulings, and nobody else's."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.projects.models import Campaign
from studio.review import decided_desk
from studio.review.flags import flag
from studio.review.models import HoldRuling
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask
from tests.studio.review.conftest import reviewer
from tests.studio.review.reviewing import approve, submit

Browse = Callable[[str], Client]
__all__ = ["reviewer"]


def page(client: Client, **wanted: str) -> Any:
    return client.get(reverse("admin:decided"), wanted)


def test_own_decisions_today_first(
    campaign: Campaign, people: SimpleNamespace, reviewer: Callable[..., User], browse: Browse, outsider: Client,
    now: datetime, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    client, job = browse("reviewer"), ask(campaign, now, count=3)
    assert "What you approve, reject or send back stands here" in page(client).content.decode()
    old, new, theirs = [submit(one, people.creator, now) for one in print_pictures(job, now)]
    before = approve(old, people.reviewer, now - timedelta(days=1))
    after = approve(new, people.reviewer, now, outcome="REJECTED", reasons=["likeness"], reason="See the face.")
    approve(theirs, reviewer("other"), now)
    flag(actor=people.reviewer, picture=new.picture, reason="Blood", at=now)
    ruling = HoldRuling.objects.create(
        job=job, reviewer=people.reviewer, let_through=False, reason="Not for a clinic.", at=now
    )
    # Whatever their number, a leaf of them is asked for at once; the other reviewer's is on none.
    monkeypatch.setattr(decided_desk, "A_LEAF", 1)
    first = page(client)
    told = first.content.decode()
    ((_day, today, (line,)),) = first.context["days"]
    assert (today, line.decision, line.flagged) == (True, after, True)
    assert "Somebody could take a person" in told
    assert "See the face." in told
    assert reverse("picture-small", args=[new.picture_id]) not in told
    second = client.get(f"{reverse('admin:decided')}?{first.context['older']}")
    ((_day, today, (line,)),) = second.context["days"]
    assert (today, line.decision, second.context["older"]) == (False, before, "")
    assert reverse("picture-small", args=[old.picture_id]) in second.content.decode()
    held = page(client, of="held")
    assert [line.decision for _day, _today, lines in held.context["days"] for line in lines] == [ruling]
    assert "Not for a clinic." in held.content.decode()
    assert page(client, cursor="nonsense").context["days"] == first.context["days"]
    assert page(outsider).context["days"] == page(outsider, of="held").context["days"] == []
    assert (
        "What I decided" not in browse("auditor").get(reverse("admin:review_reviewrequest_changelist")).content.decode()
    )
