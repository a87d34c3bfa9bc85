"""Who is offered the auditor's books."""

from django import template

from studio.accounts.models import User
from studio.audit.access import audited_by

register = template.Library()


@register.filter
def audits(user: User | None) -> bool:
    """Whether somebody is an auditor anywhere; an error's page may know of nobody, and who has no desk is none."""
    return bool(user and user.is_staff and audited_by(user).exists())
