"""A small receiver of OTLP over HTTP on the loopback interface, that keeps what it was sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zlib import decompress

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

GZIP = 31


@dataclass(frozen=True, slots=True)
class Seen:
    """One span: trace and span as hexadecimal, its attributes as text."""

    name: str
    trace: str
    span: str
    parent: str
    role: str
    links: tuple[str, ...]
    status: str
    attributes: dict[str, str]


@dataclass(slots=True)
class Collector:
    """What arrived, whole and read."""

    address: str
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Seen]:
        """Every span, in the order in which they came."""
        return [span for body in self.bodies for span in _read(body)]


def _read(body: bytes) -> Iterator[Seen]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        about = {fact.key: fact.value.string_value for fact in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                facts = {fact.key: fact.value.string_value or str(fact.value.int_value) for fact in span.attributes}
                yield Seen(
                    name=span.name,
                    trace=span.trace_id.hex(),
                    span=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    role=about["imprimatur.role"],
                    links=tuple(link.trace_id.hex() for link in span.links),
                    status=span.status.message,
                    attributes=facts,
                )


@contextmanager
def collector() -> Iterator[Collector]:
    """A running receiver."""
    kept = Collector("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.bodies.append(decompress(body, GZIP) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        kept.address = f"http://127.0.0.1:{server.server_address[1]}"
        yield kept
        server.shutdown()
