"""An auditor changes nothing but their own reports, filters and session, whatever they send to whichever address."""

from collections.abc import Callable
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.apps import apps
from django.core.serializers import serialize
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, converters, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from studio.accounts.models import Organisation
from studio.catalogue.models import Lesson
from studio.jobs.models import Job, Picture
from studio.projects.models import Campaign
from studio.review.models import ReviewRequest
from tests.studio.pages.test_access import addresses

pytestmark = pytest.mark.django_db
METHODS = ("post", "put", "patch", "delete")
# Their own: what an auditor may ask for, keep and end.
OWN = {"reports", "report-cancel", "register-save", "register-drop", "integrity", "logout", "account"}
# Whatever is said to the public may count a turn in the cache, and changes no row.
ROWS_OF_THEIR_OWN = {"sessions.session", "audit.report", "audit.savedfilter", "audit.inspection"}


def everything() -> dict[str, str]:
    """Every row of every table, but the auditor's own."""
    models = [model for model in apps.get_models() if model._meta.label_lower not in ROWS_OF_THEIR_OWN]
    return {
        model._meta.label: serialize("json", model._base_manager.order_by("pk"))
        for model in models
        if model._meta.managed
    }


def test_no_unsafe_method_changes_anything(
    books: Organisation, released: Picture, review: ReviewRequest, job: Job, campaign: Campaign, lesson: Lesson,
    browse: Callable[[str], Client], people: SimpleNamespace,
) -> None:  # fmt: skip
    client = browse("auditor")
    client.raise_request_exception = False
    keys = {
        "organisations": books.pk, "projects": campaign.project_id, "campaigns": campaign.pk, "pictures": released.pk,
        "requests": job.pk, "models": job.model_id, "lessons": lesson.pk, "records": released.pk,
    }  # fmt: skip
    fields = {
        "name": "x", "purpose": "x", "reason": "x", "public_reason": "x", "let_through": "yes", "outcome": "APPROVED",
        "prompt": "a cow", "count": "1", "state": "RELEASED", "role": "administrator", "start": "humanitarian",
        "seen_sha256": released.sha256, "words": "x", "channel": "x", "alt_text": "x", "post": "yes",
    }  # fmt: skip
    before, tried = everything(), 0
    for name, pattern in addresses(get_resolver()):
        if name.endswith(":None") or name in OWN or "logout" in name or not isinstance(pattern, URLPattern):
            continue
        where = _filled(name, pattern, keys)
        if where is None:
            continue
        for method in METHODS:
            answer = getattr(client, method)(where, fields if method == "post" else None)
            assert answer.status_code != 500, (name, method)
            tried += 1
    assert tried > 500
    assert client.get(reverse("register", args=[books.pk])).status_code == 200, "signed in to the end"
    after = everything()
    for label, rows in before.items():
        assert after[label] == rows, label


def _filled(name: str, pattern: URLPattern, keys: dict[str, object]) -> str | None:
    """The address of a name, leading to something that is there where its first part says of what kind it is."""
    if not isinstance(pattern.pattern, RoutePattern):
        kind = {"picture-file": "signed", "rendition-file": "square", "portrayal-file": "json"}.get(name)
        return reverse(name, args=[keys["pictures"], kind]) if kind else None
    route = str(pattern.pattern).split("/")[0]
    found: dict[str, object] = {}
    for key, kind in pattern.pattern.converters.items():
        if isinstance(kind, converters.UUIDConverter):
            found[key] = keys.get(route, UUID(int=0))
        elif isinstance(kind, converters.IntConverter):
            found[key] = 1
        else:
            found[key] = str(keys["pictures"])
    try:
        return reverse(name, kwargs=found)
    except NoReverseMatch:
        # Part of the address is a regular expression of the tree above: allauth's own, for one's own keys.
        return None
