"""Renditions of a released picture, from the button to the public's check; and the choice of the visible label."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse

from studio import blobs, pipeline
from studio.audit.integrity import problems, unreferred
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState
from studio.projects.actions import choose_label_language
from studio.projects.models import Project
from studio.review import tasks
from studio.review.actions import withdraw
from studio.review.models import Release, Rendition
from studio.review.rendering import ask_for_rendition, finish_rendition
from studio.trail.actions import pending, settle
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow
from tests.studio.files import signed_file

Browse = Callable[[str], Client]
WHOLE, CROP = "small-jpeg", "story"


def at(name: str, picture: Picture, *more: str) -> str:
    return reverse(name, args=[picture.pk, *more])


@pytest.fixture
def small(released: Picture, people: SimpleNamespace, now: datetime) -> Rendition:
    """A rendition that went all the way."""
    asked = ask_for_rendition(actor=people.creator, picture=released, shape=WHOLE, at=now)
    assert finish_rendition(asked.pk, at=now)
    asked.refresh_from_db()
    return asked


def test_from_the_button_to_the_public_check(
    released: Picture, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    creator = browse("creator")
    assert "Messaging, 640 wide, JPEG" in creator.get(at("picture-tab", released, "files")).content.decode()
    assert creator.post(at("picture-rendition", released), {"shape": WHOLE}).status_code == 302
    asked = Rendition.objects.get()
    page = creator.get(at("picture-tab", released, "files")).content.decode()
    assert "Being made, signed and recorded" in page
    assert "?made=0" in page
    assert Client().get(at("rendition-file", released, WHOLE)).status_code == 404
    tasks.render(str(asked.pk))
    assert creator.get(at("picture-moved", released), {"made": "0"}).headers["HX-Refresh"] == "true"
    file = Client().get(at("rendition-file", released, WHOLE) + "?download")
    assert file.headers["Content-Disposition"] == f'attachment; filename="{released.pk}-{WHOLE}.jpg"'
    answer = pipeline.verify(file.content)
    assert (answer.verdict, answer.record) == ("ours", released.record)
    assert [row.verb for row in AuditRow.objects.filter(verb__startswith="rendition").order_by("pk")] == [
        "rendition.ask",
        "rendition.record",
    ]
    assert [str(problem) for problem in problems(now=now)] == []
    assert "Messaging, 640 wide, JPEG" in Client().get(at("record", released)).content.decode()


def test_the_page_tells_from_the_bytes_what_each_file_carries(
    released: Picture, small: Rendition, browse: Browse
) -> None:
    page = browse("auditor").get(at("picture-tab", released, "files")).content.decode()
    assert "It carries the fields of IPTC Photo Metadata 2025.1 for generated pictures." in page
    assert "Imperceptible watermark" in page
    assert "a website&#x27;s chain" in page
    assert small.report["survival"][0] == {
        "transform": "as delivered", "manifest": "intact", "xmp": True, "watermark": True,
        "fingerprint": small.report["survival"][0]["fingerprint"], "bits": small.report["survival"][0]["bits"],
    }  # fmt: skip
    assert (small.width, small.height) == pipeline.pixel_size(blobs.get(small.sha256))


def test_a_crop_is_asked_for_by_somebody_who_may_decide(
    released: Picture, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    with pytest.raises(PermissionDenied, match="role of reviewer"):
        ask_for_rendition(actor=people.creator, picture=released, shape=CROP, at=now)
    refused = browse("creator").post(at("picture-rendition", released), {"shape": CROP})
    assert refused.status_code == 403
    assert "role of reviewer" in refused.content.decode()
    asked = ask_for_rendition(actor=people.reviewer, picture=released, shape=CROP, at=now)
    assert finish_rendition(asked.pk, at=now)
    with pytest.raises(PermissionDenied):
        ask_for_rendition(actor=people.auditor, picture=released, shape=WHOLE, at=now)


def test_only_what_is_offered_and_released_is_made(
    released: Picture, approved: Picture, people: SimpleNamespace, now: datetime
) -> None:
    with pytest.raises(ValidationError, match="no such shape"):
        ask_for_rendition(actor=people.creator, picture=released, shape="poster", at=now)
    Picture.objects.filter(pk=released.pk).update(state=PictureState.APPROVED)
    with pytest.raises(StaleStateError):
        ask_for_rendition(actor=people.creator, picture=released, shape=WHOLE, at=now)
    assert not Rendition.objects.exists()


def test_asking_twice_makes_one(released: Picture, small: Rendition, people: SimpleNamespace, now: datetime) -> None:
    again = ask_for_rendition(actor=people.reviewer, picture=released, shape=WHOLE, at=now)
    assert (again.pk, again.sha256) == (small.pk, small.sha256)
    assert finish_rendition(again.pk, at=now)
    assert len([entry for entry in pipeline.entries_about(released.record) if entry.kind == "rendition"]) == 1


def test_a_withdrawn_picture_gets_no_rendition_and_hands_none_out(
    released: Picture, small: Rendition, people: SimpleNamespace, browse: Browse, now: datetime
) -> None:
    waiting = ask_for_rendition(actor=people.creator, picture=released, shape="web-webp", at=now)
    withdraw(actor=people.reviewer, picture=released, public_reason="Wrong text", at=now)
    for intent in pending():
        settle(intent, at=now)
    assert not finish_rendition(waiting.pk, at=now)
    assert Client().get(at("rendition-file", released, WHOLE)).status_code == 404
    assert browse("auditor").get(at("rendition-file", released, WHOLE)).status_code == 200
    assert pipeline.verify(blobs.get(small.sha256)).verdict == "withdrawn"
    assert (
        "Not made: the picture was withdrawn first"
        in browse("creator").get(at("picture-tab", released, "files")).content.decode()
    )
    assert not list(problems(now=now))


def test_a_missing_key_makes_nothing_and_heals(
    released: Picture, people: SimpleNamespace, now: datetime, settings: LazySettings
) -> None:
    asked = ask_for_rendition(actor=people.creator, picture=released, shape=WHOLE, at=now)
    trust = settings.TRUST_DIR
    settings.TRUST_DIR = trust / "nowhere"
    assert not finish_rendition(asked.pk, at=now)
    asked.refresh_from_db()
    assert asked.waiting.startswith("It waits; an administrator has to look. (")
    assert (asked.sha256, asked.at) == ("", None)
    settings.TRUST_DIR = trust
    assert finish_rendition(asked.pk, at=now)


def test_a_crash_between_signing_and_recording_keeps_the_file(
    released: Picture, people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask_for_rendition(actor=people.creator, picture=released, shape=WHOLE, at=now)

    def unreachable(*_: object, **__: object) -> None:
        raise pipeline.LedgerUnavailableError("asleep")

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "append", unreachable)
        assert not finish_rendition(asked.pk, at=now)
    asked.refresh_from_db()
    kept = asked.sha256
    assert kept
    assert Client().get(at("rendition-file", released, WHOLE)).status_code == 404
    assert finish_rendition(asked.pk, at=now)
    asked.refresh_from_db()
    assert asked.sha256 == kept
    assert kept not in {path.name for path in unreferred(now.replace(year=now.year + 1))}


def test_the_sweeper_reports_on_what_was_released_before(released: Picture, now: datetime) -> None:
    Release.objects.update(report={})
    tasks.sweep()
    assert Release.objects.get().report["profiles"]


def test_an_altered_rendition_is_found(released: Picture, small: Rendition, now: datetime) -> None:
    path = signed_file(small.sha256)
    path.write_bytes(path.read_bytes() + b"!")
    assert any("altered in the store" in str(problem) for problem in problems(now=now))


def test_another_organisation_sees_no_renditions(released: Picture, small: Rendition, outsider: Client) -> None:
    assert outsider.post(at("picture-rendition", released), {"shape": WHOLE}).status_code == 404
    Picture.objects.filter(pk=released.pk).update(state=PictureState.WITHDRAWN)
    assert outsider.get(at("rendition-file", released, WHOLE)).status_code == 404


def test_the_language_of_the_label_is_chosen_by_an_administrator(
    job: Job, people: SimpleNamespace, browse: Browse
) -> None:
    project = job.project
    where = reverse("project-label", args=[project.pk])
    page = browse("administrator").get(where).content.decode()
    assert "العربية" in page
    assert browse("creator").post(where, {"language": "ar"}).status_code == 403
    assert browse("administrator").post(where, {"language": "xx"}).status_code == 422
    assert browse("administrator").post(where, {"language": "ar"}).status_code == 302
    project.refresh_from_db()
    assert (project.label, project.label_language) == ("text", "ar")
    assert AuditRow.objects.filter(verb="project.label").count() == 1


def test_the_action_refuses_a_language_it_does_not_know(job: Job, people: SimpleNamespace, now: datetime) -> None:
    with pytest.raises(ValidationError):
        choose_label_language(actor=people.administrator, project=job.project, language="xx", at=now)
    assert Project.objects.get(pk=job.project_id).label_language == "en"
