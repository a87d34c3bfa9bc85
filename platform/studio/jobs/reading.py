"""Finding what a page is about, and deciding who reads what was typed.

Every object is looked up among those of the person's own organisations, so that anybody else gets a plain 404.
"""

from uuid import UUID

from django.shortcuts import get_object_or_404

from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.jobs import words
from studio.jobs.models import Job
from studio.pages import MemberRequest
from studio.projects.models import Campaign, Project


def find_project(request: MemberRequest, pk: UUID) -> Project:
    """A project, or 404."""
    return get_object_or_404(Project.objects.for_actor(request.user).select_related("organisation"), pk=pk)


def find_campaign(request: MemberRequest, pk: UUID) -> Campaign:
    """A campaign with its project and organisation, or 404."""
    mine = Campaign.objects.filter(project__in=Project.objects.for_actor(request.user))
    return get_object_or_404(mine.select_related("project__organisation"), pk=pk)


def find_job(request: MemberRequest, pk: UUID) -> Job:
    """A request with everything its page names, or 404."""
    joined = ("campaign", "project__organisation", "model", "policy", "requester__user")
    return get_object_or_404(Job.objects.for_actor(request.user).select_related(*joined), pk=pk)


def readable_words(request: MemberRequest, job: Job, *, roles: frozenset[str] | None = None) -> words.Words | None:
    """What was typed, for its maker and the organisation's reviewers; None for everybody else, and after erasure.

    `roles` are the reader's there, where the page knows them already.
    """
    if job.requester.user_id != request.user.pk:
        held = roles_of(request.user, job.project.organisation) if roles is None else roles
        if Role.REVIEWER not in held:
            return None
    try:
        return words.open_words(job)
    except words.ErasedError:
        return None
