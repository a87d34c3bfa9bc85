"""The register is the ledger, filtered and leafed through; it costs the same however long it is."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from studio import pipeline
from studio.accounts.models import Organisation
from studio.audit.models import Recorded, SavedFilter
from studio.audit.register import ROWS_A_PAGE, leaf
from studio.audit.registering import catch_up
from studio.audit.selecting import RegisterForm, select
from studio.jobs import screening
from studio.jobs.models import Picture
from studio.operations.demonstration import REQUESTS
from studio.projects.models import Campaign
from studio.trail.models import LedgerIntent
from tests.studio.requests import ask

pytestmark = pytest.mark.django_db


def lengthen(organisation: Organisation, rows: int) -> None:
    """Rows after the last one, as a longer log would have them."""
    last = Recorded.objects.filter(organisation=organisation, kind="picture").latest("sequence")
    Recorded.objects.bulk_create(
        Recorded(
            organisation=organisation, sequence=1000 + number, entry=f"{number:036}", kind="picture", at=last.at,
            record=last.record, leaf=last.leaf, picture=last.picture, campaign=last.campaign, model=last.model,
        )
        for number in range(rows)
    )  # fmt: skip


def test_every_entry_is_in_it_once_and_says_what_the_ledger_says(books: Organisation) -> None:
    entries = {str(entry.entry_id): entry for entry in pipeline.entries(books.log)}
    rows = {row.entry: row for row in Recorded.objects.filter(organisation=books)}
    assert rows.keys() == entries.keys()
    for key, row in rows.items():
        entry = entries[key]
        assert (row.sequence, row.kind, row.at, row.leaf) == (entry.sequence, entry.kind, entry.at, entry.leaf)
    assert catch_up(books) == 0


def test_it_can_be_thrown_away_and_comes_out_the_same(books: Organisation) -> None:
    before = list(Recorded.objects.order_by("sequence").values())
    Recorded.objects.all().delete()
    while catch_up(books, most=3):
        pass
    after = list(Recorded.objects.order_by("sequence").values())
    assert [row | {"id": 0} for row in after] == [row | {"id": 0} for row in before]


def test_an_entry_that_nobody_here_caused_stands_in_it_too(books: Organisation, now: datetime) -> None:
    entry = pipeline.entry_id(books.log, "erasure", "elsewhere")
    pipeline.append(
        pipeline.canonical_entry(log=books.log, entry=entry, kind="erasure", at=now, record=None, asset=None, body={})
    )
    assert catch_up(books) == 1
    assert Recorded.objects.get(entry=entry).kind == "erasure"


def test_decisions_blocks_policies_and_models_are_found_by_what_they_are_about(
    books: Organisation, released: Picture, campaign: Campaign, record: Callable[[], int], now: datetime
) -> None:
    refused = ask(campaign, now, prompt=REQUESTS[0])
    assert screening.screen(refused.pk, at=now) == "BLOCKED"
    record()
    job = released.job
    for scope, kinds in {
        ("kind", "block"): {"block"},
        ("outcome", "BLOCKED"): {"block"},
        ("outcome", "APPROVED"): {"decision"},
        ("state", "RELEASED"): {"picture", "decision", "release"},
        ("find", str(released.pk)): {"picture", "decision", "release"},
        ("find", released.release.sha256): {"release"},
        ("campaign", str(campaign.pk)): {"picture", "decision", "release", "block"},
        ("project", str(campaign.project_id)): {"picture", "decision", "release", "block", "policy"},
        ("model", job.model.digest): {"model", "picture", "decision", "release", "block"},
        ("policy", job.policy.digest): {"policy", "picture", "decision", "release", "block"},
        ("maker", str(job.requester.pseudonym)): {"picture", "decision", "release", "block"},
        ("since", f"{now:%Y-%m-%d}"): {"model", "policy", "picture", "decision", "release", "block"},
        ("until", "2001-01-01"): set(),
    }.items():
        assert set(select(books, dict([scope])).values_list("kind", flat=True)) == kinds, scope


def test_pages_meet_without_a_gap(books: Organisation) -> None:
    lengthen(books, 2 * ROWS_A_PAGE + 7)
    rows, seen, before = select(books, {}), list[int](), None
    while True:
        page = leaf(rows, before=before, after=None)
        seen += [row.sequence for row in page.rows]
        if page.older is None:
            break
        before = page.older
        back = leaf(rows, before=None, after=leaf(rows, before=before, after=None).newer)
        assert [row.sequence for row in back.rows] == [row.sequence for row in page.rows]
    assert seen == sorted(rows.values_list("sequence", flat=True), reverse=True)


def test_the_number_of_queries_does_not_grow(
    books: Organisation, browse: Callable[[str], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, where = browse("auditor"), reverse("register", args=[books.pk])
    for query in ("", "?kind=picture", "?state=RELEASED"):
        with django_assert_max_num_queries(20) as few:
            assert client.get(where + query).status_code == 200
        Recorded.objects.filter(sequence__gte=1000).delete()
        lengthen(books, 300)
        with django_assert_max_num_queries(20) as many:
            assert client.get(where + query).status_code == 200
        assert len(many) == len(few)


def test_filters_are_kept_for_oneself(books: Organisation, browse: Callable[[str], Client]) -> None:
    client, where = browse("auditor"), reverse("register", args=[books.pk])
    client.post(reverse("register-save", args=[books.pk]), {"kind": "release", "name": "Releases"})
    client.post(reverse("register-save", args=[books.pk]), {"kind": "decision", "name": "Releases"})
    (saved,) = SavedFilter.objects.all()
    assert saved.scope == {"kind": "decision"}
    assert "?kind=decision" in client.get(where).content.decode()
    client.post(reverse("register-save", args=[books.pk]), {"kind": "decision", "name": ""})
    assert SavedFilter.objects.count() == 1
    client.post(reverse("register-drop", args=[books.pk, saved.pk]))
    assert not SavedFilter.objects.exists()


def test_a_filter_that_does_not_hold_is_said_to(books: Organisation, browse: Callable[[str], Client]) -> None:
    page = browse("auditor").get(reverse("register", args=[books.pk]), {"find": "nothing", "kind": "picture"})
    assert "copy one whole" in page.content.decode()
    assert "<tbody>" not in page.content.decode()
    asked = browse("auditor").post(f"{reverse('reports', args=[books.pk])}?kind=x", {"form": "csv", "level": "full"})
    assert asked.status_code == 422
    form = RegisterForm({"since": "2026-02-02", "until": "2026-02-01"}, organisation=books)
    assert not form.is_valid()
    assert "It lies before the first day." in form.errors["until"]


def test_it_is_read_where_the_ledger_cannot_be(
    books: Organisation, browse: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch, released: Picture
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise pipeline.LedgerUnavailableError("it does not answer")

    for name in ("log_size", "entries_about", "log_standing"):
        monkeypatch.setattr(pipeline, name, unreachable)
    client = browse("auditor")
    assert "cannot be read at present" in client.get(reverse("register", args=[books.pk])).content.decode()
    assert "cannot be read at present" in client.get(reverse("dossier", args=[released.pk])).content.decode()
    assert "cannot be read at present" in client.get(reverse("integrity", args=[books.pk])).content.decode()


def test_the_dossier_tells_the_whole_story(
    books: Organisation, released: Picture, browse: Callable[[str], Client], people: SimpleNamespace, now: datetime
) -> None:
    pipeline.checkpoint(books.log, books.slug, now=now)
    page = browse("auditor").get(reverse("dossier", args=[released.pk])).content.decode()
    for words in (
        "2 pictures were asked for.", "The words: screened.", "Not screened:", "The picture was made by a machine",
        "signed with the organisation’s key", "It was submitted for approval.", "A plain blue picture.",
        "Somebody who had no part in making it approved it.", "It was released",
    ):  # fmt: skip
        assert words in page, words
    for digest in (released.sha256, released.release.sha256, released.recipe_digest, released.job.policy.digest):
        assert digest in page
    for intent in LedgerIntent.objects.filter(record=released.record):
        assert str(intent.entry) in page
        assert intent.leaf in page
        proof = pipeline.proof(books.log, intent.sequence or 0)
        assert proof is not None
        assert all(step in page for step in proof.steps)
    assert 'Unchanged since it was signed <code class="quiet">intact</code>' in page
    assert 'Made by a model that was trained <code class="quiet">trainedAlgorithmicMedia</code>' in page
    assert 'published <code class="quiet">c2pa.published</code>' in page
    assert "woman farmer" not in page
    printed, _, people_part = page.partition("Who is who")
    assert f">{people.reviewer.username}<" not in printed
    assert people.reviewer.username in people_part


def test_what_used_a_model_and_which_key_signed(
    books: Organisation, released: Picture, browse: Callable[[str], Client], record: Callable[[], int], now: datetime
) -> None:
    from studio.jobs.keys import witness_keys

    page = browse("auditor").get(reverse("model-uses", args=[released.job.model_id])).content.decode()
    assert "Rainy season" in page
    assert "Release: 1" in page
    keys = browse("auditor").get(reverse("keys", args=[books.pk])).content.decode()
    assert "its first use is not on record" in keys
    witness_keys(books, at=now)
    record()
    keys = browse("auditor").get(reverse("keys", args=[books.pk])).content.decode()
    assert "2 pictures" in keys
    assert "1 release" in keys
    assert pipeline.key_standing(books.slug, now=now).key_id in keys


PAGES = ("register", "integrity", "integrity-progress", "keys", "reports")


def test_makers_reviewers_and_outsiders_stay_out(
    books: Organisation, released: Picture, browse: Callable[[str], Client], outsider: Client
) -> None:
    places = [reverse(name, args=[books.pk]) for name in PAGES]
    places += [reverse("dossier", args=[released.pk]), reverse("model-uses", args=[released.job.model_id])]
    for where in places:
        assert Client().get(where).headers["Location"].startswith("/login/"), where
        assert outsider.get(where).status_code == 404, where
        for role in ("creator", "reviewer", "custodian", "administrator"):
            assert browse(role).get(where).status_code == 403, (where, role)
        assert browse("auditor").get(where).status_code == 200, where
    assert browse("creator").get(reverse("books")).status_code == 200
    assert browse("auditor").get(reverse("books")).headers["Location"] == reverse("register", args=[books.pk])
