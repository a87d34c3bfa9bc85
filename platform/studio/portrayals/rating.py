"""The checklist of two people: which pictures of a report they look at, what each saw, and where they disagree.

- Two people at most, each once and without the other's answers.
- Everybody rates the same pictures: an even part of each role and group.
- A rater's name stays inside; what leaves says "first" and "second".
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Role, User
from studio.accounts.rules import holds
from studio.portrayals.models import Portrayal, Rating, Sitting
from studio.trail.actions import note

RATERS = 2
OF_A_GROUP = 4
MOST = 40
NAMES = ("first", "second")


def to_rate(portrayal: Portrayal) -> list[Sitting]:
    """The pictures of the checklist: a few of each role and group, evenly taken, the same for everybody."""
    groups: dict[tuple[str, str], list[Sitting]] = {}
    for sitting in portrayal.sittings.select_related("picture__job"):
        groups.setdefault((sitting.role, sitting.marker), []).append(sitting)
    each = max(1, min(OF_A_GROUP, MOST // max(1, len(groups))))  # fewer of each rather than none of the last
    some = (members[:: max(1, len(members) // each)][:each] for _, members in sorted(groups.items()))
    return [sitting for members in some for sitting in members][:MOST]


def raters_of(portrayal: Portrayal) -> list[User]:
    """Who has answered, in the order in which they did."""
    ratings = Rating.objects.filter(sitting__portrayal=portrayal).select_related("rater")
    return list({rating.rater_id: rating.rater for rating in ratings}.values())


def rate(*, actor: User, portrayal: Portrayal, seen: Mapping[int, Collection[str]], at: datetime) -> None:
    """Keep what `actor` saw: items by sitting; a sitting that is not named showed none of them.

    Raises PermissionDenied; ValidationError where two have answered, the person has, or there is no report yet.
    """
    holds(actor, portrayal.project.organisation, Role.REVIEWER, Role.ADMINISTRATOR).enforce()
    with transaction.atomic():
        locked = Portrayal.objects.select_for_update().get(pk=portrayal.pk)
        _check(locked, actor)
        sittings = to_rate(locked)
        Rating.objects.bulk_create(
            Rating(sitting=one, rater=actor, seen=_known(seen.get(one.pk, ())), rated=at) for one in sittings
        )
        organisation = portrayal.project.organisation_id
        note(
            actor=actor,
            verb="portrayal.rate",
            subject=portrayal,
            organisation=organisation,
            at=at,
            pictures=len(sittings),
        )


def _check(portrayal: Portrayal, actor: User) -> None:
    if not portrayal.report:
        raise ValidationError(_("There is no report yet; come back when it is done."))
    before = raters_of(portrayal)
    if actor in before:
        raise ValidationError(_("You have answered already. The second answer has to be another person's."))
    if len(before) >= RATERS:
        raise ValidationError(_("Two people have answered already."))


def _known(items: Collection[str]) -> list[str]:
    return [item for item in pipeline.CHECKLIST if item in items]


def compared(portrayal: Portrayal) -> list[dict[str, Any]]:
    """Each item with the share that each of the two saw, and how often they disagree; empty before anybody answered."""
    ratings = list(Rating.objects.filter(sitting__portrayal=portrayal))
    names = dict(zip(dict.fromkeys(rating.rater_id for rating in ratings), NAMES, strict=False))
    return pipeline.checklist((names[one.rater_id], str(one.sitting_id), one.seen) for one in ratings)


def disputed(sittings: Sequence[Sitting]) -> list[Sitting]:
    """Those of the pictures in which one saw what the other did not."""
    ratings = Rating.objects.filter(sitting__in=sittings)
    answers: dict[int, list[set[str]]] = {}
    for rating in ratings:
        answers.setdefault(rating.sitting_id, []).append(set(rating.seen))
    return [one for one in sittings if len(given := answers.get(one.pk, [])) == RATERS and given[0] != given[1]]
