"""Traces for OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector; without one nothing is even imported.

- The steps of a request's way, in whichever process, are one trace, and its id is the request's own id: nothing has to
  be handed on between processes, a step that a sweep took up again is found too, and whoever looks for a request looks
  for its trace. What a page or program asked of the web process is a trace of its own, linked from the first step.
- No word of a person comes into one. A step has a name from our code and facts that are ids and numbers; a page has its
  view's name, never its address; of an error there is the class alone.
- A collector that is slow or away is never waited for: spans leave in a thread of their own, and what cannot leave is
  dropped.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings


@contextmanager
def step(name: str, request: UUID, *, first: bool = False, **facts: UUID | int) -> Iterator[None]:
    """One step of a request's way, while the block runs. `first`: the one that all others are under.

    Facts are ids and numbers; anything else is a TypeError.
    """
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        yield
        return
    from studio import telemetry

    with telemetry.step(name, request, first=first, facts=facts):
        yield
