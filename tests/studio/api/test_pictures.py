"""What a program reads: places, pictures, files and reports; and that a stranger's program reads none of it."""

import inspect
import re
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import TimestampSigner
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from openapi_spec_validator import validate

from studio import blobs, limits, pipeline
from studio.accounts.actions import grant_role
from studio.accounts.models import Organisation, Role, User
from studio.api import asking, likeness, links, making
from studio.api.actions import revoke_token
from studio.api.interface import api
from studio.api.models import Scope
from studio.api.routes import check, jobs, pictures, places
from studio.jobs.models import Job, Picture
from studio.projects.models import Campaign
from studio.review.actions import withdraw
from tests.studio.api.program import Program, described, program_of
from tests.studio.pages.printing import print_pictures
from tests.studio.pages.test_access import addresses
from tests.studio.requests import ask

HOST = "http://testserver"


def test_the_documents_are_valid_and_name_every_address() -> None:
    for root, space in (("/api/v1", "api"), ("/v1", "likeness")):
        document = described(root)
        validate(document)
        said = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
        assert all(path.partition(" ")[2].startswith(root) for path in said)
        names = {name.partition(":")[2] for name, _ in addresses(get_resolver()) if name.startswith(f"{space}:")}
        told = {operation["operationId"] for methods in document["paths"].values() for operation in methods.values()}
        assert len(told) == len(said), "each operation has a name of its own"
        assert names >= {"openapi-json", "nowhere"}
        for operations in document["paths"].values():
            for operation in operations.values():
                assert operation["summary"], operation
                assert operation.get("security") or operation["operationId"] == "check_file"
    assert Client().get("/api/v1/openapi.json").json() == described("/api/v1")


def test_wrong_addresses_and_methods_are_refused_in_one_shape(client: Program) -> None:
    nowhere, method = client.get("/nowhere"), client.post("/projects", {})
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "urn:imprimatur:problem:no-such-address")
    assert (method.status_code, method.headers["Allow"]) == (405, "GET")
    broken = client.get("/jobs/%09%0A/cancel")
    assert {answer.headers["Content-Type"] for answer in (nowhere, method, broken)} == {"application/problem+json"}
    like = Program(root="/v1").get("/chat/completions")
    assert (like.status_code, like.json()["error"]["code"]) == (404, "no_such_address")


def test_a_fault_of_ours_tells_nothing_of_itself(client: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the prompt was Zygomorph")

    monkeypatch.setattr("studio.api.finding.projects", broken)
    answer = Client().get("/api/v1/projects", headers=client.headers)
    assert answer.status_code == 500
    assert "Zygomorph" not in answer.content.decode()


def test_places(client: Program, campaign: Campaign) -> None:
    project = client.get("/projects").json()["items"][0]
    assert (project["name"], project["left"], project["policy"]["number"]) == ("Harvest and health", 1000, 1)
    assert client.get(f"/projects/{project['id']}").json() == project
    assert client.get(f"/projects/{project['id']}/policy").json()["digest"] == campaign.project.policies.get().digest
    assert [one["name"] for one in client.get("/organisations").json()["items"]] == ["Sample Aid"]
    found = client.get("/campaigns", project=project["id"]).json()["items"][0]
    assert (found["id"], found["languages"]) == (str(campaign.pk), ["en", "fr"])
    assert client.get(f"/campaigns/{campaign.pk}").json() == found
    assert client.get("/campaigns", project=UUID(int=0)).json()["items"] == []
    model = client.get("/models").json()["items"][0]
    assert model["slug"].startswith("starter-")


def test_pictures_with_files_and_reports(
    client: Program,
    released: Picture,
    program: Callable[..., Program],
    people: SimpleNamespace,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = sorted(released.job.pictures.all(), key=lambda one: one.index)
    listed = client.get("/pictures", state="RELEASED").json()["items"]
    assert [one["id"] for one in listed] == [str(first.pk)]
    assert client.get(listed[0]["url"].removeprefix(HOST)).json() == listed[0]
    for kind, sha256 in (("signed", first.sha256), ("released", first.release.sha256)):
        file = client.get(f"/pictures/{first.pk}/files/{kind}")
        assert (file.content, file.headers["Content-Disposition"][:10]) == (blobs.get(sha256), "attachment")
    assert client.get(f"/pictures/{second.pk}/files/released").status_code == 404
    assert client.get(f"/pictures/{second.pk}/files/quarantined").status_code == 422
    report = program("auditor").get(f"/pictures/{first.pk}/provenance").json()
    assert [entry["kind"] for entry in report["entries"]] == ["picture", "decision", "release"]
    assert report["entries"][0]["entry"]["asset"]["sha256"] == first.sha256 == report["picture"]["sha256"]
    assert (report["decisions"][0]["outcome"], report["released"]["sha256"]) == ("APPROVED", first.release.sha256)
    assert "woman farmer" not in str(report), "words are on no record"
    withdraw(actor=people.reviewer, picture=first, public_reason="Wrong crop", at=now)
    assert client.get(f"/pictures/{first.pk}/provenance").json()["withdrawn"] == "Wrong crop"
    assert client.get(f"/pictures/{first.pk}").json()["released_file"] is None

    def unreachable(*_: object) -> None:
        raise pipeline.LedgerUnavailableError("the ledger does not answer")

    monkeypatch.setattr(pipeline, "entries_about", unreachable)
    assert client.get(f"/pictures/{first.pk}/provenance").status_code == 503


def test_what_is_not_recorded_is_not_there(client: Program, job: Job, now: datetime) -> None:
    picture = print_pictures(job, now)[0]
    told = client.get(f"/jobs/{job.pk}").json()["pictures"]
    assert (len(told), told[0]["url"]) == (2, f"{HOST}/api/v1/pictures/{picture.pk}")
    Picture.objects.filter(pk=picture.pk).update(state="SIGNED")
    for where in ("", "/files/signed", "/provenance"):
        assert client.get(f"/pictures/{picture.pk}{where}").status_code == 404
    assert client.get(f"/jobs/{job.pk}").json()["pictures"][0]["url"] is None


def test_a_list_asks_as_much_for_many_as_for_one(client: Program, campaign: Campaign, now: datetime) -> None:
    counts = []
    assert client.get("/me").status_code == 200, "so that the minute of its use is noted"
    for number in (1, 5):
        print_pictures(ask(campaign, now, count=number), now)
        with CaptureQueriesContext(connection) as found:
            assert client.get("/pictures").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]


def test_an_address_for_whoever_sends_no_token(
    client: Program, picture: Picture, rf: Any, now: datetime, people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = rf.get("/")
    request.auth = client.token
    where = links.address(request, picture).removeprefix(HOST)
    file = Client().get(where)
    assert (file.content, file.headers["Cache-Control"]) == (blobs.get(picture.sha256), "private, no-store")
    assert Client().get(f"{where}x").status_code == 404
    assert Client().get("/links/nonsense").status_code == 404
    with monkeypatch.context() as late:
        late.setattr(TimestampSigner, "timestamp", lambda self: "1aaaaa")
        assert Client().get(links.address(request, picture).removeprefix(HOST)).status_code == 404
    revoke_token(actor=people.creator, token=client.token, at=now)  # type: ignore[arg-type]
    assert Client().get(where).status_code == 404


def test_anybody_checks_a_file(picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Program()
    file = SimpleUploadedFile("a.png", blobs.get(picture.sha256), "image/png")
    assert visitor.send("/check", {"file": file}).json()["verdict"] == "not-released"
    assert visitor.send("/check", {}).status_code == 400
    monkeypatch.setattr(limits, "CHECKS_A_MINUTE", 0)
    answer = visitor.send("/check", {"file": file})
    assert answer.status_code == 429
    assert answer.headers["Retry-After"]


def every_route() -> list[tuple[str, str]]:
    """Method and path of every route that a token opens, of both interfaces."""
    return [
        (method, path)
        for root in ("/api/v1", "/v1")
        for path, operations in described(root)["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    ]


def test_the_matrix_of_routes_and_actors(
    program: Callable[..., Program], released: Picture, campaign: Campaign, outsider: Client, asked: dict[str, Any],
    people: SimpleNamespace, now: datetime,
) -> None:  # fmt: skip
    """Every route x a visitor, a stranger with every role elsewhere, each role here, and a token without the scope."""
    elsewhere, operator = Organisation.objects.get(slug="elsewhere"), User.objects.get(username="operator")
    stranger = program_of(get_user(outsider), elsewhere)  # type: ignore[arg-type]
    keys = {"projects": campaign.project_id, "campaigns": campaign.pk, "jobs": released.job_id, "pictures": released.pk}
    creator, reader = program(), program("creator", Scope.READ)
    maker = program("creator", Scope.MAKE)
    roles = [program(role) for role in ("reviewer", "auditor", "custodian", "administrator")]
    routes = every_route()
    assert len(routes) >= 20
    for method, path in routes:
        kind = path.removeprefix("/api/v1/").partition("/")[0]
        where = path.replace("{kind}", "signed").replace("{slug}", released.job.model.slug)
        where = re.sub(r"\{pk\}", str(keys.get(kind, "")), where)
        own = where != path and "{slug}" not in path

        def call(who: Program, method: str = method, where: str = where) -> int:
            return int((who.get(where) if method == "get" else who.post(where, asked)).status_code)

        makes = method == "post"
        assert call(Program()) == 401, path
        assert call(reader if makes else maker) == 403, path
        if own:
            assert call(stranger) == 404, path
        elif method == "get" and "{slug}" not in path:
            answer = stranger.get(where)
            assert answer.status_code == 200, path
            for secret in ("Sample Aid", "Rainy season", "Harvest", str(released.pk), released.job.model.slug):
                assert secret not in answer.content.decode(), path
        else:
            assert call(stranger) in {404, 422}, path
        for role in roles:
            assert call(role) == (403 if makes else 200), path
        if method == "get":
            assert call(creator) == 200, path
    # A token is for one organisation, though its owner may be in two.
    grant_role(actor=operator, user=people.creator, organisation=elsewhere, role=Role.CREATOR, at=now)
    there = program_of(people.creator, elsewhere)
    for path in (f"/pictures/{released.pk}", f"/jobs/{released.job_id}", f"/projects/{released.job.project_id}"):
        assert there.get(path).status_code == 404, path
    for path in ("/pictures", "/jobs", "/projects", "/campaigns", "/models"):
        assert there.get(path).json()["items"] == [], path


def test_no_route_decides_anything() -> None:
    """Separation of duties stays with people: nothing here approves, rejects, rules, releases or withdraws."""
    for module in (asking, likeness, making, check, jobs, pictures, places):
        source = inspect.getsource(module)
        assert not re.search(r"review\.actions|\bdecide\(|rule_on|\brelease\(|\bwithdraw\(", source), module
    assert not any(re.search("approve|release|withdraw|rule|decide", path) for _, path in every_route())
    assert api.docs_url is None, "the framework's page of documentation loads scripts from elsewhere"
