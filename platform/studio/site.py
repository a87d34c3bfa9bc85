"""The desk: Django's admin as the place of reviewers, auditors, custodians and administrators.

- Whoever is staff comes in; what they see is decided by the roles they hold now, never by Django's model permissions.
- Registers are read-only: rows change through the same actions as everywhere else, or not at all.
- Its pages alone are allowed `unsafe-eval` and inline styles, which the panel's scripts need; inline scripts nowhere.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from allauth.account.views import logout
from csp.constants import UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import URLPattern, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.dataclasses import Favicon
from unfold.sites import UnfoldAdminSite

from studio.accounts.models import Organisation, Role, RoleGrant, User
from studio.wording import REGISTERS

View = Callable[..., HttpResponseBase]
RELAXED = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}
RECALLERS = (Role.CUSTODIAN, Role.ADMINISTRATOR)
HOLDS = {"desk", "rule-request", "rule-picture"}
QUALITY_READERS = (Role.REVIEWER, Role.AUDITOR, Role.ADMINISTRATOR)
# The tokens of static/studio/css/tokens.css, in the shades that the panel's stylesheet asks for.
PAPER = {
    "50": "#f3f1ec", "100": "#e9e6de", "200": "#d9d4c9", "300": "#cbc4b6", "400": "#a39b8d", "500": "#6e675d",
    "600": "#524c44", "700": "#3a3630", "800": "#2a2723", "900": "#1d1b19", "950": "#121110",
}  # fmt: skip
SEAL = {
    "50": "#fdf3f0", "100": "#fbe2db", "200": "#f6c3b6", "300": "#f09b86", "400": "#ff7d60", "500": "#ee6a4e",
    "600": "#b92d16", "700": "#9c2511", "800": "#7d2112", "900": "#641e13", "950": "#380c06",
}  # fmt: skip


class Desk(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """The admin site. `pages` are the addresses that apps add to it beside their registers."""

    index_title = _("Desk")
    site_title = "Imprimatur"

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[URLPattern] = []

    def extra_urls(self) -> list[URLPattern]:
        """The apps' own pages; the panel asks for them by this name."""
        return self.pages

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Every page of the panel, under its own content policy."""
        relaxed: View = csp_update(RELAXED)(super().admin_view(view, cacheable))
        return relaxed

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The one sign-in of the product; somebody signed in who is not staff is told so."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied(gettext("The desk is for reviewers, auditors, custodians and administrators."))
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"), str(settings.LOGIN_URL))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        """The one sign-out, from the panel's own menu."""
        answer: HttpResponseBase = require_POST(logout)(request)
        return answer

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The one place where a password is changed."""
        return redirect("account")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The desk opens on what waits."""
        return redirect("admin:desk")

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """The product's colours, and a navigation of what this person may see."""
        context: dict[str, Any] = super().each_context(request)
        context["colors"] = {**context["colors"], "base": PAPER, "primary": SEAL}
        seal = static("studio/seal.svg")
        context["site_icon"] = seal
        context["site_favicons"] = [Favicon(href=seal, rel="icon", type="image/svg+xml")]
        context["styles"] = [static("studio/css/tokens.css"), static("studio/css/desk.css")]
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """What waits first, then the registers by app."""
        work = [
            {"title": gettext("Held"), "icon": "pan_tool", "link": reverse("admin:desk"), "active": _at_holds},
            {"title": gettext("Inbox"), "icon": "inbox", "link": reverse("admin:review_reviewrequest_changelist")},
            {
                "title": gettext("What I decided"),
                "icon": "fact_check",
                "link": reverse("admin:decided"),
                "permission": lambda asking: holds_one(asking, (Role.REVIEWER,)),
            },
            {
                "title": gettext("How well the screens do"),
                "icon": "monitoring",
                "link": reverse("admin:quality"),
                "permission": lambda asking: holds_one(asking, QUALITY_READERS),
            },
            {
                "title": gettext("Stages of review"),
                "icon": "rule",
                "link": reverse("admin:review-plans"),
                "permission": lambda asking: holds_one(asking, QUALITY_READERS),
            },
            {
                "title": gettext("Recalls"),
                "icon": "undo",
                "link": reverse("admin:recalls"),
                "permission": lambda asking: holds_one(asking, RECALLERS),
            },
        ]
        groups = [{"title": gettext("Waiting"), "items": self._get_navigation_items(request, work)}]
        for app in self.get_app_list(request):
            rows = [
                {"title": REGISTERS[row["object_name"]], "icon": "table_rows", "link": row["admin_url"]}
                for row in app["models"]
                if row["object_name"] != "ReviewRequest"
            ]
            items = self._get_navigation_items(request, rows)
            groups.append({"title": app["name"], "items": items, "collapsible": True, "separator": True})
        return groups


def _at_holds(request: HttpRequest) -> bool:
    """Whether the page is about what is held; the address of every page of the desk begins like theirs."""
    return request.resolver_match is not None and request.resolver_match.url_name in HOLDS


site = Desk()


def person(request: HttpRequest) -> User:
    """Who is at the desk; the panel has let nobody else so far."""
    return cast(User, request.user)


def organisations_as(user: User, roles: Sequence[str]) -> models.QuerySet[Organisation]:
    """The organisations in which `user` holds one of `roles`; all of them for the operator of the installation."""
    if user.is_superuser:
        return Organisation.objects.all()
    return Organisation.objects.filter(
        memberships__user=user, memberships__grants__role__in=roles, memberships__user__is_active=True
    ).distinct()


def holds_one(request: HttpRequest, roles: Sequence[str]) -> bool:
    """Whether the person holds one of `roles` anywhere. The panel asks dozens of times a page; the database, once."""
    user, kept = person(request), vars(request)
    if user.is_superuser:
        return True
    if "roles_held" not in kept:
        grants = RoleGrant.objects.filter(membership__user=user, membership__user__is_active=True)
        kept["roles_held"] = frozenset(grants.values_list("role", flat=True))
    return not kept["roles_held"].isdisjoint(roles)
