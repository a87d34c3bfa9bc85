"""The reference registry on its page: adding, reading in the worker, finding a copy, taking out, with the trail."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from studio import pipeline, quarantine
from studio.accounts.models import SubjectKey
from studio.audit.integrity import problems
from studio.jobs.models import Screening
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.references import registering
from studio.references.actions import protect
from studio.references.models import Protected
from studio.trail.actions import pending, settle
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.files import sealed_file
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

pytestmark = pytest.mark.django_db
WORDS = {"kind": "logo", "title": "Our star", "why": "Brand guide", "owner": "press office"}


def png(seed: int = 3, *, plain: bool = False) -> bytes:
    """A picture of coloured tiles, or of nothing."""
    tiles = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    pixels = np.full((256, 256, 3), 200, np.uint8) if plain else np.kron(tiles, np.ones((32, 32, 1), np.uint8))
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture
def where(sample: Sample) -> str:
    """The registry's address."""
    return reverse("organisation-references", args=[sample.organisation.pk])


@pytest.fixture
def kept(sample: Sample, people: SimpleNamespace, now: datetime) -> Protected:
    """A protected picture, read and in force."""
    row = protect(
        actor=people.administrator, organisation=sample.organisation, expires=None, data=png(), at=now, **WORDS
    )
    assert registering.register(row.pk, at=now) == "IN_FORCE"
    row.refresh_from_db()
    return row


def send(client: Client, where: str, data: bytes, **changes: str) -> int:
    return client.post(where, {**WORDS, **changes, "picture": SimpleUploadedFile("star.png", data)}).status_code


def test_a_picture_is_handed_in_read_by_the_worker_and_not_kept(
    where: str, browse: Callable[[str], Client], now: datetime
) -> None:
    author = browse("administrator")
    assert send(author, where, png()) == 302
    row = Protected.objects.get()
    sealed = sealed_file(Kind.PROTECTED, row.pk)
    assert sealed.exists()
    assert png()[:200] not in sealed.read_bytes()
    assert "Being read" in author.get(where).content.decode()
    assert registering.register(row.pk, at=now) == "IN_FORCE"
    assert not sealed.exists()
    page = author.get(where).content.decode()
    assert "In force" in page
    assert "Our star" in page
    assert set(AuditRow.objects.filter(verb__startswith="reference.").values_list("verb", flat=True)) == {
        "reference.add",
        "reference.read",
    }


def test_the_ledger_has_a_salted_commitment_and_no_digest_of_the_pixels(kept: Protected, now: datetime) -> None:
    entry = json.loads(bytes(LedgerIntent.objects.get(kind="reference").canonical))
    assert entry["body"]["commitment"] == kept.commitment
    for intent in pending():
        settle(intent, at=now)
    assert not list(problems(now=now))
    digest = kept.reference["sha256"]
    assert kept.commitment == pipeline.commitment(digest, bytes.fromhex(kept.salt))
    text = json.dumps(entry)
    assert digest not in text
    assert "Our star" not in text


def test_a_copy_among_finished_pictures_is_found_until_the_reference_is_taken_out(
    kept: Protected, sample: Sample, where: str, browse: Callable[[str], Client], now: datetime
) -> None:
    with Image.open(io.BytesIO(png())) as image:
        pixels = image.convert("RGB").tobytes()

    def found(at: datetime) -> list[str]:
        screened = pipeline.screen_picture(
            pixels, 256, 256,
            document=sample.project.policies.first().document,  # type: ignore[union-attr]
            references=registering.compared_with(sample.organisation, at=at), decision_id=kept.pk, at=at,
        )  # fmt: skip
        return [f["detail"]["label"] for f in screened.decision["findings"] if f["source"] == "references"]

    assert found(now) == ["Our star"]
    answer = browse("administrator").post(where, {"remove": str(kept.pk)})
    assert answer.status_code == 302
    assert found(now) == []
    kept.refresh_from_db()
    assert (kept.state, kept.reference, kept.salt) == ("REMOVED", {}, "")
    events = [
        json.loads(bytes(one.canonical))["body"]["event"] for one in LedgerIntent.objects.filter(kind="reference")
    ]
    assert sorted(events) == ["added", "removed"]
    assert browse("administrator").post(where, {"remove": str(kept.pk)}).status_code == 409


def test_it_holds_to_the_end_of_its_day(
    kept: Protected, sample: Sample, people: SimpleNamespace, now: datetime, browse: Callable[[str], Client], where: str
) -> None:
    Protected.objects.update(expires=now.date())
    assert registering.compared_with(sample.organisation, at=now).names == (str(kept.pk),)
    assert registering.compared_with(sample.organisation, at=now + timedelta(days=1)).names == ()
    Protected.objects.update(expires=now.date() - timedelta(days=1))
    assert "Ran out" in browse("reviewer").get(where).content.decode()


@pytest.mark.parametrize(
    ("data", "says"),
    [(b"no picture at all", "cannot be read"), (png(plain=True), "too little detail")],
)
def test_what_cannot_be_used_is_refused_by_the_worker_with_a_reason(
    data: bytes, says: str, where: str, browse: Callable[[str], Client], now: datetime
) -> None:
    assert send(browse("administrator"), where, data) == 302
    row = Protected.objects.get()
    assert registering.register(row.pk, at=now) == "REFUSED"
    assert says in browse("administrator").get(where).content.decode()
    assert not LedgerIntent.objects.filter(kind="reference").exists()
    assert not list(quarantine.store().listed("protected/"))


def test_a_file_whose_key_was_erased_is_refused_and_a_lost_message_made_good(
    sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    row = protect(
        actor=people.administrator, organisation=sample.organisation, expires=None, data=png(), at=now, **WORDS
    )
    assert registering.left_over(now=now + timedelta(minutes=1)) == [row.pk]
    SubjectKey.objects.all().delete()
    assert registering.register(row.pk, at=now) == "REFUSED"


def test_administrators_fill_it_reviewers_and_auditors_read_it_nobody_else(
    where: str, browse: Callable[[str], Client], outsider: Client
) -> None:
    for role in ("reviewer", "auditor"):
        page = browse(role).get(where)
        assert page.status_code == 200
        assert "Add a picture" not in page.content.decode()
        assert send(browse(role), where, png()) == 403
    assert browse("creator").get(where).status_code == 403
    assert outsider.get(where).status_code == 404
    yesterday = "2020-01-01"
    assert send(browse("administrator"), where, png(), expires=yesterday) == 422
    assert send(browse("administrator"), where, png(), title="") == 422
    assert not Protected.objects.exists()


def test_a_finished_picture_is_compared_with_what_its_organisation_protects(
    kept: Protected, campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[pipeline.References] = []
    real = pipeline.screen_picture

    def watched(*args: object, references: pipeline.References, **rest: object) -> pipeline.Screened:
        asked.append(references)
        return real(*args, references=references, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "screen_picture", watched)
    print_pictures(ask(campaign, now), now)
    assert [one.names for one in asked] == [(str(kept.pk),)]
    assert Screening.objects.filter(picture__isnull=False).exists()
