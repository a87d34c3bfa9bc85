"""The check of the books as a job: slices, a result that is kept, what is wrong by name, and a timetable."""

from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.accounts.models import Organisation
from studio.audit import inspecting
from studio.audit.inspecting import ask_inspection, due, left_over
from studio.audit.models import Inspection
from studio.jobs.models import Picture
from tests.studio.files import signed_file

pytestmark = pytest.mark.django_db


def made(inspection: Inspection, now: datetime) -> Inspection:
    while inspecting.inspect(inspection.pk, at=now):
        pass
    inspection.refresh_from_db()
    assert inspection.finished
    return inspection


def test_books_that_agree(
    books: Organisation, people: SimpleNamespace, browse: Callable[[str], Client], now: datetime
) -> None:
    client, where = browse("auditor"), reverse("integrity", args=[books.pk])
    assert "Nobody has checked these books yet." in client.get(where).content.decode()
    client.post(where)
    client.post(where)
    (inspection,) = Inspection.objects.all()
    assert "recomputed from its first entry" in client.get(where).content.decode()
    done = made(inspection, now)
    assert (done.found, done.looked, done.entries) == (0, 2, pipeline.log_size(books.log))
    page = client.get(where).content.decode()
    assert "Everything agrees" in page
    assert f"Verified to entry {done.entries}" in page


def test_what_disagrees_is_named(
    books: Organisation, released: Picture, people: SimpleNamespace, browse: Callable[[str], Client], now: datetime
) -> None:
    signed_file(released.sha256).unlink()
    Picture.objects.filter(pk=released.pk).update(state="REJECTED")
    done = made(ask_inspection(actor=people.auditor, organisation=books, at=now), now)
    assert done.found == 2
    page = browse("auditor").get(reverse("integrity", args=[books.pk])).content.decode()
    assert "2 disagreements" in page
    assert "Files missing or changed" in page
    assert f"The file {released.sha256} is missing" in page
    assert "a picture does not stand where its last entry says." in page
    assert "is REJECTED, which its last entry" in page


def test_slices_and_a_worker_that_died(books: Organisation, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "SLICE_SECONDS", 0.0)
    inspection = ask_inspection(actor=None, organisation=books, at=now)
    assert inspecting.inspect(inspection.pk, at=now)
    assert inspecting.inspect(inspection.pk, at=now)
    inspection.refresh_from_db()
    assert inspection.looked == 1
    Inspection.objects.filter(pk=inspection.pk).update(lease=now + timedelta(minutes=1))
    assert not inspecting.inspect(inspection.pk, at=now), "somebody else holds it"
    later = now + timedelta(hours=1)
    assert left_over(now=later) == [inspection.pk]
    done = made(inspection, later)
    assert (done.looked, done.found) == (2, 0)


def test_a_ledger_that_cannot_be_read(books: Organisation, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object) -> None:
        raise pipeline.LedgerUnavailableError("it does not answer")

    monkeypatch.setattr(pipeline, "log_size", unreachable)
    done = made(ask_inspection(actor=None, organisation=books, at=now), now)
    assert "could not be read" in done.fault


def test_the_timetable(books: Organisation, now: datetime) -> None:
    assert due(now=now) == [books]
    made(ask_inspection(actor=None, organisation=books, at=now), now)
    assert due(now=now + timedelta(hours=23)) == []
    assert due(now=now + timedelta(hours=25)) == [books]
