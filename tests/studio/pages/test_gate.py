"""The gate before the web process: large bodies are refused early, small ones pass untouched."""

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import ASGIHandler

from studio.asgi import InOneThread
from studio.gate import AGAIN_SECONDS, LEAVE, Gate, Turns

LIMIT = 1000


def gate(application: Any, *, at_once: int = 2, waiting: int = 2) -> Gate:
    """A gate before an application."""
    return Gate(application, limit_bytes=LIMIT, turns=Turns(at_once=at_once, waiting=waiting))


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the length of the body; a caller who hangs up gets none."""
    length = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        length += len(event["body"])
        if not event.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a thread of its own: a browser driven earlier in the run leaves its event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def talk(
    application: Any,
    chunks: list[bytes],
    headers: list[tuple[bytes, bytes]],
    *,
    path: str = "/check",
    method: str = "POST",
) -> tuple[int, bytes, int]:
    """Status, body, and how many chunks were taken."""
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        if taken == len(chunks):
            await asyncio.Event().wait()
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers}
    run(application(scope, receive, send))
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent), taken


def test_who_waits_for_a_worker_lets_others_go_first() -> None:
    order: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        name = scope["path"]
        await receive()
        order.append(f"{name} begins")
        if name == "/slow":
            # As a view does, from its thread.
            await asyncio.to_thread(scope[LEAVE])
            while "/quick begins" not in order:
                await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        order.append(f"{name} ends")

    async def ask(guarded: Gate, path: str) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: Any) -> None:
            pass

        await guarded({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)  # type: ignore[arg-type]

    async def both() -> None:
        guarded = gate(application, at_once=1)
        await asyncio.wait_for(asyncio.gather(ask(guarded, "/slow"), ask(guarded, "/quick")), 10)
        # Its turn was given back once, not twice.
        await asyncio.wait_for(guarded._turns.take(), 1)
        assert guarded._turns._places.locked()

    run(both())
    assert order == ["/slow begins", "/quick begins", "/quick ends", "/slow ends"]


def test_a_small_body_passes() -> None:
    assert talk(gate(echo), [b"x" * 600, b"x" * 400], []) == (200, b"1000", 2)


def test_a_program_is_refused_in_its_own_shape() -> None:
    status, body, _ = talk(gate(echo), [b""], [(b"content-length", b"1001")], path="/api/v1/jobs")
    assert (status, json.loads(body)["type"]) == (413, "urn:imprimatur:problem:too-large")


def test_a_declared_length_is_refused_before_anything_is_read() -> None:
    status, page, taken = talk(gate(echo), [b""], [(b"content-length", b"1001")])
    assert (status, taken) == (413, 0)
    assert b"too large" in page


@pytest.mark.parametrize("declared", [b"12", b"lots", b"-5"])
def test_an_undeclared_length_is_cut_off_at_the_limit(declared: bytes) -> None:
    chunks = [b"x" * 600] * 50
    status, _, taken = talk(gate(echo), chunks, [(b"content-length", declared)])
    assert (status, taken) == (413, 2)


def test_django_itself_behind_the_gate() -> None:
    status, page, taken = talk(gate(ASGIHandler()), [b"x" * 600] * 50, [])
    assert (status, taken) == (413, 2)
    assert b"Imprimatur" in page


def test_other_kinds_of_connection_are_none_of_its_business() -> None:
    seen = []

    async def lifespan(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    run(gate(lifespan)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]


@dataclass
class Slow:
    """An application that begins its answers when it is told to, and how many it has in hand."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    at_work: int = 0
    most: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request; a caller who hangs up gets none."""
        if (await receive())["type"] == "http.disconnect":
            return
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            await self.go_on.wait()
            if scope["path"] == "/breaks":
                raise RuntimeError
            await send({"type": "http.response.start", "status": 200, "headers": []})
        finally:
            self.at_work -= 1
        await send({"type": "http.response.body", "body": b""})


async def ask(application: Any, path: str = "/gallery/", *, body: bytes | None = b"") -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of an answer; without a body, the caller never sends the end of it."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if body is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(event: Any) -> None:
        sent.append(event)

    await application(
        {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}, receive, send
    )
    return sent[0]["status"], dict(sent[0]["headers"])


async def everybody(asking: list[Coroutine[Any, Any, Any]]) -> list["asyncio.Task[Any]"]:
    """They ask, one after the other, and have got as far as they can."""
    tasks = [asyncio.create_task(one) for one in asking]
    for _ in range(20):
        await asyncio.sleep(0)
    return tasks


def test_requests_take_turns_and_the_last_is_told_to_come_again() -> None:
    async def crowd() -> None:
        slow = Slow()
        behind = gate(slow, at_once=2, waiting=2)
        tasks = await everybody([ask(behind) for _ in range(5)])
        assert (slow.at_work, [task.done() for task in tasks]) == (2, [False, False, False, False, True])
        status, headers = tasks[-1].result()
        assert (status, headers[b"retry-after"]) == (503, str(AGAIN_SECONDS).encode())
        slow.go_on.set()
        assert [(await task)[0] for task in tasks[:4]] == [200] * 4
        assert slow.most == 2

    run(crowd())


def test_a_program_is_told_in_its_own_shape_that_it_is_too_much() -> None:
    async def crowd() -> None:
        slow = Slow()
        behind = gate(slow, at_once=1, waiting=0)
        first, second = await everybody([ask(behind), ask(behind, "/api/v1/jobs")])
        assert second.result()[1][b"content-type"] == b"application/problem+json"
        slow.go_on.set()
        await first

    run(crowd())


def test_nobody_holds_a_turn_by_sending_slowly_and_probes_need_none() -> None:
    async def crowd() -> None:
        slow = Slow()
        behind = gate(slow, at_once=1, waiting=0)
        sender, probe, first, second = await everybody(
            [ask(behind, body=None), ask(behind, "/ready"), ask(behind), ask(behind)]
        )
        assert (slow.at_work, second.result()[0]) == (2, 503), "the probe and the first"
        slow.go_on.set()
        assert ((await probe)[0], (await first)[0]) == (200, 200)
        sender.cancel()

    run(crowd())


def test_a_turn_comes_back_from_an_application_that_breaks_or_a_caller_who_leaves() -> None:
    async def crowd() -> None:
        slow = Slow()
        behind = gate(slow, at_once=1, waiting=1)
        breaking, leaving = await everybody([ask(behind, "/breaks"), ask(behind)])
        leaving.cancel()
        slow.go_on.set()
        with pytest.raises(RuntimeError):
            await breaking
        (again,) = await everybody([ask(behind)])
        assert again.result()[0] == 200

    run(crowd())


def test_middlewares_and_views_share_one_thread() -> None:
    assert not iscoroutinefunction(InOneThread()._middleware_chain)
    assert iscoroutinefunction(ASGIHandler()._middleware_chain), "what it is done instead of"


def test_a_page_over_asgi() -> None:
    status, _, _ = talk(gate(InOneThread()), [b""], [(b"host", b"localhost")], path="/alive", method="GET")
    assert status == 200


def test_a_person_is_told_in_their_language() -> None:
    headers = [(b"content-length", b"1001"), (b"accept-language", b"fr-BE, en;q=0.5")]
    _, page, _ = talk(gate(echo), [b""], headers)
    assert '<html lang="fr"' in page.decode()
