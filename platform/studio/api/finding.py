"""What a program may name: of what its owner sees, whatever belongs to the token's organisation. All else is a 404."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from studio.api.authentication import ProgramRequest, organisation_of, own
from studio.catalogue.models import Model
from studio.jobs.models import Job, Picture
from studio.jobs.reading import find_campaign, find_job
from studio.projects.models import Campaign, Project
from studio.review.views import visible_picture

JOINED = ("model", "policy", "requester__user")
NO_CAMPAIGN = _("Name the campaign, or give the token one of its own on the page of your account.")
NOT_YOURS = _("The owner of this token sees no campaign with this id.")


def projects(request: ProgramRequest) -> QuerySet[Project]:
    """The projects, by name."""
    return Project.objects.for_actor(request.user).filter(organisation=organisation_of(request)).order_by("name", "pk")


def campaigns(request: ProgramRequest) -> QuerySet[Campaign]:
    """The campaigns."""
    return Campaign.objects.filter(project__in=projects(request))


def models(request: ProgramRequest) -> QuerySet[Model]:
    """The models that may be asked for pictures, in the order of the create page."""
    mine = Model.objects.for_actor(request.user).filter(organisation=organisation_of(request))
    return mine.filter(state=Model.State.APPROVED).order_by("title", "-registered")


def jobs(request: ProgramRequest) -> QuerySet[Job]:
    """The requests, with all that is told of them."""
    mine = Job.objects.for_actor(request.user).filter(project__organisation=organisation_of(request))
    return mine.select_related(*JOINED).prefetch_related("pictures", "screenings")


def pictures(request: ProgramRequest) -> QuerySet[Picture]:
    """The pictures whose files may be shown."""
    mine = Picture.objects.visible_to(request.user).filter(organisation=organisation_of(request))
    return mine.select_related("job").defer("recipe", "process", "job__words", "job__spec")


def job(request: ProgramRequest, pk: UUID) -> Job:
    """One request. Raises Http404."""
    found = find_job(request, pk)
    return own(request, found, found.project.organisation_id)


def picture(request: ProgramRequest, pk: UUID) -> Picture:
    """One picture whose file may be shown. Raises Http404."""
    found = visible_picture(request, pk)
    return own(request, found, found.job.project.organisation_id)


def campaign_for(request: ProgramRequest, pk: UUID | None) -> Campaign:
    """The campaign that was named, or the token's own. Raises ValidationError."""
    pk = pk or request.auth.campaign_id
    if pk is None:
        raise ValidationError({"campaign": NO_CAMPAIGN})
    try:
        found = find_campaign(request, pk)
        return own(request, found, found.project.organisation_id)
    except Http404 as error:
        raise ValidationError({"campaign": NOT_YOURS}) from error
