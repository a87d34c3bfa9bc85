"""The half of `studio.tracing` that needs OpenTelemetry's SDK: imported where a collector is set, and nowhere else.

Headers for the collector, sampling and the like are the SDK's own variables (`OTEL_EXPORTER_OTLP_HEADERS`,
`OTEL_TRACES_SAMPLER` …), which it reads by itself.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from uuid import UUID

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags

from studio.asked import method_of, view_of

SECONDS = 5
PREFIX = "imprimatur."
_first: ContextVar[UUID | None] = ContextVar("first", default=None)


class _Ids(RandomIdGenerator):
    """Random ids, but for the first step of a request: its trace and its span are named by the request."""

    def generate_trace_id(self) -> int:
        """A UUID is exactly a trace's id."""
        request = _first.get()
        return request.int if request else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Its lower half names the first span; it is never 0, for the variant's bits are in it."""
        request = _first.get()
        return _span_id(request) if request else super().generate_span_id()


def _span_id(request: UUID) -> int:
    return request.int & (2**64 - 1)


@cache
def provider() -> TracerProvider:
    """This process's way to the collector."""
    words = sys.argv[1:3]
    role = words[1] if len(words) > 1 and words[0] == "worker" else next(iter(words), "python")
    ours = Resource.create({"service.name": "imprimatur", f"{PREFIX}role": role})
    made = TracerProvider(resource=ours, id_generator=_Ids())
    address = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(address, timeout=SECONDS)))
    return made


def _tracer() -> trace.Tracer:
    return provider().get_tracer("imprimatur")


@contextmanager
def step(name: str, request: UUID, *, first: bool, facts: Mapping[str, UUID | int]) -> Iterator[None]:
    """As `tracing.step`."""
    attributes = {f"{PREFIX}{key}": _plain(value) for key, value in {"request": request, **facts}.items()}
    asked = trace.get_current_span().get_span_context()
    links = [Link(asked)] if asked.is_valid else []
    context = trace.set_span_in_context(NonRecordingSpan(trace.INVALID_SPAN_CONTEXT if first else _parent(request)))
    token = _first.set(request) if first else None
    try:
        span = _tracer().start_span(name, context, attributes=attributes, links=links)
    finally:
        if token is not None:
            _first.reset(token)
    with _ended(span):
        yield


def _parent(request: UUID) -> SpanContext:
    return SpanContext(request.int, _span_id(request), is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))


def _plain(value: UUID | int) -> str | int:
    if not isinstance(value, (UUID, int)):
        raise TypeError(f"a span's facts are ids and numbers, not {type(value).__name__}")
    return str(value) if isinstance(value, UUID) else value


@contextmanager
def _ended(span: Span) -> Iterator[None]:
    """The present span until the block ends; of an error its class is told, and no word of it."""
    with trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except BaseException as error:
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise


@sync_and_async_middleware
def traced(answer: Any) -> Any:
    """Each request to the web process as a span, by its view's name, its method and the status of its answer."""
    if iscoroutinefunction(answer):

        async def waited(request: HttpRequest) -> HttpResponseBase:
            with _asked(request) as span:
                response: HttpResponseBase = await answer(request)
                _tell(span, request, response)
            return response

        return waited

    def called(request: HttpRequest) -> HttpResponseBase:
        with _asked(request) as span:
            response: HttpResponseBase = answer(request)
            _tell(span, request, response)
        return response

    return called


@contextmanager
def _asked(request: HttpRequest) -> Iterator[Span]:
    method = method_of(request)
    span = _tracer().start_span(method, kind=SpanKind.SERVER, attributes={"http.request.method": method})
    with _ended(span):
        yield span


def _tell(span: Span, request: HttpRequest, response: HttpResponseBase) -> None:
    view = view_of(request)
    span.update_name(f"{method_of(request)} {view}")
    span.set_attributes({"http.route": view, "http.response.status_code": response.status_code})
    if response.status_code >= 500:
        span.set_status(StatusCode.ERROR)
