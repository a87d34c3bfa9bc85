"""The programs' interface as a whole: what the framework is told once, for every route.

Answers are kept by no cache, refusals are problems (RFC 9457), and the OpenAPI document says so.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, re_path
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from studio.api.refusals import Refusal, refusal_of

PROBLEM = "application/problem+json"
ABOUT = (
    "Everything a program may do here, by the rules of the pages: the token's owner acts, with the roles they hold at "
    "that moment. A token approves, releases and withdraws nothing."
)


class Service(NinjaAPI):
    """An interface whose every refusal, foreseen or not, goes through `refuse`, and has the type `refused_as`."""

    refused_as = PROBLEM

    def __init__(self, **named: Any) -> None:
        super().__init__(docs_url=None, **named)
        for kind in list(self._exception_handlers):
            # The framework's types allow a class where only ever an instance comes.
            self.add_exception_handler(kind, self._refuse_whatever)  # type: ignore[arg-type]

    def create_response(self, *args: Any, **named: Any) -> HttpResponse:
        """An answer for the asker alone."""
        answer = super().create_response(*args, **named)
        answer["Cache-Control"] = "no-store"
        return answer

    def _refuse_whatever(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return self.refuse(request, refusal_of(error))

    def refuse(self, request: HttpRequest, refusal: Refusal) -> HttpResponse:
        """A refusal as a problem."""
        answer = self.create_response(request, problem_of(refusal), status=refusal.status)
        answer["Content-Type"] = self.refused_as
        for name, value in refusal.headers.items():
            answer[name] = value
        return answer

    def get_openapi_schema(self, **named: Any) -> OpenAPISchema:
        """The document, with refusals under their media type."""
        document = super().get_openapi_schema(**named)
        for operation in _operations(document):
            for status, answer in operation["responses"].items():
                if int(status) >= HTTPStatus.BAD_REQUEST and "application/json" in answer.get("content", {}):
                    answer["content"] = {self.refused_as: answer["content"]["application/json"]}
        return document

    def addresses(self) -> list[URLPattern]:
        """Every address of the interface; a wrong method and an unknown address are refused in its own shape too."""
        found = [pattern for pattern in self.urls[0] if isinstance(pattern, URLPattern)]
        for pattern in found:
            pattern.callback = self._in_shape(pattern.callback)
        return [*found, re_path(r"^[\s\S]*$", self._nowhere, name="nowhere")]

    def _in_shape(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponseBase:
            given = view(request, *args, **named)
            if given.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
                return given
            allowed = given.headers["Allow"]
            reason = gettext("This address answers to %(allowed)s, not to %(method)s.") % {
                "allowed": allowed,
                "method": request.method,
            }
            return self.refuse(
                request, Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method", reason, headers={"Allow": allowed})
            )

        return answer

    def _nowhere(self, request: HttpRequest) -> HttpResponse:
        reason = gettext("There is no such address; the OpenAPI document names all there are.")
        return self.refuse(request, Refusal(HTTPStatus.NOT_FOUND, "no-such-address", reason))

    _nowhere.csrf_exempt = True  # type: ignore[attr-defined]


def problem_of(refusal: Refusal) -> dict[str, Any]:
    """The problem document of a refusal."""
    problem: dict[str, Any] = {
        "type": f"urn:imprimatur:problem:{refusal.kind}",
        "title": refusal.kind.replace("-", " ").capitalize(),
        "status": int(refusal.status),
        "detail": refusal.detail,
        "errors": [{"field": one.field, "message": one.message} for one in refusal.mistakes],
    }
    return problem | ({"job": refusal.job} if refusal.job else {})


def _operations(document: OpenAPISchema) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()
