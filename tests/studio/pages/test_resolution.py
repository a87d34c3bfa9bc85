"""Soft binding resolution: what is released is found, in the words of its own description, and nothing else is."""

import base64
import io
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client
from openapi_spec_validator import validate
from PIL import Image

from provenance import credentials, jumbf
from provenance.fingerprint import ALGORITHM, code_bits, fingerprint
from studio import blobs, limits, pipeline
from studio.jobs.models import Picture
from studio.review.actions import withdraw

pytestmark = pytest.mark.django_db
ROOT = "/c2pa/v1"


@pytest.fixture
def description() -> dict[str, Any]:
    """The description that is served."""
    document: dict[str, Any] = Client().get(f"{ROOT}/openapi.json").json()
    return document


@pytest.fixture
def ask(description: dict[str, Any]) -> Callable[..., HttpResponse]:
    """Ask, and hold the answer against the description: its status, its type and its shape are described."""

    def asked(method: str, path: str, *, described: str = "", **request: Any) -> HttpResponse:
        answer = getattr(Client(), method)(f"{ROOT}{path}", **request)
        operation = description["paths"][described or path.partition("?")[0]][method]
        _require_described(description, operation, answer)
        return answer

    return asked


def _require_described(description: Mapping[str, Any], operation: Mapping[str, Any], answer: HttpResponse) -> None:
    response = operation["responses"][str(answer.status_code)]
    if "$ref" in response:
        response = description["components"]["responses"][response["$ref"].rpartition("/")[2]]
    kind = answer.headers["Content-Type"]
    schema = response["content"][kind]["schema"]
    if kind == "application/json":
        jsonschema.validate(json.loads(answer.content), {**schema, "components": description["components"]})


def test_the_description_is_one_and_names_every_address(description: dict[str, Any]) -> None:
    validate(description)
    assert set(description["paths"]) == {
        "/matches/byBinding", "/matches/byContent", "/manifests/{manifestId}", "/services/supportedAlgorithms",
    }  # fmt: skip
    assert set(description["paths"]["/matches/byBinding"]) == {"get", "post"}
    assert description["info"]["version"] == "1.0.0"


def test_the_algorithms_are_named(ask: Callable[..., HttpResponse], sample: object) -> None:
    answer = json.loads(ask("get", "/services/supportedAlgorithms").content)
    assert {"alg": "io.iscc.v0"} in answer["fingerprints"]


def code_of(picture: Picture) -> str:
    """The fingerprint of the released file."""
    with Image.open(io.BytesIO(blobs.get(picture.release.sha256))) as image:
        return fingerprint(image.convert("RGB").tobytes(), *image.size)


def in_base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


@pytest.mark.parametrize("form", ["text", "bytes"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_fingerprint_finds_the_manifest(
    form: str, method: str, released: Picture, ask: Callable[..., HttpResponse]
) -> None:
    code = code_of(released)
    query = {"alg": ALGORITHM, "value": in_base64(code.encode() if form == "text" else code_bits(code))}
    body = {"data": query} if method == "get" else {"data": json.dumps(query), "content_type": "application/json"}
    matches = json.loads(ask(method, "/matches/byBinding", **body).content)["matches"]
    assert matches == [{"manifestId": released.release.manifest, "similarityScore": 100}]


def copy_of(picture: Picture) -> bytes:
    """The released picture as a website saves it."""
    file = io.BytesIO()
    with Image.open(io.BytesIO(blobs.get(picture.release.sha256))) as image:
        image.convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()


def send(ask: Callable[..., HttpResponse], data: bytes, *, query: str = "", kind: str = "image/jpeg") -> HttpResponse:
    return ask("post", f"/matches/byContent{query}", data=data, content_type=kind)


def test_a_copy_finds_the_manifest_and_the_manifest_can_be_had(
    released: Picture, ask: Callable[..., HttpResponse]
) -> None:
    match = json.loads(send(ask, copy_of(released)).content)["matches"][0]
    assert match["manifestId"] == released.release.manifest
    assert 90 <= match["similarityScore"] <= 100
    path, described = f"/manifests/{match['manifestId']}", "/manifests/{manifestId}"
    store = ask("get", path, described=described).content
    assert store == jumbf.manifest_store(blobs.get(released.release.sha256), "image/png")
    assert jumbf.active_label(store) == released.release.manifest
    alone = ask("get", f"{path}?returnActiveManifest=true", described=described).content
    assert (jumbf.active_label(alone), len(alone) < len(store)) == (released.release.manifest, True)


def test_the_exact_file_scores_a_hundred(released: Picture, ask: Callable[..., HttpResponse]) -> None:
    answer = send(ask, blobs.get(released.release.sha256), kind="image/png")
    assert json.loads(answer.content)["matches"][0]["similarityScore"] == 100


def test_a_recovered_manifest_names_its_signer_but_binds_no_copy(
    released: Picture, ask: Callable[..., HttpResponse]
) -> None:
    """What the interface hands out is read by the SDK as a manifest beside the copy: ours, and not of these bytes."""
    path = f"/manifests/{released.release.manifest}"
    store = ask("get", path, described="/manifests/{manifestId}").content
    found = credentials.read_beside(copy_of(released), "image/jpeg", store, roots_pem=pipeline.trust().roots_pem)
    assert found.manifest_id == released.release.manifest
    assert any("dataHash.mismatch" in code for code in found.failures)


@pytest.mark.parametrize("which", ["picture", "approved"])
def test_what_is_not_released_is_not_found(
    which: str, request: pytest.FixtureRequest, ask: Callable[..., HttpResponse]
) -> None:
    picture = request.getfixturevalue(which)
    assert json.loads(send(ask, blobs.get(picture.sha256), kind="image/png").content)["matches"] == []
    answer = ask("get", f"/manifests/{picture.manifest}", described="/manifests/{manifestId}")
    assert answer.status_code == 404


def test_what_was_withdrawn_is_not_found(
    released: Picture, people: SimpleNamespace, now: datetime, ask: Callable[..., HttpResponse]
) -> None:
    withdraw(actor=people.reviewer, picture=released, public_reason="Wrong crop", at=now)
    assert json.loads(send(ask, copy_of(released)).content)["matches"] == []
    path = f"/manifests/{released.release.manifest}"
    assert ask("get", path, described="/manifests/{manifestId}").status_code == 404


def test_another_picture_finds_nothing(released: Picture, ask: Callable[..., HttpResponse]) -> None:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 90).convert("RGB").save(file, "PNG")
    assert json.loads(send(ask, file.getvalue(), kind="image/png").content)["matches"] == []


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("", 400, "both are needed"),
        ("?alg=io.iscc.v0", 400, "both are needed"),
        ("?alg=com.example.other&value=AAAA", 400, "not supported"),
        ("?alg=io.iscc.v0&value=%21", 400, "not base64"),
        ("?alg=io.iscc.v0&value=AAAA", 400, "3 bytes"),
        (f"?alg=io.iscc.v0&value={in_base64(b'x' * 60)}", 400, "no ISCC"),
        ("?alg=io.iscc.v0&value=AAAA&maxResults=0", 400, "maxResults"),
        (f"?alg=io.iscc.v0&value={'A' * 5000}", 414, "POST"),
    ],
)
def test_mistakes_are_named(
    query: str, status: int, reason: str, ask: Callable[..., HttpResponse], sample: object
) -> None:
    answer = ask("get", f"/matches/byBinding{query}")
    assert answer.status_code == status
    assert reason in json.loads(answer.content)["error"]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"alg": 1, "value": 2}'])
def test_a_body_that_is_no_query_is_a_mistake(body: bytes, ask: Callable[..., HttpResponse], sample: object) -> None:
    assert ask("post", "/matches/byBinding", data=body, content_type="application/json").status_code == 400


def test_what_is_no_picture_is_refused(ask: Callable[..., HttpResponse], sample: object) -> None:
    assert send(ask, b"%PDF-1.7", kind="application/pdf").status_code == 415
    assert send(ask, b"no picture", kind="image/png").status_code == 415
    assert send(ask, b"x", query="?alg=com.example.other").status_code == 400


def test_what_is_no_manifest_identifier_is_a_mistake(ask: Callable[..., HttpResponse], sample: object) -> None:
    assert ask("get", "/manifests/nonsense", described="/manifests/{manifestId}").status_code == 400


def test_bodies_are_limited(settings: LazySettings, ask: Callable[..., HttpResponse], sample: object) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10_000
    assert send(ask, b"x" * 200_000).status_code == 413
    large = json.dumps({"alg": ALGORITHM, "value": "A" * 20_000})
    assert ask("post", "/matches/byBinding", data=large, content_type="application/json").status_code == 413


def test_questions_take_turns_with_the_checks(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[..., HttpResponse], sample: object
) -> None:
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_013.0)
    for _ in range(limits.CHECKS_A_MINUTE):
        assert ask("get", "/services/supportedAlgorithms").status_code == 200
    answer = ask("get", "/services/supportedAlgorithms")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(60 - 1_000_000_013 % 60))
    assert Client().post("/check.json").status_code == 429


def test_without_the_ledger_there_is_no_answer(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[..., HttpResponse], sample: object
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise pipeline.LedgerUnavailableError("the ledger does not answer")

    monkeypatch.setattr(pipeline, "matches_by_binding", unreachable)
    answer = ask("get", "/matches/byBinding?alg=io.iscc.v0&value=AAAA")
    assert answer.status_code == 503


def test_a_strangers_page_may_ask(sample: object) -> None:
    """A verifier in a browser reads the answer from another origin; there is no account it could misuse."""
    answer = Client().get(f"{ROOT}/services/supportedAlgorithms")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    asked = Client().options(f"{ROOT}/matches/byContent", headers={"access-control-request-method": "POST"})
    assert (asked.status_code, asked.headers["Access-Control-Allow-Headers"]) == (204, "Content-Type")
