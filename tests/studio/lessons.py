"""Makes lessons for tests, the way a custodian does: a few discs of colour with their papers."""

import io
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from studio.accounts.models import User
from studio.catalogue.actions import approve_model, register_model
from studio.catalogue.lesson_files import Handed, Papers
from studio.catalogue.models import Lesson, Model
from studio.catalogue.teaching import teach
from studio.operations.sample import Sample

PAPERS = Papers("CC0-1.0", "drawn by a test", "no person is shown", "a solar cooker")


def disc(number: int) -> bytes:
    """A PNG of a green disc on white, a little further to the right each time."""
    image = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(image).ellipse((20 + number, 24, 66 + number, 70), fill=(30, 140, 60))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def discs(count: int = 3) -> list[Handed]:
    """So many pictures to hand in."""
    return [Handed(f"disc-{number}.png", disc(number)) for number in range(count)]


def open_model(sample: Sample, folder: Path, at: datetime) -> Model:
    """A tiny Stable Diffusion model, which is taught in seconds, registered and approved."""
    custodian = sample.people["custodian"]
    model = register_model(actor=custodian, organisation=sample.organisation, slug="tiny", folder=folder, at=at)
    return approve_model(actor=custodian, model=model, at=at)


def ask_lesson(parent: Model, at: datetime, *, actor: User | None = None, **fields: Any) -> Lesson:
    """Ask for a lesson as the sample's custodian (or `actor`), of two quick steps unless `fields` say otherwise."""
    asked: dict[str, Any] = {
        "concept": "cooker",
        "words": ["en:solar cooker"],
        "handed": discs(),
        "answers": PAPERS,
        "steps": 2,
    }
    return teach(actor=actor or User.objects.get(username="custodian"), parent=parent, at=at, **asked | fields)


def register_copy(sample: Sample, folder: Path, at: datetime, *, parent: Model) -> Model:
    """A model that says of itself that it was taught from `parent` with one picture."""
    shutil.copytree(parent.folder, folder)
    picture = {
        "file": "cow.png",
        "sha256": "ab" * 32,
        "licence": "CC0-1.0",
        "source": "x",
        "consent": "y",
        "caption": "z",
    }
    lineage = {"parent": {"model": parent.title, "digest": parent.digest}, "pictures": [picture]}
    (folder / "lineage.json").write_text(json.dumps(lineage))
    weights = next((folder / "transformer").glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    custodian = sample.people["custodian"]
    return register_model(actor=custodian, organisation=sample.organisation, slug="child", folder=folder, at=at)
