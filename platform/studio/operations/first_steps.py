"""The first steps on a fresh installation: who looks after it, an organisation, its keys, a model, a policy, a picture.

- Only whoever holds the link that `manage.py setup` printed becomes the operator, and only while nobody has an account.
- Every step is one of the actions of everyday life. Maker and checker stay two: where there is no second person yet, a
  reviewer of the demonstration, whom nobody can sign in as, approves the first policy and the first picture at the
  operator's word; the record says who that was, and at the end their roles are gone.
- What stands is read from the rows, so the steps can be left anywhere and taken up again.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import uuid4

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.actions import close_account, found_organisation, grant_role
from studio.accounts.models import Membership, Organisation, Role, User
from studio.catalogue.actions import approve_model, register_model
from studio.catalogue.models import Model
from studio.jobs.actions import submit
from studio.jobs.models import Job, Picture
from studio.jobs.states import VISIBLE, PictureState
from studio.operations.models import Setup
from studio.operations.sample import drawing_answers
from studio.policies import rehearsing
from studio.policies.actions import ask_rehearsal, begin_draft, preview, propose_draft
from studio.policies.publishing import publish_draft
from studio.policies.scope import Scope
from studio.projects.actions import open_campaign, open_project, set_terms
from studio.projects.models import Campaign, Project
from studio.review.actions import decide, release, submit_for_review
from studio.trail.actions import note

HELPER = "demonstration-reviewer"
# The operator goes all of the way alone; afterwards others are given these roles.
OPERATORS_ROLES = (Role.CUSTODIAN, Role.CREATOR)
ALT_TEXT = "The first picture that was made here, to try the way from a request to a checked file."


class SetupClosedError(Exception):
    """Somebody has an account here already, so the first steps are no longer anybody's who holds a link."""


def open_setup(*, at: datetime) -> str:
    """The secret of a new link; an older one opens nothing any more. Raises SetupClosedError."""
    if User.objects.exists():
        raise SetupClosedError(
            _("There are accounts already; whoever looks after the installation signs in with theirs.")
        )
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        Setup.objects.filter(operator=None).delete()
        Setup.objects.create(digest=_digest(secret), made=at)
    return secret


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def find_setup(secret: str) -> Setup | None:
    """The open first steps with this secret; None for any other, and once there is an account."""
    if User.objects.exists():
        return None
    return Setup.objects.filter(digest=_digest(secret), operator=None).first()


def become_operator(*, setup: Setup, username: str, email: str, password: str, at: datetime) -> User:
    """The first account. Raises ValidationError naming the field, SetupClosedError when somebody was faster."""
    user = User(username=username.strip(), email=email.strip(), is_staff=True, is_superuser=True)
    user.set_unusable_password()
    user.full_clean()
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    with transaction.atomic():
        # The row is the lock: of two who hold the link, one is too late.
        locked = Setup.objects.select_for_update().filter(pk=setup.pk, operator=None).first()
        if locked is None or User.objects.exists():
            raise SetupClosedError(_("Somebody else has just taken this step."))
        user.save(force_insert=True)
        Setup.objects.filter(pk=setup.pk).update(operator=user)
        note(actor=user, verb="user.create", subject=user, organisation=None, at=at)
    return user


def found(*, actor: User, setup: Setup, name: str, slug: str, at: datetime) -> Organisation:
    """The organisation; its founder administers it, and is custodian and creator until others are."""
    with transaction.atomic():
        organisation = found_organisation(actor=actor, slug=slug, name=name, at=at)
        for role in OPERATORS_ROLES:
            grant_role(actor=actor, user=actor, organisation=organisation, role=role, at=at)
        Setup.objects.filter(pk=setup.pk).update(organisation=organisation)
    return organisation


def want_keys(*, actor: User, setup: Setup, at: datetime) -> None:
    """Ask the sign worker, which alone has the passphrase, for keys of this installation's own."""
    with transaction.atomic():
        Setup.objects.filter(pk=setup.pk).update(keys_wanted=True)
        note(actor=actor, verb="keys.ask", subject=setup, organisation=setup.organisation_id, at=at)


def make_wanted_keys(*, at: datetime) -> None:
    """The sign worker's part: keys for the organisation that waits for them, unless it has some."""
    for setup in Setup.objects.filter(keys_wanted=True, finished=None).select_related("organisation"):
        if setup.organisation and not pipeline.trust_folder(setup.organisation.slug).exists():
            organisation = setup.organisation
            pipeline.create_authority(organisation.slug, name=organisation.name, log=organisation.log, now=at)


def take_model(*, actor: User, organisation: Organisation, uses: Collection[str], at: datetime) -> Model:
    """Register the model that ships, and approve it. Raises ValidationError for a use that its licence forbids."""
    model = register_model(
        actor=actor,
        organisation=organisation,
        slug=pipeline.starter_slug(),
        folder=pipeline.starter_folder(),
        at=at,
    )
    return approve_model(actor=actor, model=model, uses=uses, at=at)


def call_helper(*, actor: User, setup: Setup, organisation: Organisation, at: datetime) -> User:
    """The reviewer of the demonstration: an account without a password, that nobody can sign in to."""
    if setup.helper is not None:
        return setup.helper
    with transaction.atomic():
        helper = User(username=HELPER, first_name="Demonstration", last_name="reviewer")
        helper.set_unusable_password()
        helper.save(force_insert=True)
        grant_role(actor=actor, user=helper, organisation=organisation, role=Role.REVIEWER, at=at)
        Setup.objects.filter(pk=setup.pk).update(helper=helper)
    setup.helper = helper
    return helper


def write_policy(
    *,
    actor: User,
    setup: Setup,
    organisation: Organisation,
    sector: str,
    project: str,
    uses: Collection[str],
    at: datetime,
) -> None:
    """A project, and a draft of the organisation's policy from a sector's, rehearsed and proposed."""
    with transaction.atomic():
        opened = open_project(actor=actor, organisation=organisation, slug="first-project", name=project, at=at)
        set_terms(actor=actor, project=opened, budget=opened.budget, uses=uses, at=at)
        draft = begin_draft(actor=actor, scope=Scope(organisation), start=sector, at=at)
        Setup.objects.filter(pk=setup.pk).update(draft=draft)
    rehearsing.start(ask_rehearsal(actor=actor, draft=draft, wanted=[], at=at))
    propose_draft(actor=actor, draft=draft, at=at)


def let_policy_be_approved(*, actor: User, setup: Setup, organisation: Organisation, at: datetime) -> None:
    """The demonstration's reviewer puts the proposed policy in force."""
    draft = setup.draft
    if draft is None:
        raise ValidationError(_("There is no policy to approve yet."))
    helper = call_helper(actor=actor, setup=setup, organisation=organisation, at=at)
    publish_draft(actor=helper, draft=draft, seen_digest=preview(draft).digest, at=at)


def ask_picture(*, actor: User, setup: Setup, project: Project, prompt: str, at: datetime) -> Job:
    """Ask the model for one picture, in a campaign of its own."""
    model = Model.objects.filter(organisation=project.organisation, state=Model.State.APPROVED).first()
    if model is None:
        raise ValidationError(_("Approve a model first."))
    campaign = Campaign.objects.filter(project=project, slug="first-picture").first() or open_campaign(
        actor=actor,
        project=project,
        slug="first-picture",
        name="The first picture",
        purpose="To try the whole way once.",
        languages=["en"],
        channels=["trial"],
        at=at,
    )
    request = {**model.defaults, "prompt": prompt, "count": 1, "seed": uuid4().int >> 97}
    job = submit(actor=actor, campaign=campaign, model=model, request=request, language="en", at=at)
    Setup.objects.filter(pk=setup.pk).update(job=job)
    return job


def picture_of(setup: Setup) -> Picture | None:
    """The first picture, once members may see it."""
    if setup.job_id is None:
        return None
    return (
        Picture.objects.filter(job=setup.job_id, state__in=VISIBLE).select_related("job__project__organisation").first()
    )


def let_picture_be_approved(*, actor: User, setup: Setup, organisation: Organisation, at: datetime) -> None:
    """The operator submits it, the demonstration's reviewer approves it, and the operator asks for its release."""
    picture = picture_of(setup)
    if picture is None:
        raise ValidationError(_("There is no picture to approve yet."))
    helper = call_helper(actor=actor, setup=setup, organisation=organisation, at=at)
    if picture.state == PictureState.RECORDED:
        # Both or neither: nobody signs in as the helper, who would have to go on.
        with transaction.atomic():
            asked = submit_for_review(
                actor=actor,
                picture=picture,
                purpose="The first steps",
                channel="trial",
                alt_text=ALT_TEXT,
                checklist=drawing_answers(picture.job.policy),
                at=at,
            )
            decide(actor=helper, request=asked, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=at)
        picture.refresh_from_db()
    release(actor=actor, picture=picture, at=at)


def finish(*, actor: User, setup: Setup, at: datetime) -> None:
    """End the first steps: the demonstration's reviewer loses every role and can do nothing more."""
    if not actor.is_superuser:
        raise PermissionDenied(_("Only the operator of this installation can do this."))
    with transaction.atomic():
        if Setup.objects.filter(pk=setup.pk, finished=None).update(finished=at):
            for membership in Membership.objects.filter(user=setup.helper_id).select_related("organisation", "user"):
                close_account(actor=actor, membership=membership, at=at)
            note(actor=actor, verb="setup.finish", subject=setup, organisation=setup.organisation_id, at=at)
