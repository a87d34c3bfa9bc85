"""What machines ask: does the web process live, can it serve, its figures; the doctor, and logs for programs."""

import io
import json
import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from studio import pipeline
from studio.jobs.actions import cancel
from studio.jobs.checkpoints import publish_checkpoint
from studio.logs import AsJson
from studio.operations import metrics
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.actions import pending, settle
from studio.trail.alarms import sound
from studio.trail.errors import StaleStateError
from studio.trail.models import AlarmKind
from tests.studio.requests import ask

pytestmark = pytest.mark.django_db


def figures(client: Client | None = None) -> dict[tuple[str, ...], float]:
    """All samples by name and the values of their labels, in the order of the labels' names."""
    text = (client or Client()).get("/metrics").content.decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_that_answers_lives_and_is_ready(sample: Sample) -> None:
    assert Client().get("/alive").content == b"alive\n"
    answer = Client().get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "ledger": True, "storage": True})


def test_without_what_it_stands_on_it_is_not_ready_and_says_no_cause(sample: Sample, settings: LazySettings) -> None:
    settings.LEDGER_URL = "postgresql://nobody@127.0.0.1:9/none"
    settings.STORAGE_URL = "s3://pictures?endpoint=http://127.0.0.1:9"
    answer = Client().get("/ready")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "ledger": False, "storage": False})
    assert Client().get("/alive").status_code == 200


def test_figures_say_what_moves_waits_and_stands_still(sample: Sample, campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    type(job).objects.filter(pk=job.pk).update(submitted=now - timedelta(minutes=5))
    sound(AlarmKind.SIGN, organisation=sample.organisation.pk, cause="a test", at=now)
    found = figures()
    assert found["imprimatur_requests", "SUBMITTED"] == 1
    assert 290 < found["imprimatur_oldest_request_seconds",] < 400
    assert found["imprimatur_alarms", "sign"] == 1
    assert found["imprimatur_alarms", "record"] == 0
    assert found["imprimatur_ledger_owed",] >= 0
    assert 0 < found["imprimatur_certificate_days",] < 400
    assert found["imprimatur_free_bytes", "storage"] > 0
    assert campaign.project.organisation.slug not in str(found)


def test_an_entry_that_no_checkpoint_covers_is_a_figure(sample: Sample, campaign: Campaign, now: datetime) -> None:
    for intent in pending():
        settle(intent, at=now - timedelta(minutes=1))
    path = Path(pipeline.checkpoint_path(sample.organisation.slug))
    assert not path.exists()
    before = figures()["imprimatur_unwitnessed_seconds",]
    assert before > 0
    publish_checkpoint(sample.organisation, at=now)
    assert path.exists()
    assert figures()["imprimatur_unwitnessed_seconds",] == 0
    job = ask(campaign, now)
    cancel(actor=job.requester.user, job=job, at=now)
    for intent in pending():
        settle(intent, at=now - timedelta(minutes=1))
    path.touch()
    assert figures()["imprimatur_unwitnessed_seconds",] > 0, "a file's time says nothing about what it covers"


def test_what_was_served_is_counted_by_view_not_by_address(sample: Sample) -> None:
    key = ("imprimatur_request_seconds_count", "GET", "404", "record")
    before = figures().get(key, 0)
    Client().get("/records/00000000-0000-0000-0000-00000000abcd")
    found = figures()
    assert found.get(key, 0) == before + 1
    assert "abcd" not in str(found)


def test_figures_are_for_the_networks_that_were_named(sample: Sample, settings: LazySettings) -> None:
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 404
    settings.METRICS_FROM = "192.0.2.0/24"
    assert Client(REMOTE_ADDR="192.0.2.7").get("/metrics").status_code == 200
    assert Client().get("/metrics").status_code == 404


def test_behind_a_proxy_only_what_came_past_it_is_known_by_its_connection(
    sample: Sample, settings: LazySettings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert Client().get("/metrics").status_code == 200
    assert Client().get("/metrics", headers={"x-forwarded-proto": "https"}).status_code == 404
    stranger = {"x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1, 192.0.2.7"}
    assert Client().get("/metrics", headers=stranger).status_code == 404


def test_asking_costs_the_same_at_any_size(sample: Sample, campaign: Campaign, now: datetime) -> None:
    with CaptureQueriesContext(connection) as few:
        list(metrics.REGISTRY.collect())
    for number in range(3):
        ask(campaign, now + timedelta(seconds=number))
    with CaptureQueriesContext(connection) as many:
        list(metrics.REGISTRY.collect())
    assert len(many) == len(few)


def test_the_doctor_finds_what_is_wrong(sample: Sample, settings: LazySettings) -> None:
    settings.STORAGE_URL = "s3://pictures?endpoint=http://127.0.0.1:9"
    out = io.StringIO()
    with pytest.raises(CommandError, match="to look at"):
        call_command("doctor", "--json", "--without-workers", stdout=out)
    told = {line["name"]: line for line in map(json.loads, out.getvalue().splitlines())}
    assert told["Database"]["well"]
    assert not told["Disk"]["well"]
    assert "object storage" in told["Disk"]["words"]


def test_a_log_record_is_an_object_a_line() -> None:
    try:
        raise StaleStateError("one\ntwo", "QUEUED")
    except StaleStateError as error:
        record = logging.LogRecord(
            "studio", logging.ERROR, "", 0, "failed at %s", ("three",), (type(error), error, None)
        )
    line = AsJson().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["logger"], found["message"]) == ("ERROR", "studio", "failed at three")
    assert "one" in found["trace"]
    assert datetime.fromisoformat(found["at"]).tzinfo is not None
