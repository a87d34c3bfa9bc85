"""What a request comes from: one that ended short, or a picture of before that it varies or is to replace."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from studio.accounts.models import User
from studio.jobs.models import Job, Picture
from studio.projects.models import Project


@dataclass(frozen=True, slots=True)
class Descent:
    """`relation` is a `Job.Relation`, and empty where there is no `origin`."""

    again_of: Job | None = None
    origin: Picture | None = None
    relation: str = ""


NONE = Descent()


def checked_descent(descent: Descent, *, actor: User, project: Project) -> Descent:
    """The descent, if `actor` may see the picture in it and it belongs to the same organisation.

    Raises ValidationError.
    """
    origin = descent.origin
    if origin is None:
        return descent
    seen = Picture.objects.visible_to(actor).filter(pk=origin.pk, organisation=project.organisation_id)
    if descent.relation not in Job.Relation.values or not seen.exists():
        raise ValidationError({"origin": _("The picture that this request starts out from is none of yours here.")})
    return descent
