"""The gate before the web process: large bodies are refused early, small ones pass untouched."""

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler

from studio.gate import Gate

LIMIT = 1000


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
    application: Any, chunks: list[bytes], headers: list[tuple[bytes, bytes]], *, path: str = "/check"
) -> tuple[int, bytes, int]:
    """Status, body, and how many chunks were taken."""
    taken, sent = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": chunks[taken - 1], "more_body": taken < len(chunks)}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    run(application(scope, receive, send))
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent), taken


def test_a_small_body_passes() -> None:
    assert talk(Gate(echo, limit_bytes=LIMIT), [b"x" * 600, b"x" * 400], []) == (200, b"1000", 2)


def test_a_program_is_refused_in_its_own_shape() -> None:
    status, body, _ = talk(Gate(echo, limit_bytes=LIMIT), [b""], [(b"content-length", b"1001")], path="/api/v1/jobs")
    assert (status, json.loads(body)["type"]) == (413, "urn:imprimatur:problem:too-large")


def test_a_declared_length_is_refused_before_anything_is_read() -> None:
    status, page, taken = talk(Gate(echo, limit_bytes=LIMIT), [b""], [(b"content-length", b"1001")])
    assert (status, taken) == (413, 0)
    assert b"too large" in page


@pytest.mark.parametrize("declared", [b"12", b"lots", b"-5"])
def test_an_undeclared_length_is_cut_off_at_the_limit(declared: bytes) -> None:
    chunks = [b"x" * 600] * 50
    status, _, taken = talk(Gate(echo, limit_bytes=LIMIT), chunks, [(b"content-length", declared)])
    assert (status, taken) == (413, 2)


def test_django_itself_behind_the_gate() -> None:
    status, page, taken = talk(Gate(ASGIHandler(), limit_bytes=LIMIT), [b"x" * 600] * 50, [])
    assert (status, taken) == (413, 2)
    assert b"Imprimatur" in page


def test_other_kinds_of_connection_are_none_of_its_business() -> None:
    seen = []

    async def lifespan(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    run(Gate(lifespan, limit_bytes=LIMIT)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
