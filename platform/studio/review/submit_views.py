"""The page on which a maker submits several pictures at once: those of a request, or those ticked in a gallery.

The pictures stand in its address, and each is shown as it stands now. So whoever clicked twice, or lost the connection,
opens it again and reads what was submitted, and what is left keeps its form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from studio.accounts.models import Role
from studio.accounts.rules import roles_of
from studio.jobs.models import Picture
from studio.jobs.states import SUBMITTABLE, PictureState
from studio.pages import MemberRequest
from studio.review.forms import HOW_TO_DESCRIBE, AskForm, DescribeForm
from studio.review.models import ReviewRequest
from studio.review.submitting import MOST, Described, Shared, submit_together

JOINED = ("job__project__organisation", "job__campaign", "job__policy")


@dataclass(frozen=True, slots=True)
class Line:
    """A picture on the page: with a form as long as this person may submit it, and how often it was submitted so far.

    `refusal` is why it was not submitted just now.
    """

    picture: Picture
    latest: ReviewRequest | None
    before: int
    form: DescribeForm | None
    refusal: str

    @property
    def sent(self) -> bool:
        """Whether it is with the reviewers."""
        return self.picture.state == PictureState.IN_REVIEW


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def together(request: MemberRequest) -> HttpResponse:
    """The page, and what is sent from it."""
    pictures = _pictures(request)
    if not 0 < len(pictures) <= MOST:
        messages.info(request, _("Tick between one picture and %(most)s, and submit them again.") % {"most": MOST})
        return redirect("gallery")
    ready = _ready(request, pictures)
    if request.method != "POST" or not ready:
        return _show(request, pictures, AskForm(pictures=ready) if ready else None, _blank(ready))
    ask = AskForm(request.POST, pictures=ready)
    forms = {one.pk: DescribeForm(request.POST, prefix=one.pk.hex) for one in ready}
    whole = [form.is_valid() for form in (ask, *forms.values())]
    chosen = [one for one in ready if forms[one.pk].cleaned_data.get("chosen")]
    if all(whole) and not chosen:
        ask.add_error(None, _("Tick at least one picture to submit."))
    if not all(whole) or not chosen:
        return _show(request, pictures, ask, forms, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    refusals = submit_together(
        actor=request.user,
        described=[_described(one, forms[one.pk]) for one in chosen],
        shared=Shared(
            **{name: ask.cleaned_data[name] for name in ("purpose", "channel", "due")}, answers=ask.answers()
        ),
        at=timezone.now(),
    )
    _tell(request, len(chosen) - len(refusals))
    if not refusals:
        return redirect(request.get_full_path())
    return _show(request, _pictures(request), ask, forms, refusals=refusals, status=HTTPStatus.CONFLICT)


def _pictures(request: MemberRequest) -> list[Picture]:
    """The pictures of the address that the person may see, one request's side by side."""
    try:
        keys = {UUID(key) for key in request.GET.getlist("picture")}
    except ValueError as error:
        raise Http404(_("No picture has this key.")) from error
    found = Picture.objects.visible_to(request.user).filter(pk__in=list(keys)[: MOST + 1]).select_related(*JOINED)
    rows = found.defer("recipe", "process", "job__words").prefetch_related("review_requests__maker")
    return list(rows.order_by("job__submitted", "job", "index"))


def _ready(request: MemberRequest, pictures: Sequence[Picture]) -> list[Picture]:
    """Those of them that this person may submit now; the action judges again."""
    houses = {one.job.project.organisation_id: one.job.project.organisation for one in pictures}
    creator_in = {key for key, house in houses.items() if Role.CREATOR in roles_of(request.user, house)}
    return [one for one in pictures if one.state in SUBMITTABLE and one.job.project.organisation_id in creator_in]


def _latest(picture: Picture) -> ReviewRequest | None:
    asked: list[ReviewRequest] = sorted(picture.review_requests.all(), key=lambda one: one.at)
    return asked[-1] if asked else None


def _blank(pictures: Sequence[Picture]) -> dict[UUID, DescribeForm]:
    forms = {}
    for one in pictures:
        latest = _latest(one)
        begun = {
            "chosen": True,
            "before": len(one.review_requests.all()),
            "alt_text": latest.alt_text if latest else "",
        }
        forms[one.pk] = DescribeForm(prefix=one.pk.hex, initial=begun)
    return forms


def _described(picture: Picture, form: DescribeForm) -> Described:
    typed = form.cleaned_data
    return Described(picture, alt_text=typed["alt_text"], before=typed["before"])


def _show(
    request: MemberRequest,
    pictures: Sequence[Picture],
    ask: AskForm | None,
    forms: dict[UUID, DescribeForm],
    *,
    refusals: dict[UUID, str] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    why = refusals or {}
    lines = [
        Line(
            one,
            latest=_latest(one),
            before=len(one.review_requests.all()),
            form=forms.get(one.pk) if one.state in SUBMITTABLE else None,
            refusal=why.get(one.pk, ""),
        )
        for one in pictures
    ]
    context = {
        "lines": lines,
        "sent": sum(line.sent for line in lines),
        "open": any(line.form for line in lines),
        "ask": ask,
        "how_to_describe": HOW_TO_DESCRIBE,
        "job": pictures[0].job,
        "nothing_sent": status == HTTPStatus.UNPROCESSABLE_ENTITY,
    }
    return render(request, "studio/submit_together.html", context, status=status)


def _tell(request: MemberRequest, sent: int) -> None:
    if sent:
        said = ngettext("%(n)s picture is with the reviewers.", "%(n)s pictures are with the reviewers.", sent)
        messages.success(request, said % {"n": sent})
