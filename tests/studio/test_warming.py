"""A generate worker loads a model before anybody waits for it: the one that was asked for last."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from studio import pipeline
from studio.catalogue.models import Model
from studio.jobs import making
from studio.jobs.models import Job
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from tests.studio.requests import ask


class Hearsay:
    """A press that only says what it was told to load."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.told: list[str] = []
        self._refusal = refusal

    def warm(self, model: str, *, folder: Path, digest: str) -> None:
        self.told.append(f"{model} {folder.is_dir()} {len(digest)}")
        if self._refusal is not None:
            raise self._refusal


def told(press: Any) -> list[str]:
    making.warm(press)
    return list(press.told)


@pytest.fixture
def newer(sample: Sample, now: datetime) -> Model:
    """Another approved model, registered later than the sample's."""
    old = Model.objects.get()
    fields = {field.name: getattr(old, field.name) for field in Model._meta.concrete_fields if field.name != "id"}
    return Model.objects.create(**(fields | {"slug": "newer", "registered": now + timedelta(days=1)}))


def test_without_requests_the_newest_approved_model_is_loaded(newer: Model) -> None:
    assert told(Hearsay()) == ["newer True 64"]
    Model.objects.filter(pk=newer.pk).update(state=Model.State.WITHDRAWN)
    assert told(Hearsay()) == [f"{Model.objects.exclude(pk=newer.pk).get().slug} True 64"]


def test_the_model_that_was_asked_for_last_comes_first(newer: Model, campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    assert told(Hearsay()) == [f"{job.model.slug} True 64"]
    Job.objects.update(model=newer)
    assert told(Hearsay()) == ["newer True 64"]


def test_no_model_and_a_spoilt_one_keep_no_worker_from_starting(
    sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    assert told(Hearsay(pipeline.ModelFolderError("model_index.json: not found")))
    assert told(Hearsay(OperationalError("no such table")))
    assert caplog.text.count("no model is loaded beforehand") == 2
    Model.objects.update(state=Model.State.WITHDRAWN)
    assert told(Hearsay()) == []


def test_a_warm_press_is_the_one_that_prints(sample: Sample) -> None:
    model = Model.objects.get()
    press = pipeline.Press()
    try:
        press.warm(model.slug, folder=Path(model.folder), digest=model.digest)
        child = press._child
        assert child is not None
        pid = child.pid
        assert pid is not None
        press.warm(model.slug, folder=Path(model.folder), digest=model.digest)
        assert press._child is child
        assert child.pid == pid
        with pytest.raises(pipeline.ModelFolderError, match="not the approved ones"):
            press.warm(model.slug, folder=Path(model.folder), digest="0" * 64)
    finally:
        press.close()
