"""The trail: what an audit row says, the exact bytes that an intent commits to, and that an entry is appended once."""

import hashlib
import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from studio import pipeline
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.trail.actions import intend, note, noted, pending, settle
from studio.trail.models import AuditRow, LedgerIntent

RECORD = "urn:uuid:2b1f0a54-6a0f-4f2e-9a51-0d4f3a6b7c8d"


def test_an_audit_row_says_who_did_what_to_what(
    campaign: Campaign, sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    heard: list[tuple[object, AuditRow]] = []

    def listen(sender: object, row: AuditRow, **rest: Any) -> None:
        assert transaction.get_connection().in_atomic_block
        heard.append((sender, row))

    noted.connect(listen)
    note(
        actor=people.creator,
        verb="campaign.try",
        subject=campaign,
        organisation=sample.organisation.pk,
        at=now,
        why="a test",
    )
    note(actor=None, verb="campaign.sweep", subject=campaign, organisation=None, at=now)
    noted.disconnect(listen)
    mine, own = AuditRow.objects.filter(verb__in=["campaign.try", "campaign.sweep"]).order_by("pk")
    assert (mine.actor, mine.organisation, mine.at) == (people.creator, sample.organisation.pk, now)
    assert (mine.object_kind, mine.object_id, mine.detail) == ("campaign", str(campaign.pk), {"why": "a test"})
    assert (own.actor, own.organisation, own.detail) == (None, None, {})
    assert heard == [(AuditRow, mine), (AuditRow, own)]


def test_an_intent_holds_the_very_bytes_of_its_entry(sample: Sample, now: datetime) -> None:
    log, row, digest = sample.organisation.log, uuid4(), hashlib.sha256(b"file").hexdigest()
    asset = {"sha256": digest, "pixel_sha256": hashlib.sha256(b"pixels").hexdigest(), "media_type": "image/png"}
    intent = intend(log=log, kind="picture", row=row, at=now, record=RECORD, asset=asset, body={"model": "tiny"})
    kept = LedgerIntent.objects.get(pk=intent.pk)
    assert kept.entry == pipeline.entry_id(log, "picture", str(row))
    assert (kept.log, kept.kind, kept.row, kept.record, kept.asset_sha256) == (log, "picture", str(row), RECORD, digest)
    assert (kept.created, kept.sequence, kept.leaf, kept.appended) == (now, None, "", None)
    entry = json.loads(bytes(kept.canonical))
    assert (entry["log"], entry["id"], entry["kind"]) == (log, str(kept.entry), "picture")
    assert (entry["record"], entry["asset"], entry["body"]) == (RECORD, asset, {"model": "tiny"})
    assert datetime.fromisoformat(entry["at"]) == now
    plain = intend(log=log, kind="decision", row=row, at=now, body={})
    assert (plain.record, plain.asset_sha256) == ("", "")
    assert [json.loads(bytes(plain.canonical))[name] for name in ("record", "asset")] == [None, None]


def test_an_entry_is_appended_once_and_its_receipt_stays(
    sample: Sample, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample.organisation.log
    later = intend(log=log, kind="decision", row=uuid4(), at=now + timedelta(seconds=1), body={})
    first = intend(log=log, kind="decision", row=uuid4(), at=now, body={})
    mine = [intent for intent in pending() if intent.log == log and intent.pk in {first.pk, later.pk}]
    assert mine == [first, later], "the oldest first"
    seen_before = LedgerIntent.objects.get(pk=first.pk)
    done = settle(first, at=now)
    size = pipeline.ledger().size(log)
    assert (done.sequence, done.appended) == (size - 1, now)
    entry = pipeline.entry(done.entry)
    assert entry is not None
    assert (entry.sequence, entry.leaf) == (done.sequence, done.leaf)
    assert first not in pending()
    assert later in pending()
    again = settle(seen_before, at=now + timedelta(hours=1))
    assert (again.sequence, again.appended) == (done.sequence, now), "whoever came second keeps the first receipt"
    assert pipeline.ledger().size(log) == size

    def refuse(entry: bytes) -> None:
        raise AssertionError("it was appended already")

    monkeypatch.setattr(pipeline, "append", refuse)
    assert settle(done, at=now + timedelta(hours=2)) is done


def test_what_cannot_be_appended_waits(sample: Sample, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    intent = intend(log=sample.organisation.log, kind="decision", row=uuid4(), at=now, body={})

    def away(entry: bytes) -> None:
        raise ConnectionError("the ledger is away")

    monkeypatch.setattr(pipeline, "append", away)
    with pytest.raises(ConnectionError):
        settle(intent, at=now)
    assert intent in pending()
