"""An installation with production's settings, filled through the same actions as in service.

One organisation, three projects with a campaign each, people who make and people who decide, tokens and sessions for
whoever shall put load on it. Nothing of the sample is used, which DEBUG off refuses.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.reader import may_leave_network

if TYPE_CHECKING:
    from studio.accounts.models import Organisation, User
    from studio.projects.models import Campaign

PROJECTS = ("harvest", "schools", "clinics")
SLUG = "relief"


def settings(folder: Path, *, quick: bool) -> dict[str, str]:
    """What production sets beside its engines; `quick` shortens leases and sweeps for whoever kills processes."""
    (folder / "trust").mkdir(exist_ok=True)
    plain = {
        "DEBUG": "false",
        "ALLOWED_HOSTS": "localhost",
        "LOG_HOST": "pictures.relief.example",
        "BEHIND_PROXY": "true",
        "SECRET_KEY": secrets.token_hex(32),
        "VAULT_KEY": secrets.token_hex(32),
        "TRUST_PASSPHRASE": secrets.token_hex(16),
        "VAR_DIR": str(folder / "var"),
        "CHECKPOINT_DIR": str(folder / "checkpoints"),
        "CHECKPOINT_COPY_DIR": str(folder / "checkpoints-elsewhere"),
        "TRUST_DIR": str(folder / "trust"),
        "WATERMARK": f"lattice:{folder / 'watermark.key'}",
        "GENERATE_THREADS": "1",
        "LOG_FORMAT": "json",
        # A container may forbid it; what is tested here is not that.
        "READERS_KEEP_NETWORK": "false" if may_leave_network() else "true",
    }
    if quick:
        plain |= {"LEASE_SECONDS": "6", "HEARTBEAT_SECONDS": "2", "BACKOFF_SECONDS": "0", "SWEEP_SECONDS": "1"}
    return plain


@dataclass(frozen=True, slots=True)
class Site:
    """What whoever puts load on the installation needs: secrets of tokens, cookies of sessions, ids of campaigns."""

    tokens: tuple[str, ...]
    sessions: tuple[str, ...]
    campaigns: tuple[str, ...]


def fill(*, creators: int) -> Site:
    """Prepare the databases and found everything. Needs Django set up, in an environment that may make keys."""
    from django.utils import timezone

    from studio import pipeline
    from studio.accounts.actions import found_organisation, grant_role
    from studio.accounts.models import Role, User
    from studio.catalogue.actions import approve_model, register_model
    from studio.operations.installation import prepare
    from studio.policies.scope import Scope
    from studio.projects.actions import MOST_PICTURES, open_campaign, open_project
    from studio.projects.models import Project
    from tests.studio import policies

    at = timezone.now()
    prepare()
    operator = User.objects.create_superuser("operator", password=secrets.token_hex(16))
    organisation = found_organisation(actor=operator, slug=SLUG, name="Relief", at=at)
    pipeline.create_authority(SLUG, name=organisation.name, log=organisation.log, now=at)
    staff = {}
    for role in (Role.ADMINISTRATOR, Role.CUSTODIAN, Role.REVIEWER, Role.AUDITOR):
        staff[role] = User.objects.create_user(str(role), password=secrets.token_hex(16), is_staff=True)
        grant_role(actor=operator, user=staff[role], organisation=organisation, role=role, at=at)
    model = register_model(
        actor=staff[Role.CUSTODIAN],
        organisation=organisation,
        slug=pipeline.starter_slug(),
        folder=pipeline.starter_folder(),
        at=at,
    )
    approve_model(actor=staff[Role.CUSTODIAN], model=model, at=at)
    administrator = staff[Role.ADMINISTRATOR]
    projects = [
        open_project(actor=administrator, organisation=organisation, slug=slug, name=slug.capitalize(), at=at)
        for slug in PROJECTS
    ]
    # What is measured under load is the load, not the budget.
    Project.objects.update(budget=MOST_PICTURES)
    draft = policies.begin(Scope(organisation), at)
    policies.rehearse(draft, at)
    policies.approve(draft, at)
    campaigns = [
        open_campaign(
            actor=administrator,
            project=project,
            slug="rains",
            name="Before the rains",
            purpose="Information about storing grain",
            languages=["en"],
            channels=[],
            at=at,
        )
        for project in projects
    ]
    people = [User.objects.create_user(f"creator-{n}", password=secrets.token_hex(16)) for n in range(creators)]
    for person in people:
        grant_role(actor=operator, user=person, organisation=organisation, role=Role.CREATOR, at=at)
    return Site(
        tuple(token(person, organisation, campaigns[n % len(campaigns)], at) for n, person in enumerate(people)),
        tuple(_session(person) for person in people),
        tuple(str(campaign.pk) for campaign in campaigns),
    )


def token(person: "User", organisation: "Organisation", campaign: "Campaign", at: datetime) -> str:
    """The secret of a token with which a program of this person asks for pictures, for a day."""
    from studio.api.actions import make_token

    _, secret = make_token(
        actor=person,
        organisation=organisation,
        name="Load",
        scopes=["read", "make"],
        expires=at + timedelta(days=1),
        at=at,
        campaign=campaign,
    )
    return secret


def _session(person: "User") -> str:
    """The cookie of a session as signing in makes it."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)
