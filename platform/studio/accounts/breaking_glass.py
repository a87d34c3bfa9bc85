"""What the operator of the installation does from outside of every organisation: in its ledger, for its auditors.

A superuser holds no role by being one. That they sign in at all, and that they give a role where they hold none,
stands in the ledger of every organisation concerned; the trail's row says who it was.
"""

from datetime import datetime
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from studio.accounts.models import Membership, OperatorAct, Organisation, Role, User
from studio.accounts.roles import give
from studio.trail.actions import intend, note

LONGEST_REASON = 300


def operator_signs_in(*, actor: User, at: datetime) -> None:
    """An entry in every organisation's ledger."""
    with transaction.atomic():
        for organisation in Organisation.objects.all():
            _witness(organisation, OperatorAct.Kind.SIGN_IN, actor=actor, reason="", at=at)


def restore_administrator(
    *, actor: User, user: User, organisation: Organisation, reason: str, at: datetime
) -> Membership:
    """Make somebody administrator of an organisation that has lost its own.

    Raises PermissionDenied for anybody but the operator, ValidationError without a reason.
    """
    if not actor.is_superuser or not actor.is_active:
        raise PermissionDenied(_("Only the operator of this installation can do this."))
    reason = reason.strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise ValidationError(
            {"reason": _("Say why, in up to %(most)s characters; it stays on record.") % {"most": LONGEST_REASON}}
        )
    with transaction.atomic():
        membership = give(user, organisation, Role.ADMINISTRATOR)
        _witness(organisation, OperatorAct.Kind.ADMINISTRATOR, actor=actor, reason=reason, at=at)
    return membership


def _witness(organisation: Organisation, kind: OperatorAct.Kind, *, actor: User, reason: str, at: datetime) -> None:
    act = OperatorAct.objects.create(
        id=uuid4(), organisation=organisation, operator=actor, kind=kind, reason=reason, at=at
    )
    intend(log=organisation.log, kind="access", row=act.pk, at=at, body={"act": kind.value})
    note(actor=actor, verb=f"operator.{kind}", subject=act, organisation=organisation.pk, at=at)
