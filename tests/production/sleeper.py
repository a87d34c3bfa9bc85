"""`python -m tests.production.sleeper NAME SECONDS`: a generate worker whose model only waits, a step so many seconds.

Everything else of the worker is the real one: claims, heartbeats, quarantine, rows. So what it measures is the product
around a model, and several fit on one machine.
"""

import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generation.catalogue import read_model
from generation.engine import RGB8, GeneratedAsset, Step, Stream
from generation.preview import look_of
from generation.recipe import Circumstances, Outcome, recipe_of
from generation.spec import GenerationSpec
from tests.processes import set_up

READY = "waits for work"


def main() -> None:
    """Put the waiting model in the place of the real one, then be a worker."""
    set_up()
    from celery.signals import worker_ready
    from django.core.management import call_command

    from studio.jobs import tasks

    name, seconds = sys.argv[1], float(sys.argv[2])
    sleeping = Sleeping(seconds)
    tasks.press = lambda: sleeping  # type: ignore[assignment,return-value]
    worker_ready.connect(say_ready)
    call_command("worker", "generate", name=name)


def say_ready(**_: Any) -> None:
    """For whoever starts several and measures from when all of them are there."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


class Sleeping:
    """In the place of `pipeline.Press`: steps that take their time, then a picture of soft colours by its seed."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def warm(self, model: str, *, folder: Path, digest: str) -> None:
        """There is nothing to load."""

    def generate(self, spec: GenerationSpec, *, folder: Path, digest: str, reference: Any = None) -> Stream:
        """Wait for each step, then hand over the pictures."""
        entry = read_model(folder, id=spec.model)
        for picture in range(spec.count):
            for index in range(1, spec.steps + 1):
                time.sleep(self._seconds)
                yield Step(picture=picture, index=index, total=spec.steps, preview=None)
            seed = spec.picture_seed(picture)
            pixels = colours(seed, spec.width, spec.height)
            sha256 = hashlib.sha256(pixels).hexdigest()
            outcome = Outcome(
                width=spec.width,
                height=spec.height,
                pixel_sha256=sha256,
                look=look_of(pixels, spec.width, spec.height),
            )
            yield GeneratedAsset(
                picture=picture,
                media_type=RGB8,
                pixels=pixels,
                width=spec.width,
                height=spec.height,
                seed=seed,
                pixel_sha256=sha256,
                recipe=recipe_of(spec, entry, picture=picture, circumstances=NOWHERE, outcome=outcome),
            )


NOWHERE = Circumstances(
    pipeline={}, scheduler={"class": "none"}, encoded_prompt=[], generator={}, post_steps=[], flags={}, environment={}
)


def colours(seed: int, width: int, height: int) -> bytes:
    """RGB8 pixels that no two seeds share: eight by eight places in colours of their own, joined softly."""
    places = np.random.default_rng(seed).integers(40, 216, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(places).resize((width, height), Image.Resampling.BICUBIC).tobytes()


if __name__ == "__main__":
    main()
