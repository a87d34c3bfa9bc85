"""Finding what a page is about among the models of the person's own organisations; anybody else gets a plain 404."""

from pathlib import Path
from uuid import UUID

from django.shortcuts import get_object_or_404

from studio import pipeline
from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.catalogue.models import Lesson, Model
from studio.pages import MemberRequest


def find_model(request: MemberRequest, pk: UUID) -> Model:
    """A model with its organisation and parent, or 404."""
    joined = ("organisation", "parent", "approved_by")
    return get_object_or_404(Model.objects.for_actor(request.user).select_related(*joined), pk=pk)


def find_lesson(request: MemberRequest, pk: UUID) -> Lesson:
    """A lesson with everything its page names, or 404."""
    joined = ("parent__organisation", "custodian__user", "model")
    return get_object_or_404(Lesson.objects.for_actor(request.user).select_related(*joined), pk=pk)


def keeps(request: MemberRequest, model: Model) -> bool:
    """Whether the person is a custodian of the model's organisation."""
    return Role.CUSTODIAN in roles_of(request.user, model.organisation)


def teachable(model: Model) -> bool:
    """Whether a custodian can have the model taught something now."""
    return model.state == Model.State.APPROVED and pipeline.can_be_taught(Path(model.folder), model.family)
