"""The registers of the desk: read-only lists of rows, and a page for each row, in the reader's words.

- Rows are limited to the organisations in which the reader holds one of the register's roles.
- Nothing is changed here: rows change through the same actions as everywhere else, or not at all.
- What a machine goes by (digests, ids, verbs) stands apart from what people read, and whole.
"""

from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from studio.accounts.models import Role
from studio.rows import CODES, SAID, Row, Words, called, in_words, row_of
from studio.site import holds_one, organisations_as, person
from studio.wording import COLUMNS, REGISTERS, THINGS, thing

SHORT = 12
TRAIL_READERS = (Role.AUDITOR, Role.ADMINISTRATOR)


class Worded(admin.AllValuesFieldListFilter):
    """A filter by a kept word, which is shown in the reader's."""

    def choices(self, changelist: Any) -> Any:
        """As they stand in the rows, but for what is read."""
        kept, words = set(self.lookup_choices), changelist.model_admin.said
        for choice in super().choices(changelist):
            said = choice["display"]
            yield choice if said not in kept else {**choice, "display": in_words(self.field.name, said, words)}


class Register(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """A read-only list of rows of the organisations in which the reader holds one of `readers`.

    `organisation` is the lookup from a row to its organisation's key. `words` say a field's kept values to people,
    beside those that mean the same in every register (`rows.SAID`).
    """

    organisation: ClassVar[str]
    readers: ClassVar[tuple[Role, ...]] = (Role.REVIEWER, Role.AUDITOR, Role.CUSTODIAN, Role.ADMINISTRATOR)
    words: ClassVar[Words] = MappingProxyType({})
    list_display: Any = ("__str__",)
    list_per_page = 50
    show_full_result_count = False

    def __init__(self, model: type[models.Model], admin_site: UnfoldAdminSite) -> None:
        """Rows and fields get their words here, for heads, filters and pages; a migration is about what models say."""
        super().__init__(model, admin_site)
        self.said: Words = {**SAID, **self.words}
        model._meta.verbose_name = THINGS.get(str(model._meta.model_name), model._meta.verbose_name)
        model._meta.verbose_name_plural = REGISTERS.get(model.__name__, model._meta.verbose_name_plural)
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            field.verbose_name = COLUMNS.get(field.name, field.verbose_name)
        self.list_display = tuple(self._column(name) for name in self.list_display)

    def _column(self, name: str) -> str:
        """The name of a column; where its kept values are not for people, that of one which says them."""
        field = next((one for one in self.model._meta.fields if one.name == name), None)
        if field is None or not (field.is_relation or name in self.said or name in CODES):
            return name

        @admin.display(description=field.verbose_name, ordering=name)
        def said(row: models.Model) -> str:
            value = getattr(row, name)
            if name in CODES and name not in self.said:
                return _shortened(str(value))
            return called(value) if isinstance(value, models.Model) else in_words(name, value, self.said)

        setattr(self, f"said_{name}", said)
        return f"said_{name}"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the reader's organisations."""
        rows: models.QuerySet[Any] = super().get_queryset(request)
        own = organisations_as(person(request), self.readers)
        return rows.filter(**{f"{self.organisation}__in": own.values("pk")})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under the name that the navigation has for it."""
        title = REGISTERS[self.opts.object_name]
        answer: HttpResponse = super().changelist_view(request, {"title": title, **(extra_context or {})})
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One row, to read."""
        if request.method not in {"GET", "HEAD"} or not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, unquote(object_id))
        if found is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        context = {
            **self.admin_site.each_context(request),
            "title": thing(self.opts.model_name),
            "register": REGISTERS[self.opts.object_name],
            "list": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "row": self._told(request, found),
            "page": self.page_of(found),
            "trail": trail_of(self.subject_of(found)) if holds_one(request, TRAIL_READERS) else "",
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/desk/row.html", context)

    def page_of(self, row: Any) -> str:
        """The address of the page on which people work with it; empty where there is none."""
        return ""

    def subject_of(self, row: Any) -> object:
        """The key under which the trail knows what the row is about."""
        return row.pk

    def _told(self, request: HttpRequest, row: models.Model) -> Row:
        own = [*self.model._meta.fields, *self.model._meta.many_to_many]
        shown = [one for one in own if not self.fields or one.name in self.fields]
        return row_of(row, shown, words=self.said, link=lambda other: self._link(request, other))

    def _link(self, request: HttpRequest, row: models.Model) -> str:
        """Where another row can be read, if this reader may."""
        register = self.admin_site._registry.get(type(row))
        if register is None or not register.has_view_permission(request):
            return ""
        return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was done to a row stands in the trail, not in the panel's own log."""
        return redirect(trail_of(object_id))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Shown to whoever may read it."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Whether the person holds one of `readers` anywhere; the rows are limited by `get_queryset`."""
        return request.user.is_authenticated and holds_one(request, self.readers)

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Never by hand."""
        return False


def trail_of(key: object) -> str:
    """Where everything stands that was done to a row."""
    return f"{reverse('admin:trail_auditrow_changelist')}?{urlencode({'q': key})}"


def _shortened(code: str) -> str:
    """The beginning of an id or a digest; the row's own page has the whole."""
    if not code:
        return "–"
    return format_html("<code>{}</code>", code if len(code) <= SHORT else f"{code[:SHORT]}…")
