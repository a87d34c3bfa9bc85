"""The front page, for members and for visitors, and the page that says what an administrator has to look at."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from studio import pipeline
from studio.accounts.models import Membership, Organisation, Role, User
from studio.accounts.rules import sole_publisher
from studio.jobs import actions
from studio.jobs.models import Job, Picture, Shaper
from studio.jobs.states import VISIBLE, JobState, PictureState
from studio.operations import attention, health
from studio.operations.models import Setup
from studio.pages import MemberRequest
from studio.policies.models import PolicyDraft
from studio.projects.models import Campaign, PolicyVersion, Project

MOST_COUNTED = 1000
# Requests that are in line or being worked on.
MOVING = (JobState.SUBMITTED, JobState.QUEUED, JobState.GENERATING)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the person: how many, of what, and where to go."""

    number: int
    what: str
    address: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a project stands: its policy in force, pictures of the budget spent, requests in line, pictures in review."""

    policy: PolicyVersion | None
    spent: int
    in_line: int
    in_review: int


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    user = request.user
    if not user.is_authenticated:
        return render(request, "studio/welcome.html", {"publisher": sole_publisher()})
    projects = _projects(user)
    waiting = (_for_operator, _for_keeper, _for_reviewer, _for_approver, _for_maker)
    items = [item for find in waiting for item in find(user) if item.number]
    context = {"projects": projects, "waiting": items}
    return render(request, "studio/home.html", context)


def _projects(user: User) -> list[Project]:
    """The person's projects with campaigns, a cover, what is left of the budget, and what moves or waits in them."""
    newest = Picture.objects.filter(project=OuterRef("pk"), state__in=VISIBLE).order_by("-created", "-pk")
    projects = list(
        Project.objects.for_actor(user)
        .annotate(cover=Subquery(newest.values("pk")[:1]))
        .select_related("organisation")
        .prefetch_related(Prefetch("campaigns", Campaign.objects.order_by("-created")))
        .order_by("organisation__name", "name")
    )
    policies = _in_force(projects)
    spent = actions.spent_by_project(projects)
    # Few move at any time; asking for all of them finds them by their state.
    jobs = _counted(Job.objects.filter(state__in=MOVING), "project")
    campaigns = [campaign.pk for project in projects for campaign in project.campaigns.all()]
    # By campaign and state the database counts in an index, without looking at a picture.
    reviewed = _counted(Picture.objects.filter(campaign__in=campaigns, state=PictureState.IN_REVIEW), "campaign")
    for project in projects:
        project.standing = Standing(  # type: ignore[attr-defined]
            policy=policies.get(project.pk),
            spent=spent.get(project.pk, 0),
            in_line=jobs.get(project.pk, 0),
            in_review=sum(reviewed.get(campaign.pk, 0) for campaign in project.campaigns.all()),
        )
    return projects


def _in_force(projects: Iterable[Project]) -> dict[object, PolicyVersion]:
    """The newest policy version of each project that has one."""
    versions = PolicyVersion.objects.filter(project__in=list(projects)).order_by("number")
    return {version.project_id: version for version in versions.defer("own", "examples")}


def _counted(rows: "QuerySet[Job] | QuerySet[Picture]", key: str) -> dict[object, int]:
    """How many rows there are, by one of their fields."""
    return dict(rows.order_by().values_list(key).annotate(n=Count("*")))


def _for_reviewer(user: User) -> Iterable[Waiting]:
    """What waits on the desk, without what the person had a hand in."""
    if not user.is_staff:
        return
    mine = Organisation.objects.filter(memberships__user=user, memberships__grants__role=Role.REVIEWER)
    jobs = Job.objects.filter(project__organisation__in=mine).exclude(shapers__user=user)
    desk = reverse("admin:desk")
    yield Waiting(jobs.filter(state=JobState.HELD).count(), _("held requests to rule on"), desk)
    yield Waiting(_others(user, mine, PictureState.QUARANTINED), _("held-back pictures to look at"), desk)
    inbox = reverse("admin:review_reviewrequest_changelist")
    yield Waiting(_others(user, mine, PictureState.IN_REVIEW), _("pictures to review"), inbox)


def _others(user: User, organisations: "QuerySet[Organisation]", state: PictureState) -> int:
    """How many pictures of a state others made: all of them, counted in an index, without one's own, which are few."""
    pictures = Picture.objects.filter(organisation__in=organisations, state=state)
    own = pictures.filter(job__in=Shaper.objects.filter(user=user).values("job"))
    return pictures.count() - own.count()


def _for_operator(user: User) -> Iterable[Waiting]:
    """The first steps, while they are not ended."""
    if user.is_superuser and Setup.objects.filter(operator=user, finished=None).exists():
        yield Waiting(1, _("way of first steps to go on with"), reverse("setup"))


def _for_keeper(user: User) -> Iterable[Waiting]:
    """What stands still in the installation, for those who look after it."""
    now = timezone.now()
    urgent = [
        concern
        for organisation in attention.looked_after_by(user)
        for concern in attention.concerns(organisation, now=now)
        if concern.urgent
    ]
    what = ngettext("thing stands still and needs you", "things stand still and need you", len(urgent))
    yield Waiting(len(urgent), what, reverse("status"))


@login_required
@require_safe
def status(request: MemberRequest) -> HttpResponse:
    """What needs attention, how the keys stand, and where each log stands; for administrators and custodians."""
    now = timezone.now()
    mine = attention.looked_after_by(request.user)
    if not mine.exists():
        raise PermissionDenied(_("This page is for administrators and custodians."))
    question = health.call_workers()
    found, moving = health.workers(question, now=now)
    context = {
        "organisations": [_standing(organisation, now=now) for organisation in mine],
        "signs": list(health.signs()),
        "workers": found,
        "moving": moving,
        "question": question,
    }
    return render(request, "studio/status.html", context)


@login_required
@require_safe
def status_workers(request: MemberRequest, question: str) -> HttpResponse:
    """The part of the status page that moves: which workers have answered so far."""
    if not attention.looked_after_by(request.user).exists():
        raise PermissionDenied(_("This page is for administrators and custodians."))
    found, moving = health.workers(question, now=timezone.now())
    return render(request, "studio/parts/workers.html", {"workers": found, "moving": moving, "question": question})


def _standing(organisation: Organisation, *, now: datetime) -> dict[str, Any]:
    try:
        key = pipeline.key_standing(organisation.slug, now=now)
    except pipeline.ProvenanceError:
        key = None
    try:
        log = pipeline.log_standing(organisation.log)
    except pipeline.ProvenanceError:
        log = None
    found = attention.concerns(organisation, now=now)
    return {"organisation": organisation, "concerns": found, "key": key, "log": log, "stamped": bool(settings.TSA_URL)}


def _for_approver(user: User) -> Iterable[Waiting]:
    """Policies that somebody else wrote and proposed, by the place they are for."""
    drafts = PolicyDraft.objects.for_actor(user, Role.REVIEWER, Role.ADMINISTRATOR)
    proposed = drafts.filter(state=PolicyDraft.State.PROPOSED).exclude(author=user)
    for draft in proposed.select_related("organisation", "project").order_by("changed")[:4]:
        yield Waiting(1, _("policy to approve, for %s") % draft.scope.name, reverse("policy-draft", args=[draft.pk]))


def _for_maker(user: User) -> Iterable[Waiting]:
    """What waits for the maker, by campaign, among the newest `MOST_COUNTED` pictures that they made."""
    words = {
        PictureState.CHANGES_REQUESTED: _("to change, as a reviewer asked, in %s"),
        PictureState.RECORDED: _("ready to submit in %s"),
        PictureState.APPROVED: _("approved, to be released in %s"),
    }
    order, found = list(words), Counter[tuple[str, UUID, str]]()
    for membership in Membership.objects.filter(user=user, grants__isnull=False).distinct():
        mine = Picture.objects.filter(requester=membership).order_by("-created", "-pk")
        found.update(mine.values_list("state", "campaign", "campaign__name")[:MOST_COUNTED])
    waiting = [(row, number) for row, number in found.items() if row[0] in words]
    for (state, campaign, name), number in sorted(waiting, key=lambda one: order.index(PictureState(one[0][0])))[:8]:
        address = f"{reverse('campaign', args=[campaign])}?state={state}"
        yield Waiting(number, words[PictureState(state)] % name, address)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers are welcome on the public pages and nowhere else."""
    lines = ["User-agent: *", "Allow: /$", "Allow: /check", "Allow: /records/", "Allow: /static/", "Disallow: /", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")
