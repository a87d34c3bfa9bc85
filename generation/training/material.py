"""An organisation's own pictures for fine-tuning, read from a manifest that says where each comes from.

The manifest is JSON Lines beside the files, one object a picture:
{"file", "sha256", "licence", "source", "consent", "caption"}. `consent` refers to a record of consent, or says why none
is needed ("no person is shown").

Invariants:
- a picture without licence, source or consent reference is refused, and so is the whole manifest;
- a file that is not the one whose SHA-256 the manifest states is refused, and so is one outside the manifest's folder.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from generation.training.compose import CANVAS
from generation.training.errors import DataError


@dataclass(frozen=True, slots=True)
class Picture:
    """One line of the manifest, checked: all six fields are non-empty text."""

    file: str
    sha256: str
    licence: str
    source: str
    consent: str
    caption: str


def read_manifest(path: Path) -> list[Picture]:
    """Read and check a manifest and the files it names. Raises DataError with line, field and remedy."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a manifest: {error}") from error
    pictures = [_picture(line, number) for number, line in enumerate(lines, start=1) if line.strip()]
    if not pictures:
        raise DataError(f"{path} lists no pictures: write one JSON object a line")
    for number, picture in enumerate(pictures, start=1):
        _check_file(path.parent, picture, number)
    return pictures


def pixels_of(folder: Path, pictures: list[Picture], side: int = CANVAS) -> NDArray[np.float32]:
    """Return the pictures cut square and brought to `side` pixels, float32 in [-1, 1] of shape (n, 3, side, side)."""
    images = []
    for picture in pictures:
        with Image.open(folder / picture.file) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            images.append(np.asarray(ImageOps.fit(upright, (side, side)), dtype=np.float32))
    return np.stack(images).transpose(0, 3, 1, 2) / np.float32(127.5) - 1


def _picture(line: str, number: int) -> Picture:
    try:
        entry = json.loads(line)
    except ValueError as error:
        raise DataError(f"line {number}: is not JSON ({error})") from error
    names = [field.name for field in fields(Picture)]
    if not isinstance(entry, dict):
        raise DataError(f"line {number}: must be a JSON object with {', '.join(names)}")
    for name in names:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise DataError(f"line {number}: {name} is missing; a picture without it is not used for training")
    return Picture(**{name: entry[name] for name in names})


def _check_file(folder: Path, picture: Picture, number: int) -> None:
    path = (folder / picture.file).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise DataError(f"line {number}: file {picture.file!r} is not a file inside {folder}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != picture.sha256.lower():
        raise DataError(f"line {number}: {picture.file} is not the file that the manifest's sha256 names")
