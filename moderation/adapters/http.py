"""A text classifier behind an HTTP address of the organisation's own.

Request: POST, JSON `{"texts": [...], "categories": [...]}`. Answer: status 200 and JSON `{"scores":
{category: number in [0, 1]}}`. Anything else is a fault, and a fault holds.

Invariants:
- an answer takes at most `seconds` in all, even from a server that sends a byte at a time;
- redirects are not followed and at most 64 KiB are read, so a prompt goes nowhere but to the given address.
"""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.parse import urlsplit

from moderation.errors import ClassifierError, ClassifierTimeoutError, PolicyError

_LONGEST = 64 * 1024  # bytes of an answer


class HttpClassifier:
    """A `TextClassifier` that asks a server."""

    def __init__(
        self,
        name: str,
        address: str,
        *,
        languages: frozenset[str],
        categories: frozenset[str],
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`address`: http or https; `headers` may carry an authorisation and never reach a record."""
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
            raise PolicyError(f"{name}.address: {address!r} is no http or https address")
        if not seconds > 0.0 or not categories:
            raise PolicyError(f"{name}: give a time above 0 and at least one category")
        self.id, self._address, self._seconds, self._headers = name, address, seconds, dict(headers or {})
        self.languages, self.categories = languages, categories
        self.revision = hashlib.sha256(repr((address, sorted(categories))).encode()).hexdigest()

    def score(self, texts: Sequence[str]) -> Mapping[str, float]:
        """See `TextClassifier.score`; raises `ClassifierTimeoutError` or `ClassifierError`."""
        outcome: list[Any] = []
        worker = threading.Thread(target=self._ask, args=(list(texts), outcome), daemon=True)
        worker.start()
        worker.join(self._seconds)
        if not outcome:
            raise ClassifierTimeoutError(f"{self.id}: no answer in {self._seconds} s")
        if isinstance(outcome[0], ClassifierError):
            raise outcome[0]
        scores: Mapping[str, float] = outcome[0]
        return scores

    def _ask(self, texts: list[str], outcome: list[Any]) -> None:
        """Put scores or a `ClassifierError` into `outcome`; runs in a thread that nobody waits for too long."""
        try:
            outcome.append(self._scores(self._answer(texts)))
        except TimeoutError as late:
            outcome.append(ClassifierTimeoutError(f"{self.id}: {late}"))
        except (OSError, HTTPException, ValueError) as fault:
            outcome.append(ClassifierError(f"{self.id}: {type(fault).__name__}: {fault}"))
        except ClassifierError as fault:
            outcome.append(fault)

    def _answer(self, texts: list[str]) -> bytes:
        body = json.dumps({"texts": texts, "categories": sorted(self.categories)}).encode()
        headers = {"Content-Type": "application/json", **self._headers}
        request = urllib.request.Request(self._address, body, headers, method="POST")  # noqa: S310 - scheme checked
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=self._seconds) as response:
            answer: bytes = response.read(_LONGEST + 1)
        if response.status != 200 or len(answer) > _LONGEST:
            raise ClassifierError(f"{self.id}: status {response.status} with {len(answer)} bytes is no answer")
        return answer

    def _scores(self, answer: bytes) -> Mapping[str, float]:
        value = json.loads(answer)
        if not isinstance(value, dict) or not isinstance(value.get("scores"), dict):
            raise ClassifierError(f"{self.id}: the answer is no JSON object with scores")
        scores: Mapping[str, float] = value["scores"]
        return scores


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Follow nothing; the opener then raises for the status."""
