"""Traces: a request's whole way under its own id, across processes, with no word of a person, and never in the way."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.conf import settings as product
from django.db import connection
from django.test import Client

from studio import telemetry, tracing
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from tests.ports import free_port
from tests.studio.collector import Collector, collector
from tests.studio.making import make
from tests.studio.requests import ask

CANARY = "marigold cartographer"
WAY = ["submit", "screen", "claim", "generate", "check", "seal", "record"]


@pytest.fixture
def traces(settings: LazySettings) -> Iterator[Collector]:
    """A collector that this process sends to."""
    with collector() as running:
        settings.OTEL_EXPORTER_OTLP_ENDPOINT = running.address
        settings.MIDDLEWARE = ["studio.telemetry.traced", *settings.MIDDLEWARE]
        telemetry.provider.cache_clear()
        yield running
        telemetry.provider().shutdown()
        telemetry.provider.cache_clear()


def sent(traces: Collector) -> list[str]:
    assert telemetry.provider().force_flush()
    return [span.name for span in traces.spans()]


def test_a_requests_way_is_one_trace_under_its_own_id(
    traces: Collector, campaign: Campaign, sample: Sample, now: datetime
) -> None:
    job = ask(campaign, now, prompt=f"woman farmer, {CANARY}, green background")
    (picture,) = make(job, now)
    assert set(WAY) <= set(sent(traces))
    mine = [span for span in traces.spans() if span.trace == job.pk.hex]
    assert [span.name for span in mine] == WAY
    first = mine[0]
    assert (first.parent, {span.parent for span in mine[1:]}) == ("", {first.span})
    assert all(span.attributes["imprimatur.request"] == str(job.pk) for span in mine)
    assert {span.attributes.get("imprimatur.picture") for span in mine[4:]} == {str(picture.pk)}
    body = b"".join(traces.bodies)
    people = [word for user in sample.people.values() for word in (user.username, user.email) if word not in WAY]
    for word in (CANARY, sample.organisation.name, campaign.name, "Poster", *people):
        assert not word or word.encode() not in body, word


def test_a_page_is_a_trace_by_its_views_name_and_never_its_address(
    traces: Collector, campaign: Campaign, sample: Sample
) -> None:
    Client().get(f"/records/{uuid4()}?q={CANARY.replace(' ', '+')}", HTTP_COOKIE=f"sessionid={CANARY[:8]}")
    client = Client()
    client.force_login(sample.people["creator"])
    client.get("/")
    assert {"GET record", "GET home"} <= set(sent(traces))
    record = next(span for span in traces.spans() if span.name == "GET record")
    assert record.attributes == {
        "http.request.method": "GET", "http.route": "record", "http.response.status_code": "404",
    }  # fmt: skip
    assert CANARY[:8].encode() not in b"".join(traces.bodies)


def test_the_first_step_names_the_page_that_asked(traces: Collector, campaign: Campaign, now: datetime) -> None:
    with telemetry._ended(telemetry._tracer().start_span("POST create")):
        job = ask(campaign, now)
    sent(traces)
    page, first = (next(span for span in traces.spans() if span.name == name) for name in ("POST create", "submit"))
    assert (first.trace, first.links) == (job.pk.hex, (page.trace,))


def test_of_an_error_there_is_the_class_alone(traces: Collector) -> None:
    with pytest.raises(ValueError, match=CANARY), tracing.step("screen", uuid4()):
        raise ValueError(CANARY)
    sent(traces)
    (span,) = traces.spans()
    assert span.status == "ValueError"
    assert CANARY.encode() not in b"".join(traces.bodies)


def test_a_fact_is_an_id_or_a_number(traces: Collector) -> None:
    with pytest.raises(TypeError, match="ids and numbers"), tracing.step("screen", uuid4(), word=CANARY):  # type: ignore[arg-type]
        pass


@pytest.mark.django_db(transaction=True)
def test_another_process_goes_on_with_the_same_trace(traces: Collector, campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    script = f"""
from uuid import UUID
from django.utils import timezone
from studio.jobs.screening import screen
print(screen(UUID("{job.pk}"), at=timezone.now()))
"""
    name = connection.settings_dict["NAME"]
    base = os.environ.get("DATABASE_URL", "")
    url = f"sqlite:///{name}" if connection.vendor == "sqlite" else base.replace("/studio?", f"/{name}?")
    command = [sys.executable, str(product.ROOT / "manage.py"), "shell", "-c", script]
    variables = {**os.environ, "DATABASE_URL": url, "OTEL_EXPORTER_OTLP_ENDPOINT": traces.address}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1:] == ["QUEUED"], done.stderr
    sent(traces)
    mine = {span.name: span for span in traces.spans() if span.trace == job.pk.hex}
    assert mine.keys() == {"submit", "screen"}
    assert mine["screen"].parent == mine["submit"].span
    assert (mine["screen"].role, mine["submit"].role != "shell") == ("shell", True)


def test_a_collector_that_is_away_or_silent_hurts_nobody(sample: Sample, settings: LazySettings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses = [f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{silent.getsockname()[1]}"]
        settings.MIDDLEWARE = ["studio.telemetry.traced", *settings.MIDDLEWARE]
        for address in addresses:
            settings.OTEL_EXPORTER_OTLP_ENDPOINT = address
            telemetry.provider.cache_clear()
            Client().get("/alive")
            began = time.monotonic()
            for _ in range(20):
                assert Client().get("/alive").status_code == 200
                with tracing.step("screen", uuid4()):
                    pass
            assert time.monotonic() - began < 2
            telemetry.provider().shutdown()
    telemetry.provider.cache_clear()


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    script = (
        "import sys; sys.path.append('platform'); import django; django.setup(); from uuid import uuid4; "
        "import studio.urls, studio.asgi, studio.jobs.tasks; from studio import tracing\n"
        "with tracing.step('screen', uuid4()): pass\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "studio.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=False, cwd=product.ROOT
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
