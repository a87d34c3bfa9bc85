"""Teaches a claimed lesson: the trainer runs in a child, its folder becomes a model that waits for approval.

Whatever goes wrong ends the claim: as FAILED where trying again cannot help, back in the line where it may. A folder
that a dead worker had finished is registered, not made again.
"""

import logging
import shutil
import signal
import threading
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from studio import pipeline
from studio.catalogue import lesson_files, lessons
from studio.catalogue.actions import register_model
from studio.catalogue.models import Lesson, Model
from studio.catalogue.states import LessonState
from studio.claims import heartbeat
from studio.trail.errors import StaleStateError

logger = logging.getLogger(__name__)


class CancelledError(Exception):
    """A custodian asked to stop."""


def train(lesson: Lesson) -> str:
    """Teach a lesson claimed by `lessons.claim` until the claim ends; returns the state the lesson is in then."""
    try:
        _work(lesson)
    except StaleStateError as error:
        logger.warning("%s: the claim was lost: %s", lesson, error)
    return Lesson.objects.values_list("state", flat=True).get(pk=lesson.pk)


def _work(lesson: Lesson) -> None:
    """Teach, register, and end the claim. Raises StaleStateError when the claim is somebody else's by now."""
    try:
        with heartbeat(lesson) as lost:
            model = _registered(lesson, _taught(lesson, lost))
        lessons.end(lesson, LessonState.DONE, at=timezone.now(), model=model, failure="")
    except CancelledError:
        lessons.end(lesson, LessonState.CANCELLED, at=timezone.now())
    except pipeline.ModelFolderError as error:
        logger.error("%s: %s", lesson, error)
        # A model folder's error names paths of this machine.
        _fail(lesson, "The files of the model cannot be read, or are not the approved ones; an administrator must look")
    except pipeline.GenerationError as error:
        logger.error("%s: %s", lesson, error)
        told_to_end = getattr(error, "signal", None) == signal.SIGTERM
        lessons.give_back(lesson, reason=str(error), at=timezone.now(), counted=not told_to_end)
    except (pipeline.TrainingError, lesson_files.FilesGoneError, PermissionDenied) as error:
        _fail(lesson, str(error))
    except ValidationError as error:
        _fail(lesson, " ".join(error.messages))
    except OSError as error:
        # A full or failing disk: another attempt may find room.
        logger.exception("%s: its files could not be read or written", lesson)
        reason = f"Its files could not be read or written ({type(error).__name__})."
        lessons.give_back(lesson, reason=reason, at=timezone.now())


def _fail(lesson: Lesson, reason: str) -> None:
    lessons.end(lesson, LessonState.FAILED, at=timezone.now(), failure=reason)


def _taught(lesson: Lesson, lost: threading.Event) -> Path:
    """The finished model folder. Raises what the trainer raises, CancelledError, StaleStateError, OSError."""
    name = f"{lesson.concept}-{lesson.pk.hex[:8]}"
    shelf = settings.MODELS_DIR / lesson.organisation.slug
    finished: Path = shelf / name
    if finished.exists():
        return finished
    _check_parent(lesson.parent)
    shelf.mkdir(parents=True, exist_ok=True)
    for unfinished in shelf.glob(f".{name}.*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    written = shelf / f".{name}.{lesson.token}"
    try:
        with lesson_files.laid_out(lesson) as manifest:
            _run(lesson, manifest, written, lost)
        written.rename(finished)
    finally:
        shutil.rmtree(written, ignore_errors=True)
    return finished


def _check_parent(parent: Model) -> None:
    found = pipeline.describe_model(Path(parent.folder), slug=parent.slug)["digest"]
    if found != parent.digest:
        raise pipeline.ModelFolderError(f"{parent.folder} has the digest {found}, approved was {parent.digest}")


def _run(lesson: Lesson, manifest: Path, out: Path, lost: threading.Event) -> None:
    trainer = pipeline.trainer(
        manifest=manifest,
        model=Path(lesson.parent.folder),
        out=out,
        concept=lesson.concept,
        words=lesson.words,
        steps=lesson.steps,
    )
    with trainer:
        for pace in trainer.reports(silence_s=settings.TRAIN_SILENCE_SECONDS):
            if lost.is_set():
                raise StaleStateError(lesson.pk, LessonState.TRAINING)
            claimed = Lesson.objects.filter(pk=lesson.pk, token=lesson.token, state=LessonState.TRAINING)
            if pace is not None:
                claimed.update(step=pace.step, loss=pace.loss, left_s=pace.left_s)
            cancelled = claimed.values_list("cancel_requested", flat=True).first()
            if cancelled is None:
                raise StaleStateError(lesson.pk, LessonState.TRAINING)
            if cancelled:
                raise CancelledError


def _registered(lesson: Lesson, folder: Path) -> Model:
    """The folder's model, unapproved. The custodian must still be one. Raises PermissionDenied, ValidationError."""
    return register_model(
        actor=lesson.custodian.user,
        organisation=lesson.organisation,
        slug=lesson.concept,
        folder=folder,
        at=timezone.now(),
    )
