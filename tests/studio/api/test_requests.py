"""Asking for pictures by a program: the rules of the create page, once for each key, and told as it goes on."""

import asyncio
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from studio import limits, streams
from studio.accounts.actions import grant_role
from studio.accounts.models import Role
from studio.api import asking, events, waiting
from studio.jobs import screening
from studio.jobs.models import Job, Picture, Shaper
from studio.jobs.states import JobState
from studio.jobs.words import open_words
from studio.operations.sample import Sample
from studio.policies import asking as questions
from studio.projects.models import Campaign, Project
from studio.trail.models import AuditRow
from tests.studio.api.program import Program
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

Programs = Callable[..., Program]
MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"prompt": ""}, "prompt", "required"),
    ({"prompt": 7}, "prompt", "string"),
    ({"prompt": "x" * 2001}, "prompt", "shorten"),
    ({"count": 17}, "count", "16"),
    ({"width": 33}, "width", "8"),
    ({"steps": 10**30}, "steps", ""),
    ({"guidance": "much"}, "guidance", "number"),
    ({"seed": 2**63}, "seed", "less"),
    ({"language": "de"}, "language", "en, fr"),
    ({"model": "dall-e-3"}, "model", "starter-"),
    ({"campaign": str(UUID(int=0))}, "campaign", "sees no campaign"),
    ({"campaign": None}, "campaign", "Name the campaign"),
    ({"colour": "red"}, "colour", "unknown"),
]


def test_a_request_is_the_owners_and_says_by_which_token(
    client: Program, asked: dict[str, Any], people: SimpleNamespace
) -> None:
    answer = client.post("/jobs", asked, idempotency_key="k-1")
    told = answer.json()
    job = Job.objects.get()
    assert (answer.status_code, told["id"], told["state"]) == (202, str(job.pk), "SUBMITTED")
    assert (told["asked_by"], told["prompt"], told["moving"]) == ("creator", asked["prompt"], True)
    assert open_words(job).prompt == asked["prompt"]
    assert Shaper.objects.get(job=job).user == people.creator, "who could so never decide about it"
    assert AuditRow.objects.get(verb="token.use", object_id=str(job.pk)).detail == {"token": "Clinic newsletter"}


def test_one_key_is_one_request(client: Program, asked: dict[str, Any]) -> None:
    first = client.post("/jobs", asked, idempotency_key="k").json()
    assert client.post("/jobs", asked, idempotency_key="k").json()["id"] == first["id"]
    other = client.post("/jobs", asked | {"prompt": "a tent"}, idempotency_key="k")
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "idempotency_key")
    assert client.post("/jobs", asked).json()["id"] != client.post("/jobs", asked).json()["id"]
    assert client.post("/jobs", asked, idempotency_key="k" * 81).status_code == 422
    assert (Job.objects.count(), AuditRow.objects.filter(verb="token.use").count()) == (3, 3)


def test_what_is_left_out_is_the_models_own(client: Program, campaign: Campaign, sample: Sample) -> None:
    spec = client.post("/jobs", {"campaign": str(campaign.pk), "prompt": "a tent"}).json()["spec"]
    names = ("width", "height", "steps", "guidance")
    assert {name: spec[name] for name in names} == {name: sample.model.defaults[name] for name in names}


def test_a_mistake_names_field_and_remedy(client: Program, asked: dict[str, Any]) -> None:
    for wrong, field, remedy in MISTAKES:
        answer = client.post("/jobs", asked | wrong)
        problem = answer.json()
        assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
        assert [error["field"] for error in problem["errors"]] == [field]
        assert remedy in problem["errors"][0]["message"]
    assert not Job.objects.exists()


def test_a_body_that_is_no_json_is_a_mistake(client: Program, asked: dict[str, Any], settings: LazySettings) -> None:
    for body in (b"{", b"\xff", b'{"a": ' * 3000):
        assert client.post("/jobs", body).status_code == 400
    assert client.post("/jobs", b"").status_code == 422
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert client.post("/jobs", asked | {"prompt": "x" * 2000}).status_code == 413


def test_sentences_are_in_the_language_that_is_asked_for_and_kinds_in_none(
    client: Program, asked: dict[str, Any]
) -> None:
    client.headers |= {"accept-language": "fr"}
    answer = client.post("/jobs", asked | {"surprise": 1}).json()
    assert answer["type"] == "urn:imprimatur:problem:fields"
    assert {"field": "surprise", "message": "Ce champ est inconnu ici ; omettez-le."} in answer["errors"]
    lost = client.get("/nowhere").json()
    assert lost["type"] == "urn:imprimatur:problem:no-such-address"
    assert lost["detail"].startswith("Cette adresse n’existe pas")


def test_only_creators_make(program: Programs, people: SimpleNamespace, asked: dict[str, Any], sample: Sample) -> None:
    Project.objects.update(budget=0)
    answer = program().post("/jobs", asked)
    assert (answer.status_code, "budget has 0 pictures left" in answer.json()["detail"]) == (422, True)
    assert program("reviewer").post("/jobs", asked).status_code == 403


def test_it_is_watched_until_it_moves_no_more(client: Program, asked: dict[str, Any], now: datetime) -> None:
    job = Job.objects.get(pk=client.post("/jobs", asked).json()["id"])
    screening.screen(job.pk, at=now)
    told = client.get(f"/jobs/{job.pk}").json()
    assert (told["state"], told["place"], told["moving"]) == ("QUEUED", 1, True)
    seen = b"".join(client.get(f"/jobs/{job.pk}/events").streaming_content).decode()  # type: ignore[attr-defined]
    kind, data = seen.split("\n")[1:3]
    assert (kind, json.loads(data.removeprefix("data: "))["state"]) == ("event: job", "QUEUED")
    assert seen.startswith("retry: 2000\n"), "over WSGI a client asks again by itself"
    assert client.post(f"/jobs/{job.pk}/cancel").json()["state"] == "CANCELLED"
    again = client.post(f"/jobs/{job.pk}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:imprimatur:problem:moved-on")
    seen = b"".join(client.get(f"/jobs/{job.pk}/events").streaming_content).decode()  # type: ignore[attr-defined]
    assert seen.endswith("event: end\ndata: {}\n\n")


def test_nobody_cancels_what_is_not_theirs(
    client: Program, campaign: Campaign, now: datetime, people: SimpleNamespace
) -> None:
    organisation = campaign.project.organisation
    grant_role(actor=people.administrator, user=people.auditor, organisation=organisation, role=Role.CREATOR, at=now)
    job = ask(campaign, now, actor=people.auditor)
    told = client.get(f"/jobs/{job.pk}").json()
    assert told["prompt"] is None, "words are for whoever wrote them"
    assert client.post(f"/jobs/{job.pk}/cancel").status_code == 403


def follow(look: streams.Look, ticks: list[float]) -> list[str]:
    """Everything a stream says, by a clock that ticks at each look at it."""
    moments = iter(ticks)

    async def gathered() -> list[str]:
        return [said async for said in streams.live(look, event="job", clock=lambda: next(moments, 1e9))]

    # In a thread of its own: a browser driven earlier in the run leaves its event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, gathered()).result()


def test_a_stream_tells_changes_breathes_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_SECONDS", 0)
    looks = iter([("a", True), ("a", True), ("b", True), ("c", False)])
    said = follow(lambda: next(looks), [0.0, 1.0, 2.0, 3.0, 20.0, 21.0, 22.0, 23.0, 24.0, 25.0])
    assert [event.strip().splitlines()[-1] for event in said] == ["data: a", ": still here", "data: b", "data: {}"]
    assert "data: c" in said[-1]
    assert streams._Open.number == 0


def test_a_stream_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK_SECONDS", 0)
    said = follow(lambda: ("a", True), [0.0, 1.0, 2.0, streams.LONGEST_SECONDS])
    assert (len(said), streams._Open.number) == (1, 0)


def test_a_stream_whose_listener_hangs_up_is_not_counted_any_more() -> None:
    async def hang_up() -> list[int]:
        stream = streams.live(lambda: ("a", True), event="job", clock=lambda: 0.0)
        await anext(stream)
        counted = [streams._Open.number]
        await stream.aclose()  # type: ignore[attr-defined]
        return [*counted, streams._Open.number]

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, hang_up()).result() == [1, 0]


def test_a_request_that_is_not_seen_any_more_ends_its_stream(
    client: Program, campaign: Campaign, now: datetime
) -> None:
    job = ask(campaign, now)
    request = SimpleNamespace(auth=client.token, user=None)
    assert streams.told("", False, event="job", last="x") == streams.END
    client.token.__class__.objects.update(revoked=now, revoked_by=job.requester.user)  # type: ignore[union-attr]
    assert events._looked(request, job.pk) == ("", False)  # type: ignore[arg-type]


def settle(job_state: str) -> Callable[[float], None]:
    """In the place of the pause between two looks: workers that bring the request to its state."""

    def work(_: float) -> None:
        job = Job.objects.get()
        if job_state == "HELD":
            Job.objects.filter(pk=job.pk).update(state="HELD")
        elif not Picture.objects.exists():
            print_pictures(job, job.submitted)

    return work


def test_a_program_may_wait_for_the_pictures(
    client: Program, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.time, "sleep", settle("DONE"))
    told = client.post("/jobs", asked, prefer="respond-async, wait=30").json()
    assert (told["state"], told["pictures"][0]["state"]) == ("DONE", "RECORDED")
    assert client.get(told["pictures"][0]["file"].removeprefix("http://testserver")).content.startswith(b"\x89PNG")


def test_whoever_waits_for_a_held_request_is_told_where_it_lies(
    client: Program, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.time, "sleep", settle("HELD"))
    answer = client.post("/jobs", asked, prefer="wait=5")
    where = f"http://testserver/api/v1/jobs/{Job.objects.get().pk}"
    assert (answer.status_code, answer.json()["job"], answer.headers["Location"]) == (409, where, where)
    assert client.get(where.removeprefix("http://testserver")).json()["moving"] is False


def test_when_all_places_are_taken_nothing_is_made(
    client: Program, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(waiting.PLACES):
        assert waiting._places.acquire(blocking=False)
    try:
        answer = client.post("/jobs", asked, prefer="wait=5")
    finally:
        waiting._places.release(waiting.PLACES)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert not Job.objects.exists()


def test_a_dry_run_tells_and_keeps_nothing(
    client: Program, asked: dict[str, Any], now: datetime, monkeypatch: pytest.MonkeyPatch, campaign: Campaign
) -> None:
    ask(campaign, now)
    Job.objects.update(state="QUEUED", rank=now)
    monkeypatch.setattr(questions.bell, "ring_question", lambda pk: questions.answer(pk, at=now))
    told = client.post("/jobs/dry-run", asked | {"count": 3, "prompt": "naked woman, zorblax"}).json()
    assert told["cost"] == {"pictures": 3, "left": 999, "enough": True}
    assert told["queue"] == {"ahead": 1, "mine": 1}
    assert told["verdict"]["action"] in {"review", "block"}
    assert told["verdict"]["reasons"]
    assert "zorblax" in told["unknown_words"]
    assert told["policy"]["digest"] == campaign.project.policies.first().digest  # type: ignore[union-attr]
    assert Job.objects.count() == 1


def test_a_dry_run_says_what_a_request_would_be_refused_for(client: Program, asked: dict[str, Any]) -> None:
    answer = client.post("/jobs/dry-run", asked | {"steps": 0})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "steps")


def test_silent_screens_give_no_verdict(
    client: Program, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0)
    assert client.post("/jobs/dry-run", asked).json()["verdict"] is None
    monkeypatch.setattr(limits, "TRIALS_A_MINUTE", 1)
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_013.0)
    cache.clear()
    assert client.post("/jobs/dry-run", asked).status_code == 200
    assert client.post("/jobs/dry-run", asked).status_code == 429


def test_a_picture_to_start_from(client: Program, asked: dict[str, Any]) -> None:
    file = io.BytesIO()
    Image.new("RGB", (256, 256), "green").save(file, "PNG")
    reference = lambda: io.BytesIO(file.getvalue())  # noqa: E731
    form = asked | {"rights": "Our own photograph", "strength": "0.5"}
    answer = client.send("/jobs/from-picture", form | {"reference": reference()})
    assert answer.status_code == 202, answer.content
    assert answer.json()["spec"]["strength"] == 0.5
    assert Job.objects.get().reference_sha256
    missing = client.send("/jobs/from-picture", form)
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "reference")
    wrong = client.send("/jobs/from-picture", form | {"reference": io.BytesIO(b"no picture")})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "reference")


def test_lists_go_on_where_they_ended(client: Program, campaign: Campaign, now: datetime) -> None:
    made = [ask(campaign, now + timedelta(seconds=place // 2)) for place in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        leaf = client.get("/jobs", limit=2, cursor=cursor).json()
        seen += [one["id"] for one in leaf["items"]]
        cursor = leaf["next"]
        ask(campaign, now + timedelta(minutes=1))
    assert seen == [str(one.pk) for one in sorted(made, key=lambda one: (one.submitted, one.pk), reverse=True)]
    assert client.get("/jobs", state="HELD").json()["items"] == []
    for wrong in ({"cursor": "x"}, {"cursor": "MDAwMS0wMS0wMSBh"}, {"limit": 0}, {"limit": 101}, {"state": "LATE"}):
        assert client.get("/jobs", **wrong).status_code == 422


def test_a_list_takes_as_many_questions_for_many_as_for_one(client: Program, campaign: Campaign, now: datetime) -> None:
    counts = []
    assert client.get("/me").status_code == 200, "so that the minute of its use is noted"
    for number in (1, 4):
        for _ in range(number):
            job = ask(campaign, now)
            Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, rank=now)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get("/jobs").status_code == 200
        counts.append(len(found))
    assert counts[1] == counts[0]
