"""`manage.py provenance_check` names whatever is altered behind its back."""

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from studio import blobs, pipeline, stores
from studio.audit.tasks import clear_strays
from studio.jobs import screening
from studio.jobs.models import Job, Picture
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.models import Release, ReviewDecision, ReviewRequest
from studio.trail.models import LedgerIntent
from tests.studio.files import signed_file
from tests.studio.making import make
from tests.studio.once import Once
from tests.studio.requests import ask
from tests.studio.test_loop import released


@pytest.fixture
def picture(campaign: Campaign, sample: Sample, now: datetime, once: Once) -> Picture:
    """A released picture in an installation that agrees with itself."""

    def publish() -> None:
        released(campaign, sample, now)
        signed = pipeline.checkpoint(sample.organisation.log, sample.organisation.slug, now=now)
        stores.write_whole(pipeline.checkpoint_path(sample.organisation.slug), signed.encode())
        assert "agree" in check()

    once("released and under a checkpoint", publish)
    return Picture.objects.get()


def check(*, outside: Path | None = None) -> str:
    """What the command prints; raises CommandError when it finds something."""
    out = StringIO()
    try:
        call_command("provenance_check", stdout=out, outside=outside)
    except CommandError as error:
        raise CommandError(out.getvalue() or str(error)) from error
    return out.getvalue()


def ledger_sql(settings: LazySettings, statement: str, *values: object) -> None:
    """Alter the ledger as somebody with its file, or its owner's password, could: triggers out of the way first."""
    if settings.LEDGER_URL.startswith("sqlite"):
        with sqlite3.connect(settings.LEDGER_URL.removeprefix("sqlite:///")) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f'DROP TRIGGER "{name}"')
            connection.execute(statement.replace("%s", "?"), values)
        return
    with psycopg.connect(settings.LEDGER_URL) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement, values)


def test_an_altered_ledger_row_is_named(picture: Picture, settings: LazySettings) -> None:
    intent = LedgerIntent.objects.get(row=str(picture.pk))
    altered = bytes(intent.canonical).replace(picture.sha256.encode(), b"0" * 64)
    ledger_sql(settings, "UPDATE ledger_entry SET canonical = %s WHERE entry_id = %s", altered, str(intent.entry))
    with pytest.raises(CommandError, match=str(intent.entry)):
        check()


def test_a_deleted_ledger_row_is_named(picture: Picture, settings: LazySettings) -> None:
    intent = LedgerIntent.objects.get(row=str(picture.release.pk))
    ledger_sql(settings, "DELETE FROM ledger_entry WHERE entry_id = %s", str(intent.entry))
    with pytest.raises(CommandError, match=str(intent.entry)):
        check()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [_flip, Path.unlink])
def test_an_altered_or_missing_file_is_named(picture: Picture, harm: Callable[[Path], None]) -> None:
    harm(signed_file(picture.sha256))
    with pytest.raises(CommandError, match=rf"{picture.record}: The file {picture.sha256}"):
        check()


@pytest.mark.parametrize(
    "state", ["RECORDED", "REJECTED", "WITHDRAWN", "APPROVED", "IN_REVIEW", "DISCARDED", "CHECKED"]
)
def test_an_altered_state_is_named(picture: Picture, state: str) -> None:
    Picture.objects.filter(pk=picture.pk).update(state=state)
    entry = pipeline.entries_about(picture.record)[-1].entry_id
    with pytest.raises(CommandError, match=rf"\[6\] entry {entry}: {picture.record} is {state}"):
        check()


def test_an_altered_row_is_named(picture: Picture) -> None:
    other = blobs.put(blobs.get(picture.release.sha256))
    Picture.objects.filter(pk=picture.pk).update(sha256=other)
    entry = pipeline.entries_about(picture.record)[0].entry_id
    with pytest.raises(CommandError, match=rf"\[1\] entry {entry}: records another file"):
        check()


def test_a_blocked_request_brought_back_is_named(picture: Picture, campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now, prompt=REQUESTS[0])
    assert screening.screen(job.pk, at=now) == "BLOCKED"
    Job.objects.filter(pk=job.pk).update(state="QUEUED")
    with pytest.raises(CommandError, match=rf"\[6\] request {job.pk}: is QUEUED, but the ledger says that it ended"):
        check()


def test_an_approval_by_a_maker_is_named(picture: Picture, sample: Sample) -> None:
    ReviewDecision.objects.update(reviewer=sample.people["creator"])
    with pytest.raises(CommandError, match=r"\[7\] decision"):
        check()


def test_an_old_ledger_is_found_against_the_outside_checkpoint(picture: Picture, settings: LazySettings) -> None:
    ledger_sql(settings, "DELETE FROM ledger_entry WHERE kind = 'release'")
    LedgerIntent.objects.filter(kind="release").delete()
    with pytest.raises(CommandError, match=r"\[2\]"):
        check()


def test_a_ledger_that_agrees_with_itself_is_found_against_a_copy_from_elsewhere(
    picture: Picture, sample: Sample, settings: LazySettings, tmp_path: Path
) -> None:
    place = pipeline.checkpoint_path(sample.organisation.slug)
    with pytest.raises(CommandError, match="copy the checkpoints' folder whole"):
        check(outside=tmp_path)
    copy = tmp_path / place.name
    copy.write_bytes(place.read_bytes())
    assert "agree" in check(outside=tmp_path)
    place.unlink()
    ledger_sql(settings, "DELETE FROM ledger_checkpoint")
    assert "agree" in check(), "nothing here can show it"
    with pytest.raises(CommandError, match="kept elsewhere was taken out of here"):
        check(outside=tmp_path)


def test_an_entry_that_nobody_here_caused_is_named(picture: Picture, sample: Sample, now: datetime) -> None:
    entry, log = uuid4(), sample.organisation.log
    record = f"urn:uuid:{uuid4()}"
    pipeline.append(
        pipeline.canonical_entry(log=log, entry=entry, kind="erasure", at=now, record=record, asset=None, body={})
    )
    with pytest.raises(CommandError, match=rf"\({entry}\): no row here caused it\n.*{record} has no row here"):
        check()


def test_a_swapped_release_is_named(picture: Picture) -> None:
    Release.objects.update(sha256=picture.sha256)
    entry = pipeline.entries_about(picture.record)[-1].entry_id
    with pytest.raises(CommandError, match=rf"\[1\] entry {entry}: records another file than"):
        check()


def test_a_deleted_release_is_named(picture: Picture) -> None:
    Release.objects.all().delete()
    with pytest.raises(CommandError, match=rf"\[3\] entry .*: the release of {picture.record} has no row"):
        check()


def test_a_deleted_picture_is_named(picture: Picture) -> None:
    record = picture.record
    Release.objects.all().delete()
    ReviewDecision.objects.all().delete()
    ReviewRequest.objects.all().delete()
    picture.screenings.all().delete()
    picture.delete()
    with pytest.raises(CommandError, match=rf"\[3\] entry .*: its picture {record} has no row here"):
        check()


def test_another_pictures_file_is_named(picture: Picture, campaign: Campaign, now: datetime) -> None:
    (other,) = make(ask(campaign, now), now)
    Picture.objects.filter(pk=picture.pk).update(sha256=other.sha256)
    with pytest.raises(CommandError, match=rf"\[4\] {picture.record}: its file is that of {other.record}"):
        check()


def test_a_file_nobody_refers_to_is_named_after_a_day_and_cleared(picture: Picture) -> None:
    path = signed_file(blobs.put(b"left behind"))
    assert "agree" in check()
    old = path.stat().st_mtime - 2 * 24 * 3600
    os.utime(path, (old, old))
    with pytest.raises(CommandError, match=rf"\[9\] file {path.name}"):
        check()
    clear_strays.run()
    assert "agree" in check()
