"""Recall: whatever was released by a model, under a policy or with a key is withdrawn, slice by slice.

- What it is about is worked out anew for every slice from what the pictures have in common, so a worker that was killed
  left nothing half done, and two that work at the same recall do each picture once.
- Each withdrawal is one picture's own: its audit row, its ledger entry, its line on the check page.
- A recall stands: what the same origin releases later, through a gap in time, is withdrawn as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds
from studio.catalogue.models import Model
from studio.jobs import bell
from studio.jobs.models import Picture
from studio.jobs.states import VISIBLE, PictureState
from studio.projects.models import PolicyVersion
from studio.review.deciding import required
from studio.review.models import Recall, Release
from studio.review.releasing import name_key
from studio.review.withdrawing import stop, take_back
from studio.trail.actions import note
from studio.trail.errors import StaleStateError

Kind = Recall.Kind
KEEPERS = (Role.CUSTODIAN, Role.ADMINISTRATOR)
SLICE = 20
JOINED = ("job__project__organisation", "job__model", "job__policy")


@dataclass(frozen=True, slots=True)
class Origin:
    """Something that pictures have in common: what it is, its digest, what people call it, how many are released."""

    kind: str
    target: str
    title: str
    released: int


def affected(organisation: Organisation, kind: str, target: str) -> QuerySet[Picture]:
    """The organisation's pictures of this origin, in whatever state. A model brings every model taught from it."""
    pictures = Picture.objects.filter(organisation=organisation)
    if kind == Kind.MODEL:
        models = Model.objects.filter(Q(digest=target) | Q(line__digest=target), organisation=organisation)
        return pictures.filter(model__in=models.values("pk"))
    if kind == Kind.POLICY:
        return pictures.filter(job__policy__digest=target)
    return pictures.filter(release__key_id=target)


def origins(organisation: Organisation) -> list[Origin]:
    """Everything that could be recalled: models, policies, and keys that signed a release."""
    return [*_models(organisation), *_policies(organisation), *_keys(organisation)]


def _models(organisation: Organisation) -> Iterator[Origin]:
    for model in Model.objects.filter(organisation=organisation).order_by("title", "-registered"):
        yield Origin(Kind.MODEL, model.digest, model.title, _released(organisation, Kind.MODEL, model.digest))


def _policies(organisation: Organisation) -> Iterator[Origin]:
    used = Picture.objects.filter(organisation=organisation, state=PictureState.RELEASED)
    digests = used.order_by().values("job__policy__digest").annotate(n=Count("pk")).order_by("-n")
    for row in digests:
        target = row["job__policy__digest"]
        yield Origin(Kind.POLICY, target, title_of(organisation, Kind.POLICY, target), row["n"])


def _keys(organisation: Organisation) -> Iterator[Origin]:
    releases = Release.objects.filter(
        picture__job__project__organisation=organisation, picture__state=PictureState.RELEASED
    )
    for row in releases.exclude(key_id="").order_by().values("key_id").annotate(n=Count("pk")).order_by("-n"):
        yield Origin(Kind.KEY, row["key_id"], title_of(organisation, Kind.KEY, row["key_id"]), row["n"])


def _released(organisation: Organisation, kind: str, target: str) -> int:
    return affected(organisation, kind, target).filter(state=PictureState.RELEASED).count()


def title_of(organisation: Organisation, kind: str, target: str) -> str:
    """What people call an origin; empty when the organisation knows none with this digest."""
    if kind == Kind.MODEL:
        model = Model.objects.filter(organisation=organisation, digest=target).first()
        return model.title if model else ""
    if kind == Kind.POLICY:
        policy = (
            PolicyVersion.objects.filter(organisation=organisation, digest=target).select_related("project").first()
        )
        return f"{policy.document['name']}, version {policy.number}" if policy else ""
    known = Release.objects.filter(picture__job__project__organisation=organisation, key_id=target).exists()
    return f"Key {target[:16]}" if known else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a recall would do: `released` pictures are withdrawn, `waiting` releases stopped, `others` stay as they are
    and are not released any more. `shown` are some of the released ones."""

    title: str
    released: int
    waiting: int
    others: int
    shown: tuple[Picture, ...]
    earlier: Recall | None


def preview(organisation: Organisation, kind: str, target: str, *, show: int = 24) -> Preview:
    """What a recall would do now. Raises ValidationError for an unknown origin."""
    title = title_of(organisation, kind, target)
    if not title:
        raise ValidationError({"target": _("There is nothing of this kind here; choose from the list.")})
    found = affected(organisation, kind, target)
    released = found.filter(state=PictureState.RELEASED)
    others = found.filter(state__in=VISIBLE - {PictureState.RELEASED, PictureState.WITHDRAWN})
    return Preview(
        title,
        released.count(),
        _waiting(found).count(),
        others.count(),
        tuple(released.select_related("job").order_by("-changed")[:show]),
        Recall.objects.filter(organisation=organisation, kind=kind, target=target).first(),
    )


def _waiting(pictures: QuerySet[Picture]) -> QuerySet[Release]:
    """Releases of the pictures that were asked for and are not signed yet."""
    return Release.objects.filter(picture__in=pictures, sha256="", at=None)


def ask_recall(
    *, actor: User, organisation: Organisation, kind: str, target: str, public_reason: str, at: datetime
) -> Recall:
    """Recall an origin; a second call returns the first recall and wakes it.

    Raises PermissionDenied, ValidationError.
    """
    holds(actor, organisation, *KEEPERS).enforce()
    reason = required(public_reason=public_reason)["public_reason"]
    seen = preview(organisation, kind, target, show=0)
    with transaction.atomic():
        recall, created = Recall.objects.get_or_create(
            organisation=organisation,
            kind=kind,
            target=target,
            defaults={
                "title": seen.title[:160],
                "public_reason": reason,
                "asked_by": actor,
                "asked": at,
                "total": seen.released,
            },
        )
        if created:
            note(
                actor=actor,
                verb="recall.ask",
                subject=recall,
                organisation=organisation.pk,
                at=at,
                kind=kind,
                target=target,
                released=seen.released,
            )
        transaction.on_commit(lambda: bell.ring_recall(recall.pk))
    return recall


def go_on(pk: UUID, *, at: datetime) -> bool:
    """Do the next slice of a recall; returns whether there is more to do."""
    recall = Recall.objects.select_related("organisation", "asked_by").get(pk=pk)
    found = affected(recall.organisation, recall.kind, recall.target).select_related(*JOINED)
    for release in _waiting(found).select_related("picture__job__project")[:SLICE]:
        stop(release, at=at)
    for picture in found.filter(state=PictureState.RELEASED).order_by("pk")[:SLICE]:
        try:
            take_back(actor=recall.asked_by, picture=picture, public_reason=recall.public_reason, at=at, recall=recall)
        except StaleStateError:
            continue
    if has_more(recall):
        return True
    if Recall.objects.filter(pk=pk, ended=None).update(ended=at):
        organisation = recall.organisation_id
        note(actor=None, verb="recall.end", subject=recall, organisation=organisation, at=at, withdrawn=recall.done)
    return False


def has_more(recall: Recall) -> bool:
    """Whether something of the origin is released, or about to be."""
    found = affected(recall.organisation, recall.kind, recall.target)
    return found.filter(state=PictureState.RELEASED).exists() or _waiting(found).exists()


def left_over() -> Iterator[UUID]:
    """Recalls with work to do: those that have not ended, and those whose origin released something since."""
    for recall in Recall.objects.select_related("organisation"):
        if recall.ended is None or has_more(recall):
            yield recall.pk


def name_keys(*, most: int) -> None:
    """Find out which keys signed the releases that are older than the column that says so."""
    for release in Release.objects.filter(key_id="").exclude(sha256="")[:most]:
        name_key(release)
