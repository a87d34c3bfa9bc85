"""The answer to an appeal: uphold, let through once, or let through and propose a word that is allowed for a while."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from studio import pipeline
from studio.accounts.models import User
from studio.jobs import words
from studio.jobs.models import Job
from studio.policies import rehearsing
from studio.policies.actions import ask_rehearsal
from studio.policies.models import PolicyDraft
from studio.policies.proposing import propose_term
from studio.policies.scope import Scope
from studio.review.rulings import rule_on_hold

REQUESTS = 100
ABSENT = _("This does not stand in the request, so allowing it would change nothing; write it as it stands there.")


def grant_with_term(*, actor: User, job: Job, term: Mapping[str, Any], reason: str, at: datetime) -> PolicyDraft:
    """Let an appeal through, and propose that a word of it is allowed; all of it or nothing, rehearsed at once.

    Raises as `rule_on_hold` and `propose_term`, and ErasedError.
    """
    if not pipeline.stands_in(term["word"], words.open_words(job).prompt):
        raise ValidationError({"word": ABSENT})
    with transaction.atomic():
        rule_on_hold(actor=actor, job=job, let_through=True, reason=reason, at=at)
        draft = propose_term(actor=actor, appeal=job, term=term, at=at)
        wanted = rehearsing.newest_requests(Scope(draft.organisation, draft.project), REQUESTS)
        rehearsal = ask_rehearsal(actor=actor, draft=draft, wanted=wanted, at=at)
    rehearsing.start(rehearsal)
    return draft
