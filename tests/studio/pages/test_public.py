"""The check, its JSON and the public record: verdicts in plain words, limits, and no verdict without a ledger."""

import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from PIL import Image

from provenance.verification import Verdict
from studio import blobs, limits
from studio.audit.explaining import EXPLANATIONS
from studio.jobs.models import Picture
from studio.review.actions import withdraw
from studio.templatetags.stamps import STAMPS

pytestmark = pytest.mark.django_db
VERDICTS = {str(verdict) for verdict in Verdict}


def send(data: bytes, where: str = "/check", **headers: str) -> Any:
    return Client().post(where, {"file": SimpleUploadedFile("picture.png", data)}, headers=headers)


def send_all(**files: bytes) -> Any:
    """Several files of these names at once."""
    return Client().post("/check", {"file": [SimpleUploadedFile(name, data) for name, data in files.items()]})


def unsigned(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_verdict_has_a_stamp_and_an_explanation() -> None:
    assert set(EXPLANATIONS) == VERDICTS
    assert set(STAMPS) >= VERDICTS
    assert "proves nothing" in EXPLANATIONS["no-credentials"].headline


def test_a_released_picture_is_genuine(released: Picture) -> None:
    page = send(blobs.get(released.release.sha256)).content.decode()
    assert "Genuine and unchanged" in page
    assert 'Unchanged since it was signed <code class="quiet">intact</code>' in page
    assert 'This file is on record <code class="quiet">recorded</code>' in page
    assert reverse("record", args=[released.pk]) in page


def test_a_picture_that_was_never_released_says_no_more_than_that(picture: Picture) -> None:
    page = send(blobs.get(picture.sha256)).content.decode()
    assert "it was never released" in page
    assert "/records/" not in page


def test_a_withdrawn_picture_names_date_and_reason(released: Picture, people: SimpleNamespace, now: datetime) -> None:
    withdraw(actor=people.reviewer, picture=released, public_reason="Wrong crop", at=now)
    page = send(blobs.get(released.release.sha256)).content.decode()
    assert "Wrong crop" in page


def test_a_recovered_credential_is_shown_as_one(released: Picture) -> None:
    file = io.BytesIO()
    with Image.open(io.BytesIO(blobs.get(released.release.sha256))) as image:
        image.convert("RGB").save(file, "JPEG", quality=80)
    page = send(file.getvalue()).content.decode()
    assert "its hard binding is not verifiable" in page
    assert reverse("manifest", args=[released.release.manifest]) in page
    assert "Recovered credential" not in send(blobs.get(released.release.sha256)).content.decode()


def test_an_altered_picture_is_said_to_be(released: Picture) -> None:
    data = bytearray(blobs.get(released.release.sha256))
    data[data.rfind(b"IDAT") + 40] ^= 1
    assert "changed after it was signed" in send(bytes(data)).content.decode()


def test_nothing_found_proves_nothing(sample: object) -> None:
    assert "which proves nothing" in send(unsigned()).content.decode()


def test_no_picture_at_all(sample: object) -> None:
    assert "cannot open this file as a picture" in send(b"%PDF-1.7 no picture").content.decode()


def test_each_of_several_files_has_its_own_verdict(
    released: Picture, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_013.0)
    genuine = blobs.get(released.release.sha256)
    altered = bytearray(genuine)
    altered[altered.rfind(b"IDAT") + 40] ^= 1
    hostile = genuine[:8] + b"\xff" * 50_000
    answer = send_all(ours=genuine, changed=bytes(altered), **{"<b>hostile": hostile}, none=unsigned())
    assert answer.status_code == 200
    verdicts = {one.file: one.verdict for one in answer.context["found"]}
    assert verdicts == {"ours": "ours", "changed": "altered", "<b>hostile": "unreadable", "none": "no-credentials"}
    page = answer.content.decode()
    assert page.count('<section class="answer ') == 4
    assert "&lt;b&gt;hostile" in page
    # Each was a question of its own, so a minute's questions are soon asked.
    monkeypatch.setattr(limits, "CHECKS_A_MINUTE", 6)
    partly = send_all(one=b"1", two=b"2", three=b"3")
    assert [one.verdict for one in partly.context["found"]] == ["unreadable", "unreadable", ""]
    assert "Too many checks from your address" in partly.content.decode()
    assert partly.headers["Retry-After"] == str(60 - 1_000_000_013 % 60)
    assert send_all(one=b"1", two=b"2").status_code == 429
    monkeypatch.setattr(limits, "CHECKS_A_MINUTE", 100)
    many = send_all(**{f"file{number}": b"x" for number in range(10)})
    assert [bool(one.answer) for one in many.context["found"]] == [True] * 8 + [False] * 2
    assert "8 files are checked at once" in many.content.decode()
    settings.UPLOAD_LIMIT_BYTES = 10_000
    assert send_all(one=b"x" * 6_000, two=b"x" * 6_000).status_code == 413


def test_json_by_form_by_body_and_by_preference(released: Picture) -> None:
    data = blobs.get(released.release.sha256)
    by_form = json.loads(send(data, "/check.json").content)
    by_body = json.loads(Client().post("/check.json", data, content_type="image/png").content)
    preferred = json.loads(send(data, "/check", accept="application/json").content)
    assert by_form["file"] == "picture.png"
    assert {answer["verdict"] for answer in (by_form, by_body, preferred)} == {"ours"}
    assert by_body["record"] == released.record


@pytest.mark.parametrize("where", ["/check", "/check.json"])
def test_no_file_is_a_clear_mistake(where: str, sample: object) -> None:
    answer = Client().post(where)
    assert answer.status_code == 400
    assert "Choose a picture first" in answer.content.decode()


@pytest.mark.parametrize("where", ["/check", "/check.json"])
def test_too_large_a_file_is_not_read_to_its_end(
    where: str, settings: LazySettings, sample: object, tmp_path: Path
) -> None:
    settings.UPLOAD_LIMIT_BYTES = 10_000
    settings.FILE_UPLOAD_TEMP_DIR = uploads = tmp_path / "uploads"
    uploads.mkdir()
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    answer = send(b"x" * 200_000, where)
    assert answer.status_code == 413
    assert "larger than" in answer.content.decode()
    assert send(b"x" * 20_000, where).status_code == 413
    assert Client().post(where, b"x" * 20_000, content_type="image/png").status_code == 413
    assert not list(uploads.iterdir()), "what arrived of it is not left on the disk"


@pytest.mark.parametrize("where", ["/check", "/check.json"])
def test_without_the_ledger_there_is_no_verdict(where: str, ledger_gone: None, sample: object) -> None:
    answer = send(unsigned(), where)
    page = answer.content.decode()
    assert answer.status_code == 503
    assert "there is no verdict" in page
    assert "stamp-large" not in page
    assert 'verdict":' not in page


def test_too_many_checks_have_to_wait(monkeypatch: pytest.MonkeyPatch, sample: object) -> None:
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_013.0)
    for _ in range(limits.CHECKS_A_MINUTE):
        assert Client().post("/check.json").status_code == 400
    answer = Client().post("/check.json")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == str(60 - 1_000_000_013 % 60)
    assert Client().post("/check.json", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 429
    monkeypatch.setattr(limits, "clock", lambda: 1_000_000_080.0)
    assert Client().post("/check.json").status_code == 400


def test_behind_a_proxy_its_word_on_the_address_counts(settings: LazySettings, sample: object) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(limits.CHECKS_A_MINUTE + 5):
        headers = {"x-forwarded-for": f"198.51.100.1, 203.0.113.{number}"}
        assert Client().post("/check.json", headers=headers).status_code == 400


def test_the_record_says_what_is_public_and_names_nobody(released: Picture, people: SimpleNamespace) -> None:
    page = Client().get(reverse("record", args=[released.pk])).content.decode()
    assert "AI-generated picture, released by Sample Aid" in page
    for fact in (released.record, released.release.sha256, released.job.model.title, "A plain blue picture."):
        assert fact in page
    for secret in ("woman farmer", people.creator.username, people.reviewer.username):
        assert f">{secret}<" not in page
        assert f"{secret}," not in page


def test_there_is_no_record_before_the_release(approved: Picture) -> None:
    assert Client().get(reverse("record", args=[approved.pk])).status_code == 404


@pytest.mark.parametrize("name", ["400", "403", "404", "413", "500"])
def test_error_pages_stand_without_a_request(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert "Imprimatur" in page
    assert "<style" not in page
    assert "style=" not in page


def test_an_unknown_address_gets_our_page(settings: LazySettings, browse: Callable[[str], Client]) -> None:
    settings.DEBUG = False
    answer = browse("creator").get("/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
