"""`python -m tests.faults.act submit [STEPS] | decide JOB | release JOB | render PICTURE`.

One action of a person, in a process that can be killed by itself.
"""

import sys

from tests.faults.harness import set_up


def main() -> None:
    """Do it, and print the id of what it was done to."""
    set_up()
    from django.utils import timezone

    from studio.accounts.models import User
    from studio.jobs.models import Picture
    from studio.projects.actions import open_campaign
    from studio.projects.models import Campaign, Project
    from studio.review.actions import decide, release, submit_for_review
    from studio.review.rendering import ask_for_rendition
    from tests.studio.requests import FAST, ask

    verb, *arguments = sys.argv[1:]
    now = timezone.now()
    if verb == "submit":
        project = Project.objects.get(slug="harvest")
        creator = User.objects.get(username="creator")
        campaign = Campaign.objects.filter(slug="drill").first() or open_campaign(
            actor=creator,
            project=project,
            slug="drill",
            name="Drill",
            purpose="Drill",
            languages=["en"],
            channels=[],
            at=now,
        )
        steps = int(arguments[0]) if arguments else FAST["steps"]
        sys.stdout.write(f"{ask(campaign, now, steps=steps).pk}\n")
    if verb == "render":
        rendition = ask_for_rendition(
            actor=User.objects.get(username="creator"),
            picture=Picture.objects.get(pk=arguments[0]),
            shape="small-jpeg",
            at=now,
        )
        sys.stdout.write(f"{rendition.pk}\n")
    if verb in {"decide", "release"}:
        picture = Picture.objects.get(job=arguments[0])
        creator, reviewer = User.objects.get(username="creator"), User.objects.get(username="reviewer")
        request = submit_for_review(
            actor=creator, picture=picture, purpose="Drill", channel="none", alt_text="A drawing", checklist={}, at=now
        )
        decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)
        if verb == "release":
            release(actor=reviewer, picture=picture, at=now)
        sys.stdout.write(f"{picture.pk}\n")


if __name__ == "__main__":
    main()
