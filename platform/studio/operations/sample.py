"""The sample organisation of `make demo` and `make up`.

One person for each role, one project, the model that ships, a policy.

Everything goes through the same actions as in real life; running it twice changes nothing. Its accounts exist for
looking around and are refused when DEBUG is off.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from studio import pipeline
from studio.accounts.actions import found_organisation, grant_role
from studio.accounts.models import Organisation, Role, User
from studio.catalogue.actions import approve_model, register_model
from studio.catalogue.models import Model
from studio.policies import rehearsing
from studio.policies.actions import ask_rehearsal, begin_draft, preview, propose_draft
from studio.policies.publishing import publish_draft
from studio.policies.scope import Scope
from studio.projects.actions import open_project
from studio.projects.models import PolicyVersion, Project
from studio.review.checklists import questions_under

SLUG = "sample-aid"
PASSWORD = "imprimatur-sample"  # noqa: S105  public on purpose, and refused when DEBUG is off
PEOPLE = tuple(Role)


def drawing_answers(policy: PolicyVersion) -> dict[str, str]:
    """What the maker of the starter model's drawing of a symbol answers before its review."""
    harmful = {"resembles_somebody", "passes_for_real", "puts_at_risk"}
    return {question: "No" if name in harmful else "Yes" for name, question in questions_under(policy).items()}


@dataclass(frozen=True, slots=True)
class Sample:
    """What the demo works with; `people` is by role, each account is named by it."""

    organisation: Organisation
    people: dict[str, User]
    project: Project
    model: Model


def prepare_sample(*, at: datetime) -> Sample:
    """Found the sample organisation, or find it."""
    if not settings.DEBUG:
        raise ImproperlyConfigured("The sample accounts have a public password; they exist only with DEBUG on.")
    operator = _person("operator", superuser=True)
    people = {str(role): _person(str(role), superuser=False) for role in PEOPLE}
    organisation = Organisation.objects.filter(slug=SLUG).first()
    if organisation is None:
        organisation = found_organisation(actor=operator, slug=SLUG, name="Sample Aid", at=at)
        for role in PEOPLE:
            grant_role(actor=operator, user=people[role], organisation=organisation, role=role, at=at)
    if not pipeline.trust_folder(SLUG).exists():
        pipeline.create_authority(SLUG, name=organisation.name, log=organisation.log, now=at)
    custodian, administrator = people[Role.CUSTODIAN], people[Role.ADMINISTRATOR]
    model = register_model(
        actor=custodian,
        organisation=organisation,
        slug=pipeline.starter_slug(),
        folder=pipeline.starter_folder(),
        at=at,
    )
    if model.state == Model.State.UNAPPROVED:
        model = approve_model(actor=custodian, model=model, at=at)
    project = Project.objects.filter(organisation=organisation, slug="harvest").first()
    if project is None:
        project = open_project(
            actor=administrator, organisation=organisation, slug="harvest", name="Harvest and health", at=at
        )
        _enact_policy(organisation, author=administrator, approver=people[Role.REVIEWER], at=at)
    return Sample(organisation, people, project, model)


def _enact_policy(organisation: Organisation, *, author: User, approver: User, at: datetime) -> None:
    """The policy of the whole organisation, which brings its projects theirs."""
    draft = begin_draft(actor=author, scope=Scope(organisation), start="humanitarian", at=at)
    rehearsing.start(ask_rehearsal(actor=author, draft=draft, wanted=[], at=at))
    propose_draft(actor=author, draft=draft, at=at)
    publish_draft(actor=approver, draft=draft, seen_digest=preview(draft).digest, at=at)


def _person(name: str, *, superuser: bool) -> User:
    user, created = User.objects.get_or_create(
        username=name, defaults={"is_staff": name != Role.CREATOR, "is_superuser": superuser}
    )
    if created:
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user
