"""A program with a token. Every answer that it gets is held against the interface's own OpenAPI document."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jsonschema
from django.http import HttpResponseBase
from django.test import Client

from studio.accounts.models import Organisation, User
from studio.api.actions import make_token
from studio.api.interface import api
from studio.api.likeness import api as likeness
from studio.api.models import ApiToken, Scope
from studio.projects.models import Campaign

TOLD = ("application/json", "application/problem+json")


@cache
def described(root: str) -> dict[str, Any]:
    """The OpenAPI document of an interface."""
    document: dict[str, Any] = json.loads(json.dumps({"/api/v1": api, "/v1": likeness}[root].get_openapi_schema()))
    return document


class Program:
    """Asks with a token, or without one."""

    def __init__(self, token: ApiToken | None = None, secret: str = "", *, root: str = "/api/v1") -> None:
        self.token, self.root = token, root
        self.headers = {"authorization": f"Bearer {secret}"} if secret else {}
        self._client = Client(raise_request_exception=False)

    def get(self, path: str, **query: Any) -> Any:
        """GET, and what came."""
        return self._checked("get", path, self._client.get(self._address(path), query, headers=self.headers))

    def post(self, path: str, sent: Any = None, **headers: str) -> Any:
        """POST of JSON, and what came."""
        data = sent if isinstance(sent, str | bytes) else json.dumps(sent)
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self._client.post(self._address(path), data, content_type="application/json", headers=named)
        return self._checked("post", path, answer)

    def send(self, path: str, form: Mapping[str, Any], **headers: str) -> Any:
        """POST of a form, and what came."""
        answer = self._client.post(self._address(path), form, headers=self.headers | headers)
        return self._checked("post", path, answer)

    def _address(self, path: str) -> str:
        return path if path.startswith(("/api/", "/v1/", "http")) else f"{self.root}{path}"

    def _checked(self, method: str, path: str, answer: HttpResponseBase) -> HttpResponseBase:
        where = re.sub(r"^https?://[^/]+", "", self._address(path))
        root = "/api/v1" if where.startswith("/api/v1") else "/v1"
        _require_described(described(root), method, where, answer)
        return answer


def _require_described(document: Mapping[str, Any], method: str, where: str, answer: HttpResponseBase) -> None:
    """Status, type and shape are those of the document."""
    fitting = [path for path in document["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), where)]
    # Of two that fit, the one without a parameter was meant.
    operations = document["paths"][min(fitting, key=lambda path: path.count("{"))] if fitting else {}
    if method not in operations:
        assert answer.status_code in {404, 405}, where
        return
    responses = operations[method]["responses"]
    assert str(answer.status_code) in responses, (where, answer.status_code, getattr(answer, "content", b"")[:300])
    kind = answer.headers["Content-Type"].partition(";")[0]
    schema = responses[str(answer.status_code)]["content"][kind]["schema"]
    if kind in TOLD:
        jsonschema.validate(json.loads(answer.content), {**schema, "components": document["components"]})  # type: ignore[attr-defined]


def program_of(
    user: User,
    organisation: Organisation,
    *scopes: Scope,
    root: str = "/api/v1",
    campaign: Campaign | None = None,
    days: float = 30,
    at: datetime | None = None,
) -> Program:
    """A program with a new token of this person."""
    at = at or datetime.now(UTC)
    token, secret = make_token(
        actor=user,
        organisation=organisation,
        name="Clinic newsletter",
        scopes=scopes or tuple(Scope),
        campaign=campaign,
        expires=at + timedelta(days=days),
        at=at,
    )
    return Program(token, secret, root=root)
