"""The reviewer's inbox on the desk: a contact sheet of what waits, and approving several pictures of one request."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from studio.pages import MemberRequest, attempt
from studio.projects.models import Project
from studio.review import bulk
from studio.review.inbox import JOINED, Filters, batches, keys, ordered, read, readable, reader
from studio.site import site

CARDS_A_PAGE = 60
SHOWN = [("waiting", gettext_lazy("Waiting")), ("decided", gettext_lazy("Decided")), ("all", gettext_lazy("All"))]


class FilterForm(forms.Form):
    """What the inbox shows. Whatever is not understood shows everything that waits."""

    shown = forms.ChoiceField(label=gettext_lazy("Show"), choices=SHOWN, required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=80, widget=forms.TextInput({"dir": "auto"})
    )
    own = forms.BooleanField(label=gettext_lazy("Only where I am named"), required=False)
    flagged = forms.BooleanField(label=gettext_lazy("Only flagged"), required=False)

    def __init__(self, *args: object, projects: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["project"].choices = [("", _("All of them")), *projects]  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """As the inbox takes them."""
        self.is_valid()
        typed = self.cleaned_data
        return Filters(
            shown=typed.get("shown") or "waiting",
            project=typed.get("project", ""),
            words=typed.get("words", "").strip(),
            own=typed.get("own", False),
            flagged=typed.get("flagged", False),
        )


@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    """What waits, or was decided, as a contact sheet."""
    who = reader(request.user)
    projects = Project.objects.filter(organisation__in=who.organisations).order_by("name")
    form = FilterForm(request.GET or None, projects=list(projects.values_list("slug", "name")))
    wanted = form.filters() if form.is_bound else Filters()
    leaf = Paginator(keys(wanted, who), CARDS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "title": _("Inbox"),
        "form": form,
        "leaf": leaf,
        "batches": batches(read(leaf.object_list), who, at=timezone.now()),
        "wanted": wanted,
        "narrowed": wanted != Filters(),
    }
    return render(request, "admin/desk/inbox.html", site.each_context(request) | context)


@require_POST
def approve_together(request: MemberRequest) -> HttpResponse:
    """Approve the chosen pictures of one request, each for itself."""
    seen, who = dict(_seen(request.POST.getlist("seen"))), reader(request.user)
    reviews = list(ordered(readable(who).filter(pk__in=seen), who).select_related(*JOINED))
    done: list[bulk.Approved] = []
    form = forms.Form(request.POST)
    form.is_valid()
    status = attempt(
        form,
        lambda: done.append(bulk.approve_together(actor=request.user, reviews=reviews, seen=seen, at=timezone.now())),
    )
    if status != HTTPStatus.OK:
        for error in form.non_field_errors():
            messages.error(request, str(error))
    for outcome in done:
        _tell(request, outcome)
    return redirect("admin:review_reviewrequest_changelist")


def _seen(values: list[str]) -> list[tuple[UUID, str]]:
    """The chosen reviews with the files that were on the page; what is no such pair chooses nothing."""
    pairs = []
    for value in values:
        key, _colon, sha256 = value.partition(":")
        try:
            pairs.append((UUID(key), sha256))
        except ValueError:
            continue
    return pairs


def _tell(request: MemberRequest, outcome: bulk.Approved) -> None:
    if outcome.count:
        said = ngettext(
            "%(count)s picture is approved, with a decision of its own.",
            "%(count)s pictures are approved, each with a decision of its own.",
            outcome.count,
        )
        messages.success(request, said % {"count": outcome.count})
    for refusal in outcome.refusals:
        messages.warning(request, refusal)


urlpatterns = [path("desk/reviews/approve/", site.admin_view(approve_together), name="approve-together")]
