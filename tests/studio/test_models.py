"""Registering a model: what is no model, or holds pickled weights, is refused with the file and the remedy."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from studio import pipeline
from studio.catalogue.actions import approve_model, register_model
from studio.catalogue.models import Model
from studio.operations.sample import Sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the starter's folder, to be spoilt."""
    return Path(shutil.copytree(pipeline.starter_folder(), tmp_path / "model"))


def register(sample: Sample, folder: Path, at: datetime, slug: str = "other") -> Model:
    """As the custodian."""
    return register_model(
        actor=sample.people["custodian"], organisation=sample.organisation, slug=slug, folder=folder, at=at
    )


def test_a_folder_that_is_no_model(sample: Sample, tmp_path: Path, now: datetime) -> None:
    with pytest.raises(ValidationError, match=r"model_index\.json"):
        register(sample, tmp_path, now)


def test_pickled_weights(sample: Sample, folder: Path, now: datetime) -> None:
    weights = next((folder / "transformer").glob("*.safetensors"))
    weights.rename(weights.with_name("diffusion_pytorch_model.bin"))
    with pytest.raises(ValidationError, match=r"diffusion_pytorch_model\.bin"):
        register(sample, folder, now)


def test_a_new_model_waits_for_a_custodian(sample: Sample, folder: Path, now: datetime) -> None:
    model = register(sample, folder, now)
    assert model.state == Model.State.UNAPPROVED
    with pytest.raises(PermissionDenied):
        approve_model(actor=sample.people["creator"], model=model, at=now)
    assert approve_model(actor=sample.people["custodian"], model=model, at=now).state == "approved"


def test_other_weights_need_another_name(sample: Sample, folder: Path, now: datetime) -> None:
    register(sample, folder, now)
    weights = next((folder / "transformer").glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ValidationError, match="other weights"):
        register(sample, folder, now)
