"""Labelled prompts out of a file of JSON lines, as the people who judge this screen wrote it.

Not a training set: rows are only screened and counted. Files come from anywhere, so a byte order mark, blank lines and
Windows line ends are no faults, and the category names of other systems are read as ours. What cannot be screened is
refused with the number of its line before the first row is.

Invariant: a row is labelled `safe` or `unsafe` (or with a word that begins so, as "unsafe_implicit"); rows of every
other label ("contested") are left out and counted, never guessed at.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moderation.categories import category_called
from moderation.errors import InputError, TrainingError
from moderation.readings import checked_text

NO_CATEGORY = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled prompt. `category`: ours where the file's is known, else the file's; `language`: of the form."""

    text: str
    unsafe: bool
    category: str
    language: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows of a file in its order, and how many of each other label were left out."""

    rows: tuple[Row, ...]
    left_out: Mapping[str, int]


def read_labelled(path: Path, *, language: str) -> Labelled:
    """Read a file of JSON lines; `language` (ISO 639-1) is that of rows that name none.

    Raises `TrainingError` naming the line for what is no row, and when no row is labelled safe or unsafe.
    """
    rows, left_out = [], Counter[str]()
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        value = _object(line, number)
        label = _label(value, number)
        if label.startswith(("safe", "unsafe")):
            rows.append(_row(value, label, number, language))
        else:
            left_out[label] += 1
    if not rows:
        found = f"; its labels are {', '.join(left_out)}" if left_out else ""
        raise TrainingError(f"file: {path.name} has no row labelled safe or unsafe{found}")
    return Labelled(tuple(rows), dict(sorted(left_out.items())))


def read_rows(path: Path, *, language: str) -> tuple[Row, ...]:
    """The rows alone; see `read_labelled`."""
    return read_labelled(path, language=language).rows


def _lines(path: Path) -> list[str]:
    """The lines of a file, cut at line feeds alone: JSON strings may hold the other ends of lines that Unicode has."""
    try:
        content = path.read_bytes()
    except OSError as missing:
        raise TrainingError(f"file: cannot read {path}") from missing
    lines = []
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError as wrong:
            raise TrainingError(f"file: line {number} is no UTF-8; save the file as UTF-8") from wrong
    return lines


def _object(line: str, number: int) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as wrong:
        raise TrainingError(f"file: line {number} is no JSON: {wrong}") from wrong
    if not isinstance(value, Mapping):
        raise TrainingError(f'file: line {number} is no JSON object; write {{"text": …, "label": "safe" or "unsafe"}}')
    return value


def _label(value: Mapping[str, Any], number: int) -> str:
    label = value.get("label")
    if not isinstance(label, str) or not label.strip():
        raise TrainingError(f'file: line {number} has the label {label!r}; write "safe" or "unsafe"')
    return label.strip().casefold()


def _row(value: Mapping[str, Any], label: str, number: int, language: str) -> Row:
    try:
        text = checked_text(value.get("text"), field=f"file: line {number}: text")
    except InputError as wrong:
        raise TrainingError(str(wrong)) from wrong
    own = value.get("language")
    code = own.strip().casefold().replace("_", "-").split("-")[0] if isinstance(own, str) else ""
    return Row(text, label.startswith("unsafe"), _category(value.get("category")), code or language)


def _category(given: object) -> str:
    """One name for one or several categories, each as this library calls it; `-` for none."""
    names = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    called = [category_called(str(name)) or str(name).strip() for name in names if name is not None]
    return "+".join(dict.fromkeys(name for name in called if name)) or NO_CATEGORY
