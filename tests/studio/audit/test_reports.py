"""Reports: safe cells, the ledger's own bytes, files that others can check; killed, cancelled, expired."""

import csv
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as product
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pyhanko.keys import load_certs_from_pemder_data
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from studio import blobs, pipeline, quarantine
from studio.accounts.models import Organisation
from studio.audit import reporting, tables, writing
from studio.audit.integrity import problems
from studio.audit.models import Recorded, Report
from studio.audit.registering import catch_up
from studio.audit.reporting import ask_report, cancel_report, expire, left_over, sweep_unfinished
from studio.jobs.models import Picture
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.trail.errors import StaleStateError
from studio.trail.models import LedgerIntent
from tests.studio.files import signed_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(books: Organisation, people: SimpleNamespace, now: datetime) -> Callable[..., Report]:
    """Asks for a report as the auditor; by default the partner's table of everything."""

    def asked(form: str = "csv", level: str = "partner", **scope: str) -> Report:
        return ask_report(actor=people.auditor, organisation=books, form=form, level=level, scope=scope, at=now)

    return asked


def written(report: Report, now: datetime) -> bytes:
    """The report's file, once both workers have done their part."""
    while writing.write(report.pk, at=now):
        pass
    writing.sign(report.pk, at=now)
    report.refresh_from_db()
    assert report.state == "DONE", report.fault
    return blobs.get(report.sha256)


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_no_cell_is_a_formula(ask: Callable[..., Report], campaign: Campaign, now: datetime) -> None:
    for name in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"):
        Campaign.objects.filter(pk=campaign.pk).update(name=name)
        found = {row["campaign"] for row in rows(written(ask(campaign=str(campaign.pk)), now))}
        assert found == {f"'{name}"}


def test_how_much_is_shown(
    ask: Callable[..., Report], released: Picture, people: SimpleNamespace, campaign: Campaign, now: datetime
) -> None:
    files = {level: written(ask(level=level), now) for level in ("public", "partner", "full")}
    pseudonym = str(released.job.requester.pseudonym)
    assert {row["record"] for row in rows(files["public"])} == {released.record}
    for secret in (pseudonym[:8], str(campaign.pk), campaign.name, people.creator.username):
        assert secret.encode() not in files["public"], secret
    assert pseudonym[:8].encode() in files["partner"]
    assert "creator_name" not in rows(files["partner"])[0]
    approval = next(row for row in rows(files["full"]) if row["verdict"] == "APPROVED")
    assert (approval["creator_name"], approval["decided_by"]) == (people.creator.username, people.reviewer.username)


def test_lines_hold_the_ledgers_own_bytes(ask: Callable[..., Report], books: Organisation, now: datetime) -> None:
    entries = {entry.sequence: entry for entry in pipeline.entries(books.log)}
    lines = written(ask("jsonl"), now).splitlines()
    assert len(lines) == len(entries)
    for text in lines:
        line = json.loads(text)
        spliced = text[text.index(b'"entry":') + len(b'"entry":') : -1]
        assert spliced == entries[line["sequence"]].canonical
        assert hashlib.sha256(b"\x00" + spliced).hexdigest() == line["leaf"] == entries[line["sequence"]].leaf


def test_a_document_carries_the_organisations_signature(ask: Callable[..., Report], now: datetime) -> None:
    data = written(ask("pdf"), now)
    roots = load_certs_from_pemder_data(pipeline.trust().roots_pem)
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    usage = KeyUsageConstraints(key_usage={"digital_signature"})
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=list(roots)), key_usage_settings=usage)
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
    changed = bytearray(data)
    changed[changed.index(b"/Title") + 9] ^= 1
    (signature,) = PdfFileReader(io.BytesIO(bytes(changed))).embedded_signatures
    assert not validate_pdf_signature(
        signature, ValidationContext(trust_roots=list(roots)), key_usage_settings=usage
    ).bottom_line


def test_words_in_other_scripts_are_set(ask: Callable[..., Report], campaign: Campaign, now: datetime) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(name="موسم الأمطار", purpose="वर्षा ঋতু ዝናብ — Rains")
    assert written(ask("pdf"), now).startswith(b"%PDF")


def test_a_pack_is_checked_by_its_own_script(
    ask: Callable[..., Report], books: Organisation, now: datetime, tmp_path: Path
) -> None:
    pipeline.checkpoint(books.log, books.slug, now=now)
    report = ask("pack")
    path = tmp_path / "pack.zip"
    path.write_bytes(written(report, now))
    assert report.total == 2
    with zipfile.ZipFile(path) as archive:
        (tmp_path / "verify.py").write_bytes(archive.read("verify_pack.py"))
        assert len([name for name in archive.namelist() if name.startswith("pictures/")]) == 3
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "verify.py"), str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_report_is_itself_on_record(ask: Callable[..., Report], books: Organisation, now: datetime) -> None:
    report = ask("csv", campaign="", kind="picture")
    data = written(report, now)
    catch_up(books)
    row = Recorded.objects.get(kind="report")
    (entry,) = pipeline.entries_at(books.log, [row.sequence])
    assert entry.body["digest"] == hashlib.sha256(data).hexdigest() == report.sha256
    assert (entry.body["scope"], entry.body["count"]) == ({"campaign": "", "kind": "picture"}, 2)
    assert [str(problem) for problem in problems(now=now)] == []


def test_a_killed_worker_s_table_is_gone_on_with(
    ask: Callable[..., Report], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = written(ask(), now)
    monkeypatch.setattr(tables, "ROWS_A_PAGE", 2)
    monkeypatch.setattr(writing, "SLICE_SECONDS", 0.000001)
    report = ask()
    assert writing.write(report.pk, at=now)
    report.refresh_from_db()
    assert 0 < report.written < report.total
    # It died in the middle of the next slice: its claim stands, and a part that the row does not know is there.
    Report.objects.filter(pk=report.pk).update(lease=now + timedelta(minutes=1))
    quarantine.place(Kind.REPORT, report.pk, report.parts).write(b"half a li")
    assert not writing.write(report.pk, at=now), "somebody else holds it"
    later = now + timedelta(minutes=5)
    assert [one.pk for one in left_over(now=later)] == [report.pk]
    assert written(report, later) == whole
    assert report.attempt == 1
    assert not list(quarantine.store().listed("report/"))


def test_three_deaths_are_enough(ask: Callable[..., Report], now: datetime) -> None:
    report = ask("pdf")
    for death in range(1, 5):
        Report.objects.filter(pk=report.pk).update(lease=now - timedelta(seconds=1), attempt=death)
    writing.write(report.pk, at=now)
    report.refresh_from_db()
    assert (report.state, "three times" in report.fault) == ("FAILED", True)


def test_one_that_is_cancelled_is_written_no_further(
    ask: Callable[..., Report], people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = ask("pack")

    def cancelling(*_: Any, tell: Callable[[int], None], **__: Any) -> None:
        cancel_report(actor=people.auditor, report=report, at=now)
        tell(1)

    monkeypatch.setattr(writing.packing, "pack", cancelling)
    writing.write(report.pk, at=now)
    report.refresh_from_db()
    assert report.state == "CANCELLED"
    assert not LedgerIntent.objects.filter(kind="report").exists()
    with pytest.raises(StaleStateError):
        cancel_report(actor=people.auditor, report=report, at=now)
    with pytest.raises(PermissionDenied):
        cancel_report(actor=people.reviewer, report=report, at=now)


def test_files_go_when_their_time_is_over(ask: Callable[..., Report], now: datetime) -> None:
    first, twin = ask(), ask()
    assert written(first, now) == written(twin, now)
    place = signed_file(first.sha256)
    Report.objects.filter(pk=first.pk).update(expires=now - timedelta(days=1))
    assert expire(now=now) == 1
    assert place.exists(), "the other report is the same file"
    assert expire(now=now + timedelta(days=15)) == 1
    assert not place.exists()
    assert expire(now=now + timedelta(days=15)) == 0
    quarantine.place(Kind.REPORT, first.pk, 0).write(b"left behind")
    workplace = product.WORK_DIR / f"{reporting.WORKPLACE}of-the-dead"
    workplace.mkdir(parents=True)
    assert sweep_unfinished(now=timezone.now()) == 0
    assert sweep_unfinished(now=timezone.now() + timedelta(days=1)) == 2
    assert not workplace.exists()


@pytest.mark.parametrize(
    ("form", "level", "field"),
    [("xls", "full", "form"), ("csv", "all", "level"), ("jsonl", "public", "level"), ("pack", "public", "level")],
)
def test_what_cannot_be_asked_for(ask: Callable[..., Report], form: str, level: str, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ask(form, level)
    assert list(refused.value.message_dict) == [field]


def test_nothing_and_too_much_are_refused(ask: Callable[..., Report], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="holds no entry"):
        ask(until="2001-01-01")
    with pytest.raises(ValidationError, match="holds no picture"):
        ask("pdf", until="2001-01-01")
    monkeypatch.setitem(reporting.MOST_IN, Report.Form.PDF, 1)
    with pytest.raises(ValidationError, match="holds 2 pictures, and this form at most 1"):
        ask("pdf")


def test_an_auditor_s_way_through_the_pages(
    books: Organisation, browse: Callable[[str], Client], now: datetime
) -> None:
    client, where = browse("auditor"), reverse("reports", args=[books.pk])
    assert client.post(where, {"form": "jsonl", "level": "public"}).status_code == 422
    answer = client.post(f"{where}?kind=release", {"form": "csv", "level": "partner"})
    report = Report.objects.get()
    assert answer.headers["Location"] == reverse("report", args=[report.pk])
    assert "It waits for the worker that writes." in client.get(answer.headers["Location"]).content.decode()
    data = written(report, now)
    file = client.get(reverse("report-file", args=[report.pk]))
    assert b"".join(file) == data
    assert file.headers["Content-Disposition"].startswith("attachment")
    again = client.get(reverse("report-progress", args=[report.pk]), headers={"hx-request": "true"})
    assert again.headers["HX-Refresh"] == "true"
    for role in ("creator", "reviewer", "administrator"):
        for name in ("report", "report-progress", "report-file"):
            assert browse(role).get(reverse(name, args=[report.pk])).status_code == 404
    path = signed_file(report.sha256)
    path.write_bytes(data + b"!")
    assert client.get(reverse("report-file", args=[report.pk])).status_code == 404


def test_only_auditors_ask(books: Organisation, people: SimpleNamespace, now: datetime) -> None:
    for role in ("creator", "reviewer", "administrator", "custodian"):
        with pytest.raises(PermissionDenied):
            ask_report(actor=getattr(people, role), organisation=books, form="csv", level="full", scope={}, at=now)
