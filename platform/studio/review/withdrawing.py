"""Taking releases back: one picture, with its ledger entry; and what a recall stops before it is public."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from studio.accounts.models import User
from studio.accounts.rules import membership_of
from studio.jobs import bell
from studio.jobs.models import Picture
from studio.jobs.states import PictureState, advance
from studio.review.models import Recall, Release, Withdrawal
from studio.trail.actions import intend, note
from studio.trail.alarms import hush
from studio.trail.models import AlarmKind


def take_back(
    *, actor: User, picture: Picture, public_reason: str, at: datetime, recall: Recall | None = None
) -> Withdrawal:
    """Withdraw a released picture, for somebody who was allowed to. Raises StaleStateError when it is not released."""
    organisation = picture.job.project.organisation
    body: dict[str, Any] = {
        "public_reason": public_reason,
        "by": str(membership_of(actor, organisation).pseudonym),
    }
    if recall is not None:
        body["recall"] = {"id": str(recall.pk), "kind": recall.kind, "target": recall.target}
    with transaction.atomic():
        advance(Picture, picture.pk, PictureState.RELEASED, PictureState.WITHDRAWN, changed=at)
        withdrawal = Withdrawal.objects.create(
            picture=picture, withdrawn_by=actor, public_reason=public_reason, recall=recall, at=at
        )
        intend(
            log=organisation.log,
            kind="withdrawal",
            row=withdrawal.pk,
            at=at,
            record=picture.record,
            asset=None,
            body=body,
        )
        detail = {"recall": str(recall.pk)} if recall else {}
        note(actor=actor, verb="release.withdraw", subject=picture, organisation=organisation.pk, at=at, **detail)
        transaction.on_commit(bell.ring_settle)
    return withdrawal


def standing_against(picture: Picture) -> Recall | None:
    """The recall that forbids a picture's release: of the model that made it, of one before that, or of its policy."""
    job = picture.job
    models = {job.model.digest, *job.model.line.values_list("digest", flat=True)}
    about = Q(kind=Recall.Kind.MODEL, target__in=models) | Q(kind=Recall.Kind.POLICY, target=job.policy.digest)
    return Recall.objects.filter(about, organisation=job.project.organisation_id).first()


def stop(release: Release, *, at: datetime) -> None:
    """Give up a release that was asked for and not yet signed; the picture stays approved."""
    picture = release.picture
    with transaction.atomic():
        deleted, _rows = Release.objects.filter(pk=release.pk, sha256="", at=None).delete()
        if deleted:
            organisation = picture.job.project.organisation_id
            Picture.objects.filter(pk=picture.pk).update(waiting="")
            if not Release.objects.filter(picture__organisation=organisation, at=None).exists():
                hush(AlarmKind.RELEASE, organisation=organisation)
            note(actor=None, verb="release.stop", subject=picture, organisation=organisation, at=at)
