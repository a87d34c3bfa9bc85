"""What the views of every app share: how an action's refusal becomes a page, and who is asking.

Views parse a form, call one action with the signed-in actor and the time, and show what came of it. They decide
nothing themselves.
"""

from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studio.accounts.models import User
from studio.trail.errors import StaleStateError

MOVED_ON = _("This has moved on since you opened the page: somebody else was faster. You now see where it stands.")


class MemberRequest(HttpRequest):
    """A request that has passed `login_required`, or whose view asks only for what a visitor may have too."""

    user: User


def attempt(form: BaseForm, verb: Callable[[], object], *, stale: str | Promise = MOVED_ON) -> HTTPStatus:
    """Do `verb`; what it refuses is put on the form, at its field where it names one. Returns the answer's status:

    200 done; 422 a field has to be mended; 403 not for this person; 409 somebody else was faster, told as `stale`.
    """
    try:
        verb()
    except ValidationError as error:
        _blame(form, error)
        return HTTPStatus.UNPROCESSABLE_ENTITY
    except PermissionDenied as error:
        form.add_error(None, str(error) or gettext("You may not do this."))
        return HTTPStatus.FORBIDDEN
    except StaleStateError:
        form.add_error(None, str(stale))
        return HTTPStatus.CONFLICT
    return HTTPStatus.OK


def _blame(form: BaseForm, error: ValidationError) -> None:
    named = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for field, reasons in named.items():
        for reason in reasons:
            # An action may name what this form does not ask for; the person still has to read it.
            form.add_error(field if field in form.fields else None, beside(field, reason))


def beside(field: str, reason: str) -> str:
    """A library's "count: is 0; choose …" as it reads beside the field itself."""
    named, colon, rest = reason.partition(": ")
    return f"It {rest}" if colon and named == field else reason
