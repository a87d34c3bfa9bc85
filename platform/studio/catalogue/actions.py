"""Registering models with their lineage, approving their use, and withdrawing them."""

import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio import pipeline
from studio.accounts.models import Organisation, Role, User
from studio.accounts.rules import holds, membership_of
from studio.catalogue.licence_gate import refuse_approval
from studio.catalogue.licences import Use
from studio.catalogue.models import Material, Model, ModelDecision
from studio.trail.actions import intend, note

AS_LICENSED = "Whatever its licence permits."
LONGEST_WORDS = 500


def register_model(*, actor: User, organisation: Organisation, slug: str, folder: Path, at: datetime) -> Model:
    """Lock a model folder by its digest.

    It waits for approval; registering the same weights again returns the first row.

    Raises PermissionDenied, or ValidationError when the folder is not a model (or holds pickled weights).
    """
    holds(actor, organisation, Role.CUSTODIAN).enforce()
    try:
        facts = pipeline.describe_model(folder, slug=slug)
        lineage = pipeline.lineage_of(folder)
    except pipeline.ModelFolderError as error:
        raise ValidationError({"folder": str(error)}) from error
    with transaction.atomic():
        model, created = Model.objects.get_or_create(
            organisation=organisation, slug=slug, defaults={**facts, "registered": at}
        )
        if not created and model.digest != facts["digest"]:
            raise ValidationError(
                {"slug": f"{slug} is registered with other weights; register these under a new name."}
            )
        # Rows of an installation that is older than its lineage tables get theirs at the next registration.
        if created or not model.line.exists():
            _keep_lineage(model, lineage)
        if created:
            note(
                actor=actor,
                verb="model.register",
                subject=model,
                organisation=organisation.pk,
                at=at,
                digest=model.digest,
            )
    return model


def _keep_lineage(model: Model, lineage: pipeline.Lineage) -> None:
    """Put down what taught the model, and which of our models went into it."""
    if lineage.parent_digest:
        earlier = Model.objects.filter(organisation=model.organisation, digest=lineage.parent_digest)
        model.parent = earlier.exclude(pk=model.pk).order_by("registered").first()
        model.parent_title, model.parent_digest = lineage.parent_title[:120], lineage.parent_digest
        model.save(update_fields=["parent", "parent_title", "parent_digest"])
    model.line.set([model, *(model.parent.line.all() if model.parent else ())])
    rows = (Material(model=model, place=place, **facts) for place, facts in enumerate(lineage.materials, start=1))
    Material.objects.bulk_create(rows)


def approve_model(
    *, actor: User, model: Model, at: datetime, purposes: str = AS_LICENSED, uses: Collection[str] | None = None
) -> Model:
    """Allow a registered model to be used in its organisation, for `purposes`; where `uses` are named, for no others.

    A model that is not waiting is left as it is. Raises ValidationError for a use that its licence forbids, or that of
    a model which it was taught from.
    """
    chosen = None if uses is None else [use.value for use in Use if use in uses]
    if chosen is not None:
        refuse_approval(model, chosen)
    return _decide(actor, model, ModelDecision.Outcome.APPROVED, _checked("purposes", purposes), at, uses=chosen)


def withdraw_model(*, actor: User, model: Model, at: datetime, reason: str) -> Model:
    """Stop a model from being asked for more; what it made stays, and says by which model it was made.

    A model that is not approved is left as it is.
    """
    return _decide(actor, model, ModelDecision.Outcome.WITHDRAWN, _checked("reason", reason), at)


def _checked(field: str, words: str) -> str:
    words = words.strip()
    if not words:
        raise ValidationError({field: _("Say it in a few words; they stay on record.")})
    if len(words) > LONGEST_WORDS:
        raise ValidationError(
            {field: _("It has %(n)s characters; shorten it to %(most)s.") % {"n": len(words), "most": LONGEST_WORDS}}
        )
    return words


def _decide(
    actor: User,
    model: Model,
    outcome: ModelDecision.Outcome,
    words: str,
    at: datetime,
    *,
    uses: list[str] | None = None,
) -> Model:
    holds(actor, model.organisation, Role.CUSTODIAN).enforce()
    approved = outcome == ModelDecision.Outcome.APPROVED
    start = Model.State.UNAPPROVED if approved else Model.State.APPROVED
    changes = {"state": outcome.value, **({"approved_by": actor} if approved else {})}
    with transaction.atomic():
        if Model.objects.filter(pk=model.pk, state=start).update(**changes):
            decision = ModelDecision(
                id=uuid4(), model=model, custodian=actor, outcome=outcome, words=words, uses=uses, at=at
            )
            decision.save(force_insert=True)
            _witness(decision)
    model.refresh_from_db()
    return model


def _witness(decision: ModelDecision) -> None:
    """The ledger's word on a decision, and the audit row."""
    model, organisation = decision.model, decision.model.organisation
    facts: dict[str, object] = {"outcome": decision.outcome, "digest": model.digest, "licence": model.licence}
    if decision.uses is not None:
        facts["uses"] = decision.uses
    intend(
        log=organisation.log,
        kind="model",
        row=decision.pk,
        at=decision.at,
        body={
            **facts,
            "model": str(model.pk),
            "parent": model.parent_digest,
            "data_manifest_sha256": model.data_manifest_sha256,
            # What a custodian wrote may name people; the decision's row has the words.
            "words_sha256": hashlib.sha256(decision.words.encode()).hexdigest(),
            "custodian": str(membership_of(decision.custodian, organisation).pseudonym),
        },
    )
    verb = "model.approve" if decision.outcome == ModelDecision.Outcome.APPROVED else "model.withdraw"
    note(
        actor=decision.custodian,
        verb=verb,
        subject=model,
        organisation=organisation.pk,
        at=decision.at,
        **facts,
    )
