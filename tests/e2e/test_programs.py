"""Programs at the running product: every example of docs/api.md, clients of others among them, and webhooks."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import httpx
import openai
import pytest
from PIL import Image

from studio.operations.sample import PASSWORD

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/api.md"
EXAMPLES = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
WORDS = "woman farmer, green background"


class Member:
    """Somebody of the sample at the pages, without a browser."""

    def __init__(self, office: str, name: str) -> None:
        self._pages = httpx.Client(base_url=office, timeout=60, follow_redirects=True)
        self._pages.get("/login/")
        self.send("/login/", login=name, password=PASSWORD)

    def send(self, path: str, **typed: Any) -> str:
        """Fill in the form of a page; what the page says then."""
        form = {"csrfmiddlewaretoken": self._pages.cookies["csrftoken"], **typed}
        answer = self._pages.post(path, data=form)
        assert answer.status_code == 200, answer.text
        return answer.text

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pages.close()

    def read(self, path: str) -> str:
        """What a page says."""
        return self._pages.get(path).raise_for_status().text


@dataclass(frozen=True, slots=True)
class Desk:
    """A program's place of work: the product, a token with a campaign of its own, and an empty folder."""

    office: str
    secret: str
    campaign: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What the examples read."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "IMPRIMATUR_URL": self.office, "IMPRIMATUR_TOKEN": self.secret}

    def api(self) -> httpx.Client:
        """The interface."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        return httpx.Client(base_url=f"{self.office}/api/v1/", headers=headers, timeout=120)


@pytest.fixture(scope="module")
def desk(office: str, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A campaign and a token, made on the pages."""
    with Member(office, "creator") as creator:
        project = re.search(r"/projects/([0-9a-f-]{36})/", creator.read("/"))
        assert project
        page = creator.send(
            f"/projects/{project[1]}/campaigns/new/", name="By programs", purpose="x", languages="en", channels="web"
        )
        campaign = re.search(r"/campaigns/([0-9a-f-]{36})/", page)
        organisation = re.search(r'name="organisation" value="([0-9a-f-]{36})"', creator.read("/account/tokens/"))
        assert campaign and organisation
        made = creator.send(
            "/account/tokens/",
            name="Examples",
            organisation=organisation[1],
            scopes=["read", "make"],
            campaign=campaign[1],
            expires=(datetime.now(UTC) + timedelta(days=2)).date().isoformat(),
        )
    secret = re.search(r"imprimatur_[\w-]{43}", made)
    assert secret
    return Desk(office, secret[0], campaign[1], tmp_path_factory.mktemp("program"))


def test_every_example_of_the_page_works(desk: Desk) -> None:
    assert [kind for kind, _ in EXAMPLES] == [
        "sh", "python", "python", "sh", "sh", "python", "sh", "python", "python",
    ]  # fmt: skip
    for number, (kind, text) in enumerate(EXAMPLES):
        command = (
            [sys.executable, "-W", "error", "-c", text]
            if kind == "python"
            else ["bash", "-euo", "pipefail", "-c", text]
        )
        done = subprocess.run(
            command, cwd=desk.folder, env=desk.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, (number, text, done.stdout, done.stderr)
        if kind == "sh" and "curl" in text:
            assert json.loads(done.stdout)
    for name in ("farmer.png", "generated.png"):
        with Image.open(desk.folder / name) as picture:
            assert picture.size == (256, 256)


def test_the_check_knows_what_the_clients_fetched(desk: Desk) -> None:
    for name in ("farmer.png", "generated.png"):
        file = (desk.folder / name).read_bytes()
        told = httpx.post(f"{desk.office}/api/v1/check", files={"file": file}, timeout=60).json()
        assert (told["verdict"], told["status"]) == ("not-released", told["status"])


def test_openais_client_gets_addresses_and_is_told_of_a_held_request_once(desk: Desk) -> None:
    with openai.OpenAI(base_url=f"{desk.office}/v1", api_key=desk.secret) as client, desk.api() as api:
        _use(client, api)


def _use(client: openai.OpenAI, api: httpx.Client) -> None:
    assert [model.owned_by for model in client.models.list()] == ["Sample Aid"]
    made = client.images.generate(prompt=WORDS, n=2, size="256x256", extra_body={"steps": 2})
    for one in made.data or ():
        assert one.url
        assert httpx.get(one.url, timeout=60).raise_for_status().content.startswith(b"\x89PNG")
    assert len(made.data or ()) == 2
    before = len(api.get("jobs", params={"limit": 100}).json()["items"])
    with pytest.raises(openai.ConflictError) as caught:
        client.images.generate(prompt="starving crying child begging for food, empty plate")
    held: Any = caught.value.body
    assert (held["code"], api.get(held["job"]).json()["state"]) == ("held_for_review", "HELD")
    assert len(api.get("jobs", params={"limit": 100}).json()["items"]) == before + 1, "it did not ask again"
    with pytest.raises(openai.UnprocessableEntityError, match="n: "):
        client.images.generate(prompt=WORDS, n=99)


def test_progress_is_streamed_as_it_is_made(desk: Desk) -> None:
    with desk.api() as api:
        job = api.post("jobs", json={"prompt": WORDS, "width": 256, "height": 256, "steps": 12}).json()
        told, last = [], ""
        with api.stream("GET", job["events"]) as events:
            assert events.headers["content-type"] == "text/event-stream"
            for line in events.iter_lines():
                if line.startswith('data: {"id"'):
                    told.append(json.loads(line.removeprefix("data: ")))
                last = line or last
        assert last == "data: {}", "the stream ends by itself"
        assert [one["moving"] for one in told] == [True] * (len(told) - 1) + [False]
        assert (told[-1]["state"], told[-1]["pictures"][0]["state"]) == ("DONE", "RECORDED")
        assert len(told) >= 3


@pytest.fixture
def listener() -> Iterator[SimpleNamespace]:
    """A program elsewhere that is told things."""
    came: list[tuple[dict[str, str], bytes]] = []
    heard = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()
            if b"picture.recorded" in body:
                heard.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}/", came=came, heard=heard)
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_told_by_the_worker(desk: Desk, listener: SimpleNamespace) -> None:
    with Member(desk.office, "administrator") as administrator:
        organisation = re.search(r'name="organisation" value="([0-9a-f-]{36})"', administrator.read("/webhooks/"))
        assert organisation
        page = administrator.send(
            "/webhooks/",
            organisation=organisation[1],
            address=listener.address,
            events=["picture.recorded", "job.held"],
        )
        secret = re.search(r"whsec_[\w+/=]+", page)
        endpoint = re.search(r"/webhooks/([0-9a-f-]{36})/", page)
        assert secret and endpoint
        with desk.api() as api:
            answer = api.post(
                "jobs", json={"prompt": WORDS, "width": 256, "height": 256, "steps": 2}, headers={"Prefer": "wait=60"}
            )
        assert listener.heard.wait(60)
        known: dict[str, Callable[..., str]] = {}
        exec(EXAMPLES[-1][1], known)  # noqa: S102  the example of the page
        told = known["received"](*listener.came[-1], secret=secret[0])
        assert answer.json()["pictures"][0]["id"] in told
        administrator.send(f"/webhooks/{endpoint[1]}/", move="remove")


def test_curl_is_there_for_the_examples() -> None:
    assert shutil.which("curl"), "the examples of docs/api.md are run with it"
