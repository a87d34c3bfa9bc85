"""What a custodian does: ask that a model be taught, and change their mind."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn
from uuid import uuid4

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.catalogue import bell, lesson_files
from studio.catalogue.lesson_files import Handed, Papers
from studio.catalogue.models import Lesson, Model
from studio.catalogue.states import LESSON_ENDS, LessonState, advance
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

FEWEST_STEPS, DEFAULT_STEPS, MOST_STEPS = 1, 400, 5000
LONGEST_CONCEPT = 40
# The library's names for what has to be mended, and this action's.
FIELDS = {"word": "words", "concept": "concept", "caption": "caption"}


def teach(
    *,
    actor: User,
    parent: Model,
    concept: str,
    words: Sequence[str],
    handed: Sequence[Handed],
    answers: Papers,
    steps: int,
    at: datetime,
) -> Lesson:
    """Accept a lesson: that `parent` be taught `concept` from the pictures handed in.

    `words` are "LANGUAGE:WORD", for models with a vocabulary; `answers` are the papers of all pictures, where a
    manifest among the files does not state them for each.

    Raises PermissionDenied, or ValidationError naming the field, for whatever training would refuse.
    """
    holds(actor, parent.organisation, Role.CUSTODIAN).enforce()
    _check(parent, concept, words, steps)
    pictures, lines = lesson_files.with_papers(handed, answers)
    _refuse(parent, concept, words, {line["file"]: line["caption"] for line in lines})
    lesson = Lesson(
        id=uuid4(),
        parent=parent,
        custodian=membership_of(actor, parent.organisation),
        concept=concept,
        words=list(words),
        pictures=lines,
        steps=steps,
        asked=at,
    )
    accepted = False
    try:
        # Files before their row, as everywhere: the sweeper clears what a crash leaves between them.
        lesson_files.keep(lesson, pictures)
        _accept(lesson, actor=actor, at=at)
        accepted = True
    finally:
        if not accepted:
            lesson_files.forget(lesson.pk)
    return lesson


def _check(parent: Model, concept: str, words: Sequence[str], steps: int) -> None:
    if parent.state != Model.State.APPROVED:
        raise ValidationError(
            _("%(title)s is not approved for use, so nothing is taught to it either.") % {"title": parent.title}
        )
    if len(concept) > LONGEST_CONCEPT:
        raise ValidationError(
            {
                "concept": _("It has %(n)s characters; shorten it to %(most)s.")
                % {"n": len(concept), "most": LONGEST_CONCEPT}
            }
        )
    if not words and pipeline.spoken_languages(Path(parent.folder)):
        raise ValidationError({"words": _("Say in at least one language what it is called.")})
    if not FEWEST_STEPS <= steps <= MOST_STEPS:
        raise ValidationError(
            {"steps": _("Choose a number from %(least)s to %(most)s.") % {"least": FEWEST_STEPS, "most": MOST_STEPS}}
        )


def _refuse(parent: Model, concept: str, words: Sequence[str], captions: dict[str, str]) -> None:
    try:
        pipeline.refuse_lesson(Path(parent.folder), parent.family, concept=concept, words=words, captions=captions)
    except pipeline.LessonError as error:
        _blame(FIELDS.get(error.field, NON_FIELD_ERRORS), error.message, error)
    except pipeline.ModelFolderError as error:
        _blame(
            NON_FIELD_ERRORS,
            _("the files of %(title)s cannot be read; ask an administrator to look") % {"title": parent.title},
            error,
        )


def _blame(field: str, message: str, error: Exception) -> NoReturn:
    raise ValidationError({field: f"{message[:1].upper()}{message[1:]}."}) from error


def _accept(lesson: Lesson, *, actor: User, at: datetime) -> None:
    """Write the lesson down, unless its name is taken."""
    organisation = lesson.organisation
    with transaction.atomic():
        # The organisation's row is the lock for the names of its models.
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        awaited = Lesson.objects.filter(parent__organisation=organisation).exclude(state__in=LESSON_ENDS)
        taken = Model.objects.filter(organisation=organisation, slug=lesson.concept).exists()
        if taken or awaited.filter(concept=lesson.concept).exists():
            where = _("is registered") if taken else _("is being taught")
            raise ValidationError(
                {"concept": _("A model of this name %(where)s already; choose another name.") % {"where": where}}
            )
        lesson.save(force_insert=True)
        note(
            actor=actor,
            verb="lesson.ask",
            subject=lesson,
            organisation=organisation.pk,
            at=at,
            parent=lesson.parent.digest,
            pictures=len(lesson.pictures),
        )
        transaction.on_commit(bell.ring_teach)


def cancel(*, actor: User, lesson: Lesson, at: datetime) -> None:
    """Stop a lesson: at once while it waits, within seconds while it is taught.

    Raises PermissionDenied, or StaleStateError when it has already ended.
    """
    holds(actor, lesson.organisation, Role.CUSTODIAN).enforce()
    with transaction.atomic():
        state = Lesson.objects.select_for_update().values_list("state", flat=True).get(pk=lesson.pk)
        if state in LESSON_ENDS:
            raise StaleStateError(lesson.pk, lesson.state)
        if state == LessonState.TRAINING:
            Lesson.objects.filter(pk=lesson.pk).update(cancel_requested=True)
        else:
            advance(Lesson, lesson.pk, state, LessonState.CANCELLED, ended=at, cancel_requested=True)
            transaction.on_commit(lambda: lesson_files.forget(lesson.pk), robust=True)
        note(actor=actor, verb="lesson.cancel", subject=lesson, organisation=lesson.organisation.pk, at=at)
