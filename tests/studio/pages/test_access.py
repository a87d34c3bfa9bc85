"""Who gets in where: every address of the product refuses strangers in the right way, under the right policy."""

import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, converters, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from studio.api.models import ApiToken
from studio.catalogue.models import Lesson
from studio.jobs.models import Job, Picture
from studio.projects.models import Campaign
from studio.review.models import ReviewRequest
from studio.review.views import ABOUT
from studio.site import site
from tests.studio.api.program import program_of

# Something of each kind, to fill an address with.
SOMETHING = {
    converters.StringConverter: "thing",
    converters.SlugConverter: "thing",
    converters.PathConverter: "thing",
    converters.IntConverter: 1,
    converters.UUIDConverter: UUID(int=0),
}
PUBLIC_GET = {
    "home",
    "check",
    "account_login",
    "account_reset_password",
    "account_inactive",
    "making",
    "for-programs",
    "robots",
    "alive",
    "ready",
    "metrics",
    "record",
    "colours",
    "picture-file:released",
}
PUBLIC_POST = {"check", "check-json", "language", "account_login", "account_logout"}
MEMBERS_GET = {
    "account",
    "tokens",
    "project",
    "new-campaign",
    "campaign",
    "create",
    "models",
    "model",
    "model-approve",
    "model-withdraw",
    "teach",
    "lesson",
    "lesson-progress",
    "request",
    "request-progress",
    "picture",
    "picture-moved",
    "picture-file:signed",
    "picture-file:process",
    "project-policy",
    "project-policy-history",
    "organisation-policy",
    "organisation-policy-history",
    "policy-version",
    "policy-check-answer",
    "project-label",
    "classifiers",
    "project-portrayals",
    "campaign-portrayals",
    "gallery",
    "picture-small",
    *(f"picture-tab:{tab}" for tab in ABOUT),
    "picture-caption",
    "queue",
    "queue-moves",
    "create-sizes",
    "create-cost",
}
MEMBERS_POST = {
    "picture-star",
    "request-again",
    "token-revoke",
    "create",
    "new-campaign",
    "unknown-words",
    "model-approve",
    "model-withdraw",
    "teach",
    "lesson-cancel",
    "request-appeal",
    "request-cancel",
    "picture-submit",
    "picture-release",
    "picture-rendition",
    "picture-withdraw",
    "project-label",
    "project-policy",
    "organisation-policy",
    "policy-check",
    "project-portrayals",
    "campaign-portrayals",
}
# Shown to those who write, approve or audit policies; test_policies.py shows to whom.
DRAFTS = {
    "policy-draft",
    "policy-draft-edit",
    "policy-draft-terms",
    "policy-draft-categories",
    "policy-draft-examples",
    "policy-draft-move",
    "policy-draft-publish",
    "policy-draft-rehearsal",
    "policy-draft-bench",
    "policy-draft-answer",
}
# The keepers' page, a rendition's own file, administrators' webhooks, what other services and programs ask, protected
# pictures, reports on whom pictures show, the links of outsiders, several pictures at once, the queue's events and the
# auditor's books. What they answer, and to whom, is shown by test_status.py, test_renditions.py, test_resolution.py,
# test_references.py, test_portrayals.py, test_outside.py, test_gallery.py, test_submit_together.py, test_line.py, and
# in webhooks/, api/ and audit/ beside here.
ELSEWHERE = {
    "status",
    "link",
    "webhooks",
    "webhook",
    "webhook-again",
    "rendition-file",
    "resolution",
    "matches-by-binding",
    "matches-by-content",
    "manifest",
    "supported-algorithms",
    "organisation-references",
    "portrayal",
    "portrayal-progress",
    "portrayal-file",
    "portrayal-checklist",
    "outside",
    "outside-file",
    "compare",
    "submit-together",
    "queue-events",
    "books",
    "register",
    "register-save",
    "register-drop",
    "dossier",
    "integrity",
    "integrity-progress",
    "keys",
    "model-uses",
    "reports",
    "report",
    "report-progress",
    "report-cancel",
    "report-file",
}
# Steps of signing in, and of setting up a second step: e2e/test_signing_in.py goes them.
# What administrators do is shown by test_people.py, test_forgetting.py, test_limits.py, test_colours.py,
# ../test_erasing.py and test_first_steps.py.
SIGNING_IN = {
    "invitation",
    "invitation-withdraw",
    "organisation-colours",
    "organisation-limits",
    "organisation-people",
    "organisation-person",
    "organisation-person-erase",
    "organisation-retention",
    "setup",
    "setup-begin",
    "status-workers",
    "account_reauthenticate",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_authenticate",
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_index",
    "mfa_list_webauthn",
    "mfa_login_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
    "openid_connect_callback",
    "openid_connect_login",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
}
# It has nothing for anybody while no picture is taking shape; test_request.py shows whom it answers otherwise.
FLEETING = {"request-preview"}
# Pages that show everybody what is theirs, and so nothing of the sample's to somebody else.
OWN = {"account", "models", "tokens", "gallery", "queue", "queue-moves"}
INLINE = re.compile(r"""<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=[\"']""")
DESK = {
    "desk",
    "rule-request",
    "rule-picture",
    "reveal-picture",
    "approve-together",
    "decided",
    "review-comment",
    "recall-ask",
}


def addresses(resolver: URLResolver, spaces: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern of the product with its full name."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces)
        else:
            yield f"{spaces}{pattern.name}", pattern


@pytest.fixture
def token(people: SimpleNamespace, campaign: Campaign) -> ApiToken | None:
    """A token of the creator's."""
    return program_of(people.creator, campaign.project.organisation).token


@pytest.fixture
def address(job: Job, released: Picture, campaign: Campaign, lesson: Lesson, token: ApiToken) -> Callable[[str], str]:
    """The address of a name, leading to the sample organisation's own things."""
    keys = {
        "project": campaign.project_id,
        "new-campaign": campaign.project_id,
        "campaign": campaign.pk,
        "create": campaign.pk,
        "unknown-words": campaign.pk,
        "create-sizes": campaign.pk,
        "create-cost": campaign.pk,
        "record": released.pk,
        **dict.fromkeys(("model", "model-approve", "model-withdraw", "teach"), job.model_id),
        **dict.fromkeys(("lesson", "lesson-progress", "lesson-cancel"), lesson.pk),
        "project-label": campaign.project_id,
        "project-policy": campaign.project_id,
        "project-policy-history": campaign.project_id,
        "organisation-policy": campaign.project.organisation_id,
        "organisation-people": campaign.project.organisation_id,
        "colours": "0a5c8f",
        "organisation-colours": campaign.project.organisation_id,
        "organisation-limits": campaign.project.organisation_id,
        "organisation-retention": campaign.project.organisation_id,
        "organisation-policy-history": campaign.project.organisation_id,
        "policy-version": job.policy_id,
        "policy-check": campaign.pk,
        "classifiers": campaign.project.organisation_id,
        "project-portrayals": campaign.project_id,
        "campaign-portrayals": campaign.pk,
        "token-revoke": token.pk,
        **dict.fromkeys(("register", "integrity", "keys", "reports"), campaign.project.organisation_id),
        "model-uses": job.model_id,
    }

    def find(name: str) -> str:
        name, _, kind = name.partition(":")
        if kind:
            return reverse(name, args=[released.pk, kind])
        if name in {
            "account",
            "gallery",
            "queue",
            "queue-moves",
            "home",
            "models",
            "check",
            "check-json",
            "account_login",
            "account_logout",
            "account_reset_password",
            "account_inactive",
            "making",
            "robots",
            "alive",
            "ready",
            "metrics",
            "tokens",
            "for-programs",
        }:
            return reverse(name)
        if name == "policy-check-answer":
            return reverse(name, args=[campaign.pk, UUID(int=0)])
        key = keys.get(name) or (job.pk if name.startswith("request") else released.pk)
        return reverse(name, args=[key])

    return find


def test_no_address_is_left_out() -> None:
    named = {name.partition(":")[0] for name in PUBLIC_GET | PUBLIC_POST | MEMBERS_GET | MEMBERS_POST | FLEETING}
    found = {name for name, _ in addresses(get_resolver())}
    assert {
        name for name in found if not name.startswith(("admin:", "api:", "likeness:"))
    } == named | DRAFTS | ELSEWHERE | SIGNING_IN
    assert {name.removeprefix("admin:") for name in found} >= DESK


def test_members_only(address: Callable[[str], str], outsider: Client) -> None:
    for name in MEMBERS_GET | FLEETING:
        where = address(name)
        answer = Client().get(where)
        # A file's address says nothing to a visitor, not even that signing in would help.
        assert answer.status_code == (404 if name.startswith("picture-file") else 302), name
        assert answer.headers.get("Location", "/login/").startswith("/login/"), name
        assert outsider.get(where).status_code == (200 if name in OWN else 404), name


def test_members_only_change_things(address: Callable[[str], str], outsider: Client) -> None:
    for name in MEMBERS_POST:
        where = address(name)
        assert Client().post(where).headers["Location"].startswith("/login/"), name
        assert outsider.post(where).status_code == 404, name
        assert Client(enforce_csrf_checks=True).post(where).status_code == 403, name


def test_members_and_everybody_see_theirs(address: Callable[[str], str], browse: Callable[[str], Client]) -> None:
    for name in MEMBERS_GET:
        assert browse("creator").get(address(name)).status_code == 200, name
    for name in PUBLIC_GET:
        assert Client().get(address(name)).status_code == 200, name


def test_nothing_inline_is_allowed(address: Callable[[str], str], browse: Callable[[str], Client]) -> None:
    for name in PUBLIC_GET | MEMBERS_GET:
        answer = browse("creator").get(address(name))
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy, name
        assert "default-src 'none'" in policy, name
        if answer.headers["Content-Type"].startswith("text/html"):
            assert not INLINE.search(answer.content.decode()), name


def test_crawlers_index_public_pages_only(address: Callable[[str], str]) -> None:
    for name, indexed in {"check": True, "record": True, "home": True, "making": True, "account_login": False}.items():
        assert ('content="noindex"' in Client().get(address(name)).content.decode()) is not indexed, name


def test_no_page_of_the_desk_opens_to_a_stranger(review: ReviewRequest, browse: Callable[[str], Client]) -> None:
    places = ["/admin/jobs/", "/admin/nowhere/"]
    for name, pattern in addresses(get_resolver()):
        if name.startswith("admin:") and isinstance(pattern.pattern, RoutePattern) and not name.endswith(":None"):
            kinds = pattern.pattern.converters.items()
            places.append(reverse(name, kwargs={key: SOMETHING[type(kind)] for key, kind in kinds}))
    assert len(places) > 80
    for where in places:
        for stranger in (Client(), browse("creator")):
            assert stranger.get(where).status_code in {302, 403, 404}, where
            assert stranger.post(where).status_code in {302, 403, 404}, where


def test_the_desk_is_for_staff(review: ReviewRequest, browse: Callable[[str], Client], outsider: Client) -> None:
    places = [
        reverse("admin:desk"),
        reverse("admin:rule-request", args=[review.picture.job_id]),
        reverse("admin:rule-picture", args=[review.picture_id]),
        reverse("admin:review_reviewrequest_change", args=[review.pk]),
    ]
    for place in places:
        assert Client().get(place, follow=True).redirect_chain[-1][0].startswith("/login/"), place
        assert browse("creator").get(place, follow=True).status_code == 403, place
    for place in places[1:]:
        assert outsider.get(place).status_code == 404, place


def test_the_desk_relaxes_its_policy_no_further_than_it_must(browse: Callable[[str], Client], sample: object) -> None:
    policy = browse("reviewer").get(reverse("admin:desk")).headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert "'unsafe-inline'" not in directives["script-src"]
    assert "'unsafe-eval'" in directives["script-src"]
    assert "'unsafe-inline'" in directives["style-src"]


def test_registers_stay_within_the_organisation(
    review: ReviewRequest, browse: Callable[[str], Client], outsider: Client
) -> None:
    for model in site._registry:
        where = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        assert Client().get(where).status_code == 302, where
        assert browse("creator").get(where, follow=True).status_code == 403, where
        page = outsider.get(where)
        assert page.status_code == 200, where
        for own in ("Rainy season", "Sample Aid", "Harvest", str(review.picture_id)):
            assert own not in page.content.decode(), where


def test_readers_of_the_registers(people: SimpleNamespace, rf: RequestFactory) -> None:
    seen = {}
    for role in ("reviewer", "auditor", "administrator"):
        request = rf.get("/admin/")
        request.user = getattr(people, role)
        seen[role] = {model.__name__ for model, desk in site._registry.items() if desk.has_view_permission(request)}
    assert {"AuditRow", "LedgerIntent", "ReviewDecision", "Picture"} <= seen["auditor"]
    assert {"User", "RoleGrant", "AuditRow"} <= seen["administrator"]
    assert not {"User", "AuditRow", "LedgerIntent"} & seen["reviewer"]


@pytest.mark.parametrize("role", ["creator", "reviewer", "auditor", "custodian", "administrator"])
def test_nobody_adds_changes_or_deletes_rows_by_hand(
    role: str, picture: Picture, browse: Callable[[str], Client]
) -> None:
    client = browse(role)
    for model in site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert client.post(f"{reverse(f'{name}_changelist')}add/").status_code in {302, 403, 404}
    where = reverse("admin:jobs_picture_change", args=[picture.pk])
    before = Picture.objects.values().get(pk=picture.pk)
    assert client.post(where, {"state": "RELEASED"}).status_code in {302, 403}
    assert client.post(where.replace("change", "delete"), {"post": "yes"}).status_code in {302, 403}
    assert Picture.objects.values().get(pk=picture.pk) == before
