"""The pages about policies: who sees and does what, that forms make the policy they say, and what the checks answer."""

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studio import limits
from studio.operations.sample import Sample
from studio.policies import asking, rehearsing
from studio.policies.actions import preview, propose_draft
from studio.policies.models import PolicyDraft, Rehearsal
from studio.policies.scope import Scope
from studio.projects.models import Campaign, PolicyVersion
from tests.studio.policies import begin, enact, rehearse

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def here(sample: Sample) -> Scope:
    """The sample's project."""
    return Scope(sample.organisation, sample.project)


@pytest.fixture
def draft(here: Scope, now: datetime) -> PolicyDraft:
    """A draft of the sample's administrator, from what is in force."""
    return begin(here, now, start="in-force")


@pytest.fixture
def author(browse: Callable[[str], Client]) -> Client:
    """The administrator's browser."""
    return browse("administrator")


def at(name: str, draft: PolicyDraft) -> str:
    return reverse(f"policy-draft{name}", args=[draft.pk])


def answer_all() -> None:
    """What the control worker would do for every question that waits."""
    for key in list(cache._cache):  # type: ignore[attr-defined]  # the test's own locmem cache
        if ":question-" in key:
            assert asking.answer(UUID(key.rpartition("question-")[2]), at=timezone.now())


def form_of(page: str) -> dict[str, str | list[str]]:
    """What a browser would send of the edit form, unchanged."""
    sent: dict[str, str | list[str]] = {}
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        assert chosen, name
        sent[name] = chosen[1]
    for name in ("languages", "may_relax"):
        sent[name] = re.findall(rf'name="{name}" value="([^"]+)"[^>]* checked', page)
    name = re.search(r'name="name" value="([^"]+)"', page)
    assert name
    return {**sent, "name": name[1]}


def test_a_draft_is_begun_from_a_sector(author: Client, here: Scope) -> None:
    page = author.get(here.address)
    assert "Health. Bodies, wounds" in page.content.decode()
    answer = author.post(here.address, {"start": "health"})
    draft = PolicyDraft.objects.get(state="OPEN")
    assert answer.headers["Location"] == at("-edit", draft)
    assert draft.own["name"] == "health"
    assert author.post(here.address, {"start": "piracy"}).status_code == 422


def test_saving_an_untouched_form_changes_nothing(author: Client, draft: PolicyDraft) -> None:
    before, seen = draft.own, preview(draft).digest
    page = author.get(at("-edit", draft)).content.decode()
    assert author.post(at("-edit", draft), form_of(page)).status_code == 302
    draft.refresh_from_db()
    assert draft.own == before
    assert preview(draft).digest == seen


def test_grades_become_bounds(author: Client, draft: PolicyDraft) -> None:
    sent = form_of(author.get(at("-edit", draft)).content.decode())
    sent |= {
        "prompt.ip_style.annotate": "0.5",
        "prompt.ip_style.review": "0.3",
        "prompt.ip_style.block": "0.97",
        "prompt.self_harm.watch": "on",
        "label": "simulation",
    }
    author.post(at("-edit", draft), sent)
    draft.refresh_from_db()
    stage = draft.own["stages"]["prompt"]
    # A note from a surer sign than the question has nothing left to do.
    assert stage["ip_style"] == {"annotate_at": None, "review_at": 0.3, "block_at": 0.97, "mode": "enforce"}
    assert stage["self_harm"]["mode"] == "shadow"
    assert draft.label == "simulation"
    page = author.get(at("", draft)).content.decode()
    assert "Refused when it is beyond doubt; a reviewer is asked at a faint sign." in page
    assert "SIMULATION band" in page


def test_words_come_and_go(author: Client, draft: PolicyDraft) -> None:
    word = {"kind": "allow", "word": "machete", "category": "violence_graphic", "language": "en", "reason": "A tool."}
    assert author.post(at("-terms", draft), word | {"expires": "2027-06-30"}).status_code == 302
    draft.refresh_from_db()
    (term,) = draft.own["terms"]
    assert (term["expires"], term["owner"]) == ("2027-06-30T23:59:59+00:00", "administrator")
    page = author.get(at("-terms", draft)).content.decode()
    assert "It has no effect: the policy above" in page
    assert author.post(at("-terms", draft), word | {"word": "..."}).status_code == 422
    assert author.post(at("-terms", draft), {"remove": "0", "meant": "hoe"}).status_code == 404
    assert author.post(at("-terms", draft), {"remove": "-1", "meant": "machete"}).status_code == 404
    author.post(at("-terms", draft), {"remove": "0", "meant": "machete"})
    draft.refresh_from_db()
    assert draft.own["terms"] == []


def test_examples_come_and_go(author: Client, draft: PolicyDraft) -> None:
    lines = {"expect": "allow", "language": "en", "texts": "a nurse\n\n a farmer \na nurse"}
    author.post(at("-examples", draft), lines)
    draft.refresh_from_db()
    assert [row["text"] for row in draft.examples] == ["a nurse", "a farmer"]
    author.post(at("-examples", draft), {**lines, "expect": "stop", "texts": "a nurse"})
    draft.refresh_from_db()
    assert [(row["text"], row["expect"]) for row in draft.examples] == [("a farmer", "allow"), ("a nurse", "stop")]
    author.post(at("-examples", draft), {"remove": "0", "meant": "a farmer"})
    draft.refresh_from_db()
    assert [row["text"] for row in draft.examples] == ["a nurse"]


def test_who_sees_a_draft(draft: PolicyDraft, browse: Callable[[str], Client], outsider: Client) -> None:
    for role, status in {
        "administrator": 200,
        "reviewer": 200,
        "auditor": 200,
        "creator": 404,
        "custodian": 404,
    }.items():
        assert browse(role).get(at("", draft)).status_code == status, role
    assert outsider.get(at("", draft)).status_code == 404
    # An auditor reads; what is tried or moved is not theirs.
    assert browse("auditor").post(at("-move", draft), {"verb": "rehearse"}).status_code == 403
    assert browse("auditor").post(at("-bench", draft), {"prompt": "a nurse", "language": "en"}).status_code == 403
    untouched = form_of(browse("administrator").get(at("-edit", draft)).content.decode())
    assert browse("reviewer").post(at("-edit", draft), untouched).status_code == 403
    assert browse("reviewer").post(at("-move", draft), {"verb": "discard"}).status_code == 403
    assert browse("administrator").post(at("-move", draft), {"verb": "explode"}).status_code == 404


def test_from_proposal_to_history(
    author: Client, browse: Callable[[str], Client], draft: PolicyDraft, here: Scope, now: datetime
) -> None:
    reviewer = browse("reviewer")
    author.post(at("-move", draft), {"verb": "propose"})
    assert "policy to approve, for Harvest and health" in reviewer.get("/").content.decode()
    page = reviewer.get(at("", draft)).content.decode()
    assert "disabled>Approve and publish" in page
    assert author.post(at("-publish", draft), {"seen_digest": preview(draft).digest}).status_code == 403
    answer = reviewer.post(at("-publish", draft), {"seen_digest": preview(draft).digest})
    assert answer.status_code == 422
    assert "Rehearse it first" in answer.content.decode()
    sent_back = reviewer.post(at("-move", draft), {"verb": "return", "reason": " "})
    assert "Say what should be changed." in sent_back.content.decode()
    assert reviewer.post(at("-move", draft), {"verb": "rehearse"}).status_code == 302
    assert Rehearsal.objects.get(draft=draft).finished is not None
    done = reviewer.post(at("-publish", draft), {"seen_digest": preview(draft).digest})
    version = PolicyVersion.objects.get(draft=draft)
    assert done.headers["Location"] == reverse("policy-version", args=[version.pk])
    for role in ("auditor", "creator"):
        history = browse(role).get(reverse("project-policy-history", args=[here.project.pk])).content.decode()  # type: ignore[union-attr]
        assert "Written by administrator, approved by reviewer" in history
        assert "On its way into the ledger" in history
        assert browse(role).get(done.headers["Location"]).status_code == 200


def test_a_failing_example_asks_the_approver_for_a_reason(
    browse: Callable[[str], Client], here: Scope, now: datetime
) -> None:
    draft = begin(here, now, examples=[{"text": "a farmer in a field", "expect": "block", "language": "en"}])
    rehearse(draft, now)
    propose_draft(actor=draft.author, draft=draft, at=now)
    reviewer = browse("reviewer")
    page = reviewer.get(at("", draft)).content.decode()
    assert "1 of 1 examples do not come out as they must" in page
    refused = reviewer.post(at("-publish", draft), {"seen_digest": preview(draft).digest})
    assert "1 example does not come out as it must" in refused.content.decode()
    accepted = reviewer.post(
        at("-publish", draft), {"seen_digest": preview(draft).digest, "exception": "It is wrong itself."}
    )
    shown = reviewer.get(accepted.headers["Location"]).content.decode()
    assert "It is wrong itself. (reviewer)" in shown


def test_two_versions_compared(browse: Callable[[str], Client], here: Scope, now: datetime) -> None:
    first = here.in_force()
    assert first is not None
    own = {**first.own, "name": "Stricter"}
    own["stages"] = {**own["stages"], "prompt": {**own["stages"]["prompt"]}}
    own["stages"]["prompt"]["photoreal_child"] = {
        "annotate_at": None,
        "review_at": 0.3,
        "block_at": None,
        "mode": "enforce",
    }
    second = enact(here, own, now)
    page = (
        browse("auditor").get(reverse("policy-version", args=[second.pk]), {"against": str(first.pk)}).content.decode()
    )
    assert "A reviewer is asked at a faint sign." in page
    assert "stricter" in page
    back = (
        browse("auditor").get(reverse("policy-version", args=[first.pk]), {"against": str(second.pk)}).content.decode()
    )
    assert "looser" in back
    assert "Superseded" in back


def test_the_bench_shows_both(author: Client, draft: PolicyDraft) -> None:
    asked = author.post(at("-bench", draft), {"prompt": "a nurse at work", "language": "en"}, headers=HTMX)
    where = asked.content.decode().partition('hx-get="')[2].partition('"')[0]
    assert "Looking" in author.get(where, headers=HTMX).content.decode()
    answer_all()
    page = author.get(where, headers=HTMX).content.decode()
    assert "In force" in page
    assert "This draft" in page
    assert "Both come to the same answer" in page
    # Without scripts the same answer stands on the draft's whole page.
    assert "Both come to the same answer" in author.get(where).content.decode()
    empty = author.post(at("-bench", draft), {"prompt": "", "language": "en"}, headers=HTMX)
    assert "Write something, or choose a picture." in empty.content.decode()


def test_the_create_page_checks_while_one_writes(
    browse: Callable[[str], Client], campaign: Campaign, outsider: Client, caplog: pytest.LogCaptureFixture
) -> None:
    creator, where = browse("creator"), reverse("policy-check", args=[campaign.pk])
    typed = {"prompt": "news photograph of an invented flood", "language": "en", "model": "no key"}
    assert outsider.post(where, typed).status_code == 404
    assert browse("reviewer").post(where, typed).status_code == 403
    assert creator.post(where, {"prompt": " "}).content.decode().strip() == ""
    look = creator.post(where, typed).content.decode().partition('hx-get="')[2].partition('"')[0]
    answer_all()
    page = creator.get(look).content.decode()
    assert "What you can change" in page
    assert "Say that it is an illustration or a drill" in page
    assert "score" not in page
    assert "Reference:" not in page
    assert "invented flood" not in caplog.text
    silent = creator.get(reverse("policy-check-answer", args=[campaign.pk, UUID(int=5)]), {"look": "45"})
    assert "Your words are screened in any case" in silent.content.decode()


def test_the_check_is_rationed(
    browse: Callable[[str], Client], campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "TRIALS_A_MINUTE", 2)
    monkeypatch.setattr(limits, "clock", lambda: 1000.0)
    creator, where = browse("creator"), reverse("policy-check", args=[campaign.pk])
    assert [creator.post(where, {"prompt": "a nurse"}).status_code for _ in range(3)] == [200, 200, 429]
    assert creator.post(where, {"prompt": "a nurse"}).headers["Retry-After"] == "20"


def test_a_running_rehearsal_shows_how_far_it_is(author: Client, here: Scope, now: datetime) -> None:
    draft = begin(here, now, examples=[{"text": "a farmer", "expect": "allow", "language": "en"}])
    author.post(at("-move", draft), {"verb": "rehearse"})
    assert "It is being rehearsed" in author.get(at("", draft)).content.decode()
    assert author.get(at("-rehearsal", draft), headers=HTMX).status_code == 200
    rehearsing.rehearse(Rehearsal.objects.get(draft=draft).pk, at=now)
    over = author.get(at("-rehearsal", draft), headers=HTMX)
    assert (over.status_code, over.headers["HX-Refresh"]) == (204, "true")


def test_a_category_of_ones_own_is_told_by_sentences_tried_at_once_and_taken_out(
    author: Client, draft: PolicyDraft
) -> None:
    where = at("-categories", draft)
    sentences = ["a soldier in the uniform of the border guard", "border guards on parade", "a border guard officer"]
    typed = {"label": "Border guard", "action": "review", "likeness": "0.6", "texts": "\n".join(sentences)}
    assert author.post(where, {**typed, "texts": "only one"}).status_code == 422
    assert author.post(where, typed).status_code == 302
    draft.refresh_from_db()
    assert draft.own["custom"] == [{"category": "custom:border-guard", "label": "Border guard", "examples": sentences}]
    page = author.get(where).content.decode()
    assert "Ask a reviewer where it says about the same" in page
    assert at("-bench", draft) in page
    author.post(at("-bench", draft), {"prompt": "an officer of the border guard", "language": "en"}, headers=HTMX)
    question = UUID(next(key for key in cache._cache if ":question-" in key).rpartition("question-")[2])  # type: ignore[attr-defined]
    answer_all()
    answer = author.get(reverse("policy-draft-answer", args=[draft.pk, question]), headers=HTMX).content.decode()
    assert "The two come to different answers" in answer
    assert "Border guard" in answer
    assert author.post(where, {"remove": "0", "meant": "custom:other"}).status_code == 404
    assert author.post(where, {"remove": "0", "meant": "custom:border-guard"}).status_code == 302
    draft.refresh_from_db()
    assert draft.own["custom"] == []
    assert "custom:border-guard" not in draft.own["stages"]["prompt"]


def test_only_its_author_gives_a_draft_a_category(draft: PolicyDraft, browse: Callable[[str], Client]) -> None:
    typed = {"label": "X", "action": "block", "likeness": "0.6", "texts": "one of them\ntwo of them\nthree of them"}
    assert browse("reviewer").get(at("-categories", draft)).status_code == 200
    assert browse("reviewer").post(at("-categories", draft), typed).status_code == 403
    assert browse("creator").get(at("-categories", draft)).status_code == 404
