"""Every long list: its address, and who looks at it. Measured by the bench; its queries are counted by a test."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studio.accounts.models import User
from studio.audit.models import Recorded
from studio.jobs.models import Picture
from studio.review.models import ReviewRequest
from tests.studio.api.program import program_of
from tests.studio.speed import clocks
from tests.studio.speed.filling import Scene

ROUNDS = 9
Ask = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds for one page: of processor time, the median of `ROUNDS`, and by the clock, the best of them; and how
    many queries it took."""

    name: str
    processor: float
    clock: float
    queries: int


def measured(scene: Scene) -> Iterator[Timing]:
    """Each list, asked for as a browser or a program would, through every middleware, without the network."""
    for name, ask in lists(scene):
        with CaptureQueriesContext(connection) as queries:
            assert ask().status_code == 200, name
        asked = len(queries)
        processor, clock = zip(*(_milliseconds(ask) for _ in range(ROUNDS)), strict=True)
        yield Timing(name, statistics.median(processor), min(clock), asked)


def _milliseconds(ask: Ask) -> tuple[float, float]:
    """Of processor time, and by the clock."""
    spent, began = clocks.spent(), time.perf_counter()
    ask()
    took = time.perf_counter() - began
    return 1000 * (clocks.spent() - spent), 1000 * took


def lists(scene: Scene) -> Iterator[tuple[str, Ask]]:
    """A name for each list, and what asks for it."""
    creator, auditor = _browser(scene.people["creator"]), _browser(scene.people["auditor"])
    reviewer, administrator = _browser(scene.people["reviewer"]), _browser(scene.people["administrator"])
    for name, query in _gallery(scene).items():
        yield f"gallery{name}", _asks(creator, "/gallery/", query)
    for name, query in _register(scene).items():
        yield f"register{name}", _asks(auditor, reverse("register", args=[scene.organisation.pk]), query)
    yield "reports", _asks(auditor, reverse("reports", args=[scene.organisation.pk]))
    yield "keys", _asks(auditor, reverse("keys", args=[scene.organisation.pk]))
    yield "what used a model", _asks(auditor, reverse("model-uses", args=[scene.model.pk]))
    for name, client in {"creator": creator, "reviewer": reviewer, "administrator": administrator}.items():
        yield f"home of a {name}", _asks(client, "/")
    yield "project", _asks(creator, reverse("project", args=[scene.projects[0].pk]))
    where = reverse("campaign", args=[scene.campaigns[0].pk])
    yield "campaign", _asks(creator, where)
    yield "campaign, a state", _asks(creator, where, {"state": "APPROVED"})
    yield "campaign, requests of a state", _asks(creator, where, {"requests": "DONE"})
    yield "model", _asks(creator, reverse("model", args=[scene.model.pk]))
    yield "queue", _asks(creator, "/queue/")
    for name, query in _inbox(scene).items():
        yield f"inbox{name}", _asks(reviewer, reverse("admin:review_reviewrequest_changelist"), query)
    waiting = ReviewRequest.objects.filter(organisation=scene.organisation, ended=None).latest("turn")
    yield "a picture in review", _asks(reviewer, reverse("admin:review_reviewrequest_change", args=[waiting.pk]))
    yield "what a reviewer decided", _asks(reviewer, reverse("admin:decided"))
    yield "desk", _asks(reviewer, reverse("admin:desk"))
    program = program_of(scene.people["creator"], scene.organisation, at=scene.at)
    for name, query in {"": {}, ", a state": {"state": "RELEASED"}, ", a campaign": _keys(scene)["campaign"]}.items():
        yield f"/api/v1/pictures{name}", _asks(Client(headers=program.headers), "/api/v1/pictures", query)


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _asks(client: Client, where: str, query: Mapping[str, Any] | None = None) -> Ask:
    address = f"{where}?{urlencode(query)}" if query else where
    return lambda: client.get(address)


def _keys(scene: Scene) -> dict[str, dict[str, Any]]:
    """What a gallery can be narrowed to: something of now, and something of long ago."""
    campaign, maker, model = scene.old
    return {
        "project": {"project": scene.projects[1].pk},
        "campaign": {"campaign": scene.campaigns[0].pk},
        "an old campaign": {"campaign": campaign.pk},
        "maker": {"maker": scene.makers[0].pk},
        "an old maker": {"maker": maker.pk},
        "model": {"model": scene.model.pk},
        "an old model": {"model": model.pk},
    }


def _gallery(scene: Scene) -> dict[str, dict[str, Any]]:
    past, lately = (f"{scene.at - timedelta(days=days):%Y-%m-%d}" for days in (200, 2))
    last = Picture.objects.filter(organisation=scene.organisation).earliest("created")
    return {
        "": {},
        ", state": {"state": "APPROVED"},
        ", a rare, old state": {"state": "WITHDRAWN"},
        **{f", {name}": query for name, query in _keys(scene).items()},
        ", since": {"since": lately},
        ", until": {"until": past},
        ", starred": {"starred": "on"},
        ", flagged": {"flagged": "on"},
        ", campaign, state, flagged": {"campaign": scene.campaigns[0].pk, "state": "APPROVED", "flagged": "on"},
        ", an old campaign, model": {"campaign": scene.old[0].pk, "model": scene.model.pk},
        ", long ago, since": {"since": "2000-01-01", "until": f"{last.created:%Y-%m-%d}"},
    }


def _inbox(scene: Scene) -> dict[str, dict[str, Any]]:
    stage = ReviewRequest.objects.filter(organisation=scene.organisation)[0].stage
    return {
        "": {},
        **{f", {when}": {"due": when} for when in ("overdue", "today", "week")},
        ", a project": {"project": "second"},
        ", a maker": {"maker": scene.makers[0].pk},
        ", a stage": {"stage": stage.name},
        ", a maker, overdue, flagged": {"maker": scene.makers[0].pk, "due": "overdue", "flagged": "on"},
        ", flagged": {"flagged": "on"},
        ", named for it": {"own": "on"},
        ", words that none has": {"words": "no such words"},
        ", decided": {"shown": "decided"},
        ", decided, a maker": {"shown": "decided", "maker": scene.makers[0].pk},
        ", all": {"shown": "all"},
    }


def _register(scene: Scene) -> dict[str, dict[str, Any]]:
    past, lately = (f"{scene.at - timedelta(days=days):%Y-%m-%d}" for days in (200, 2))
    campaign, maker, model = scene.old
    row = Recorded.objects.filter(organisation=scene.organisation, kind="release").earliest("sequence")
    return {
        "": {},
        ", its last page": {"before": 40},
        ", kind": {"kind": "picture"},
        ", a rare, old kind": {"kind": "withdrawal"},
        ", state": {"state": "RECORDED"},
        ", a rare, old state": {"state": "WITHDRAWN"},
        ", verdict": {"outcome": "REJECTED"},
        ", project": {"project": scene.projects[1].pk},
        ", campaign": {"campaign": scene.campaigns[0].pk},
        ", an old campaign": {"campaign": campaign.pk},
        ", model": {"model": scene.model.digest},
        ", an old model": {"model": model.digest},
        ", policy": {"policy": row.policy},
        ", maker": {"maker": scene.makers[0].pseudonym},
        ", an old maker": {"maker": maker.pseudonym},
        ", since": {"since": lately},
        ", since long ago": {"since": "2000-01-01"},
        ", until": {"until": past},
        ", until now": {"until": f"{scene.at:%Y-%m-%d}"},
        ", since, a rare, old kind": {"since": "2000-01-01", "kind": "withdrawal"},
        ", a record": {"find": row.picture},
        ", an entry": {"find": row.entry},
        ", a file": {"find": row.asset},
        ", a model’s digest": {"find": model.digest},
    }
