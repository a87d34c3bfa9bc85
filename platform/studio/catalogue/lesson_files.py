"""The pictures that a model is to be taught: their papers, and their bytes, sealed until the lesson has ended.

- Every picture has a licence, a source, a consent reference and a caption, or none of them is taken. They are stated
  once for all pictures, or for each in a `manifest.jsonl` among the files.
- The bytes lie sealed under the key of the custodian who handed them in, and leave with the end of the lesson; what
  stays are the lines of the manifest, with the SHA-256 of each file as it was handed in.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from studio import offering, pipeline, quarantine, vault
from studio.accounts.models import SubjectKey
from studio.catalogue.models import Lesson
from studio.catalogue.states import LESSON_ENDS, LessonState
from studio.quarantine import Kind

MANIFEST = "manifest.jsonl"
MOST_PICTURES = 300
LONGEST_NAME = 120
LONGEST_PAPER = 500
NAMED_AT_ONCE = 3
ErrorsByField = dict[str, list[str]]


class FilesGoneError(Exception):
    """The pictures were erased with their key, or are missing; only handing them in again helps."""

    permanent = True


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it was handed in."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Papers:
    """What has to be known of a picture before it teaches a model."""

    licence: str = ""
    source: str = ""
    consent: str = ""
    caption: str = ""


def with_papers(handed: Sequence[Handed], answers: Papers) -> tuple[list[Handed], list[dict[str, str]]]:
    """The pictures among the files, and their lines of the data manifest, in the same order.

    What a `manifest.jsonl` leaves out is taken from `answers`. Raises ValidationError naming field and file.
    """
    pictures = [file for file in handed if file.name != MANIFEST]
    _check_files(pictures)
    manifest = next((file for file in handed if file.name == MANIFEST), None)
    stated = _stated(manifest.data) if manifest else {}
    if manifest:
        _check_against(stated, pictures)
    lines, missing = [], ErrorsByField()
    for picture in pictures:
        papers = _papers(stated.get(picture.name, {}), answers)
        for field, value in papers.items():
            if not value:
                missing.setdefault(field, []).append(picture.name)
        lines.append({"file": picture.name, "sha256": hashlib.sha256(picture.data).hexdigest(), **papers})
    if missing:
        raise ValidationError({field: _missing(field, names) for field, names in missing.items()})
    return pictures, lines


def _papers(stated: Mapping[str, str], answers: Papers) -> dict[str, str]:
    return {field: (stated.get(field) or answer).strip() for field, answer in asdict(answers).items()}


def _missing(field: str, names: Sequence[str]) -> str:
    return _("The %(field)s is missing for %(named)s. State it here for all, or for each in a %(manifest)s.") % {
        "field": field,
        "named": _named(names),
        "manifest": MANIFEST,
    }


def _named(names: Sequence[str]) -> str:
    shown, more = ", ".join(names[:NAMED_AT_ONCE]), len(names) - NAMED_AT_ONCE
    return f"{shown} and {more} more" if more > 0 else shown


def _check_files(pictures: Sequence[Handed]) -> None:
    names = [picture.name for picture in pictures]
    if not names:
        raise ValidationError(
            {"pictures": _("Choose the pictures that show it, at least one; ten and more teach better.")}
        )
    if len(names) > MOST_PICTURES:
        raise ValidationError(
            {
                "pictures": _("%(n)s pictures are too many at once; choose up to %(most)s.")
                % {"n": len(names), "most": MOST_PICTURES}
            }
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValidationError({"pictures": _("Two files are named %(named)s; rename one.") % {"named": _named(twice)}})
    if long := [name for name in names if len(name.encode()) > LONGEST_NAME]:
        raise ValidationError(
            {"pictures": _("The name of %(name)s… is too long; shorten it.") % {"name": long[0][:40]}}
        )
    for picture, fault in zip(pictures, offering.check([picture.data for picture in pictures]), strict=True):
        if fault:
            raise ValidationError({"pictures": f"{picture.name}: {fault}"})


def _stated(data: bytes) -> dict[str, dict[str, str]]:
    """What a manifest states, by file. Raises ValidationError naming the line."""
    stated: dict[str, dict[str, str]] = {}
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise ValidationError(
            {"pictures": _("%(manifest)s is no text; write one JSON object a line, in UTF-8.") % {"manifest": MANIFEST}}
        ) from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            entry = _entry(line, number)
            stated[entry["file"]] = entry
    return stated


def _entry(line: str, number: int) -> dict[str, str]:
    try:
        entry: Any = json.loads(line)
    except ValueError as error:
        raise ValidationError(
            {
                "pictures": _("%(manifest)s, line %(number)s is not JSON (%(error)s).")
                % {"manifest": MANIFEST, "number": number, "error": error}
            }
        ) from error
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise ValidationError(
            {
                "pictures": _("%(manifest)s, line %(number)s must be one JSON object whose values are text.")
                % {"manifest": MANIFEST, "number": number}
            }
        )
    if not entry.get("file"):
        raise ValidationError(
            {
                "pictures": _("%(manifest)s, line %(number)s: file is missing; name the picture it is about.")
                % {"manifest": MANIFEST, "number": number}
            }
        )
    for field in ("licence", "source", "consent", "caption"):
        if len(entry.get(field, "")) > LONGEST_PAPER:
            remedy = _("shorten it to %(most)s characters.") % {"most": LONGEST_PAPER}
            raise ValidationError(
                {
                    "pictures": _("%(manifest)s, line %(number)s: %(field)s is too long; %(remedy)s")
                    % {"manifest": MANIFEST, "number": number, "field": field, "remedy": remedy}
                }
            )
    return entry


def _check_against(stated: Mapping[str, Mapping[str, str]], pictures: Sequence[Handed]) -> None:
    """Every picture has its line, every line its picture, and each digest that is stated is right."""
    names = [picture.name for picture in pictures]
    if unlisted := [name for name in names if name not in stated]:
        raise ValidationError(
            {
                "pictures": _("%(manifest)s has no line for %(named)s; add it, or leave it out.")
                % {"manifest": MANIFEST, "named": _named(unlisted)}
            }
        )
    if absent := [name for name in stated if name not in names]:
        raise ValidationError(
            {
                "pictures": _("%(manifest)s names %(named)s, which was not chosen; choose it too.")
                % {"manifest": MANIFEST, "named": _named(absent)}
            }
        )
    for picture in pictures:
        digest = stated[picture.name].get("sha256", "").lower()
        if digest and digest != hashlib.sha256(picture.data).hexdigest():
            raise ValidationError(
                {
                    "pictures": _("%(name)s is not the file whose sha256 %(manifest)s states.")
                    % {"name": picture.name, "manifest": MANIFEST}
                }
            )


def keep(lesson: Lesson, pictures: Sequence[Handed]) -> None:
    """Seal the pictures under the custodian's key, which is made at their first need of one. Raises OSError."""
    new = {"wrapped": vault.new_key()}
    key, _ = SubjectKey.objects.get_or_create(membership_id=lesson.custodian_id, defaults=new)
    for place, picture in enumerate(pictures):
        sealed = vault.seal(picture.data, key=bytes(key.wrapped), purpose=_purpose(lesson, place))
        quarantine.place(Kind.LESSON, lesson.pk, place).write(sealed)


def _purpose(lesson: Lesson, place: int) -> str:
    return f"lesson {lesson.pk} {place}"


@contextmanager
def laid_out(lesson: Lesson) -> Iterator[Path]:
    """The pictures and their manifest, opened in a private folder while the block runs; the value is the manifest.

    Raises FilesGoneError, OSError.
    """
    folder = settings.WORK_DIR / f"{lesson.pk}.{lesson.token}.training"
    folder.mkdir(mode=0o700, parents=True)
    try:
        for place, line in enumerate(lesson.pictures):
            (folder / line["file"]).write_bytes(_opened(lesson, place))
        manifest: Path = folder / MANIFEST
        manifest.write_bytes(pipeline.manifest_of(lesson.pictures))
        yield manifest
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _opened(lesson: Lesson, place: int) -> bytes:
    wrapped = SubjectKey.objects.filter(membership=lesson.custodian_id).values_list("wrapped", flat=True).first()
    try:
        if wrapped is None:
            raise FileNotFoundError
        sealed = quarantine.place(Kind.LESSON, lesson.pk, place).read()
        return vault.unseal(sealed, key=bytes(wrapped), purpose=_purpose(lesson, place))
    except (FileNotFoundError, vault.SealBrokenError) as error:
        raise FilesGoneError("The pictures were erased, or are missing; hand them in again.") from error


def forget(pk: UUID) -> None:
    """Remove the pictures of a lesson that has ended, or was never accepted."""
    quarantine.forget_all(Kind.LESSON, pk)


def sweep(*, now: datetime) -> int:
    """Remove what no lesson needs: sealed pictures and opened ones whose worker died. Returns how many."""
    running = Lesson.objects.exclude(state__in=LESSON_ENDS)
    removed = quarantine.sweep(Kind.LESSON, running, now=now)
    for folder in settings.WORK_DIR.glob("*.training"):
        pk, token, _ = folder.name.split(".")
        if not Lesson.objects.filter(pk=pk, token=token, state=LessonState.TRAINING, lease__gt=now).exists():
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
