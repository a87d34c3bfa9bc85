"""The short form of `make fuzz-api`."""

import logging
from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from studio.operations.sample import Sample
from tests.studio.api.fuzz.harness import furnished, run, wait_for_nobody


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests that pass no test client must leave the test's connection open, and make no noise about refusals."""
    signals, logger = (request_started, request_finished), logging.getLogger("django.request")
    for signal in signals:
        signal.disconnect(close_old_connections)
    logger.setLevel(logging.CRITICAL)
    yield
    for signal in signals:
        signal.connect(close_old_connections)
    logger.setLevel(logging.NOTSET)


@pytest.mark.usefixtures("one_connection")
def test_no_answer_is_a_fault_or_against_the_description(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_for_nobody(monkeypatch.setattr)
    report = run(50, furnished(sample))
    assert report.failures == []
    assert (report.asked >= 50, report.operations) == (True, 23)
    assert {200, 401, 404, 422} <= report.answers.keys()
