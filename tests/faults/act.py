"""What people do in the drill; `python -m tests.faults.act` does it in a process that can be killed by itself.

Its arguments are `submit [STEPS [MEMBERSHIP]] | decide PICTURE | erase PICTURE | release PICTURE | render PICTURE`, or
`join | leave MEMBERSHIP | forget MEMBERSHIP`.
"""

import sys
from datetime import datetime
from typing import TYPE_CHECKING

from tests.processes import set_up

if TYPE_CHECKING:
    from studio.projects.models import Campaign


def main() -> None:
    """Do it, and print the id of what it was done to."""
    set_up()
    verb, *arguments = sys.argv[1:]
    sys.stdout.write(f"{act(verb, *arguments)}\n")


def act(verb: str, *arguments: str) -> str:
    """Do it in this process, where Django is set up; the id of what it was done to."""
    from django.utils import timezone

    from studio.accounts.models import User
    from studio.jobs.erasing import erase_picture
    from studio.jobs.models import Picture
    from studio.review.actions import decide, release, submit_for_review
    from studio.review.rendering import ask_for_rendition

    now = timezone.now()
    creator, reviewer = User.objects.get(username="creator"), User.objects.get(username="reviewer")
    if verb == "submit":
        return _submit(*arguments)
    if verb in {"join", "leave", "forget"}:
        return _people(verb, *arguments)
    picture = Picture.objects.get(pk=arguments[0])
    if verb == "erase":
        erase_picture(picture, at=now)
        return str(picture.pk)
    if verb == "render":
        return str(ask_for_rendition(actor=creator, picture=picture, shape="small-jpeg", at=now).pk)
    request = submit_for_review(
        actor=creator, picture=picture, purpose="Drill", channel="none", alt_text="A drawing", checklist={}, at=now
    )
    decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)
    if verb == "release":
        release(actor=reviewer, picture=picture, at=now)
    return str(picture.pk)


def campaign(at: datetime) -> "Campaign":
    """The sample's campaign of the drill, opened when it is first asked for."""
    from studio.accounts.models import User
    from studio.projects.actions import open_campaign
    from studio.projects.models import Campaign, Project

    words = {"slug": "drill", "name": "Drill", "purpose": "Drill", "languages": ["en"], "channels": []}
    return Campaign.objects.filter(slug="drill").first() or open_campaign(
        actor=User.objects.get(username="creator"), project=Project.objects.get(slug="harvest"), at=at, **words
    )


def _people(verb: str, member: str = "") -> str:
    from django.utils import timezone

    from studio.accounts.actions import close_account, grant_role
    from studio.accounts.models import Membership, Organisation, Role, User
    from studio.operations.forgetting import erase_person

    now, administrator = timezone.now(), User.objects.get(username="administrator")
    if verb == "join":
        user = User.objects.create_user(f"newcomer-{User.objects.count()}")
        organisation = Organisation.objects.get(projects__slug="harvest")
        grant = grant_role(actor=administrator, user=user, organisation=organisation, role=Role.CREATOR, at=now)
        return str(grant.pk)
    membership = Membership.objects.get(pk=member)
    change = close_account if verb == "leave" else erase_person
    change(actor=administrator, membership=membership, at=now)
    return member


def _submit(steps: str = "", member: str = "") -> str:
    from django.utils import timezone

    from studio.accounts.models import Membership
    from tests.studio.requests import FAST, ask

    now = timezone.now()
    asking = {"actor": Membership.objects.get(pk=member).user} if member else {}
    return str(ask(campaign(now), now, steps=int(steps or FAST["steps"]), **asking).pk)


if __name__ == "__main__":
    main()
