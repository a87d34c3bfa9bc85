"""What people and programs do to a running installation, for locust: they ask for pictures, check files, look around.

Each kind asks at a rate of its own, however long the answers take, as long as they take less than its pause. The file
that LOAD_SITE names says where, with which tokens, sessions and files (`tests.production.load` writes it).
"""

import itertools
import json
import os
from pathlib import Path
from typing import Any

from locust import HttpUser, constant_throughput, task
from requests.adapters import HTTPAdapter

SITE: dict[str, Any] = json.loads(Path(os.environ["LOAD_SITE"]).read_text(encoding="utf-8"))
FILES = [Path(name).read_bytes() for name in SITE["files"]]
WORDS = (
    "woman farmer, green background",
    "umbrella with rain drops, light blue background",
    "potted plant, white background",
    "ambulance, yellow background",
)
numbers = itertools.count()


class Elsewhere(HTTPAdapter):
    """Calls from an address of its own, so that limits by address see many callers (127.0.0.0/8 is all ours)."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__(max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """A pool whose connections come from the address."""
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


class Caller(HttpUser):
    """Somebody with an address of their own, who trusts the proxy's authority."""

    abstract = True
    host = SITE["address"]

    def on_start(self) -> None:
        """Take the next number, and what goes with it."""
        self.number = next(numbers)
        self.client.mount("https://", Elsewhere(f"127.0.{1 + self.number // 250}.{1 + self.number % 250}"))
        self.client.verify = SITE["root"]


def turned_away(answer: Any) -> None:
    """Count 429 apart: it is no failure, it says when to come again."""
    if answer.status_code == 429:
        answer.request_meta["name"] += ", told to wait"
        answer.success()


class Submitter(Caller):
    """A program that asks for a picture once a second."""

    wait_time = constant_throughput(1)
    fixed_count = SITE["submitters"]

    @task
    def submit(self) -> None:
        """One request, with a key of its own."""
        token = SITE["tokens"][self.number % len(SITE["tokens"])]
        key = f"load-{os.getpid()}-{self.number}-{next(numbers)}"
        body = {"prompt": WORDS[self.number % len(WORDS)], "width": 256, "height": 256, "steps": 2, "seed": self.number}
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        with self.client.post("/api/v1/jobs", json=body, headers=headers, name="submit", catch_response=True) as answer:
            turned_away(answer)


class Checker(Caller):
    """Somebody who asks what can be said about a file, every other second."""

    wait_time = constant_throughput(0.45)
    fixed_count = SITE["checkers"]

    @task
    def check(self) -> None:
        """One of ours, and one that was changed, in turn."""
        file = FILES[next(numbers) % len(FILES)]
        headers = {"Content-Type": "application/octet-stream"}
        with self.client.post("/api/v1/check", data=file, headers=headers, name="check", catch_response=True) as answer:
            turned_away(answer)


class Looker(Caller):
    """Somebody with the gallery open, who looks again every second."""

    wait_time = constant_throughput(1)
    fixed_count = SITE["lookers"]

    @task
    def gallery(self) -> None:
        """The first leaf."""
        session = SITE["sessions"][self.number % len(SITE["sessions"])]
        self.client.get("/gallery/", headers={"Cookie": f"sessionid={session}"}, name="gallery", allow_redirects=False)
