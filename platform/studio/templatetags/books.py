"""Who is offered the auditor's books."""

from django import template

from studio.accounts.models import User
from studio.audit.access import audited_by

register = template.Library()


@register.filter
def audits(user: User) -> bool:
    """Whether somebody is an auditor anywhere; nobody is asked about who has no desk."""
    return bool(user.is_staff and audited_by(user).exists())
