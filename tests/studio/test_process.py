"""The strip of a picture's making: sealed with the pixels, signed and recorded with the picture, gone with both."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from generation.process import Row, strip_of
from studio import blobs, pipeline
from studio.accounts.models import SubjectKey
from studio.audit.integrity import problems, unreferred
from studio.jobs import finishing, making, process
from studio.jobs.models import Job, Picture
from studio.jobs.states import VISIBLE, PictureState
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.trail.models import LedgerIntent
from tests.studio.files import sealed_file, signed_file
from tests.studio.pages.printing import claim, striped
from tests.studio.requests import ask

STEPS = (1, 3, 5)
CELLS = [np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8) for seed in range(len(STEPS))]
STRIP = strip_of(dict.fromkeys(Row, CELLS), steps=STEPS, noise=(1.0, 0.8, 0.5), total=6)


@pytest.fixture
def made(campaign: Campaign, now: datetime) -> Picture:
    """A picture and its strip in the quarantine."""
    job = claim(ask(campaign, now), now)
    making.keep(job, replace(striped(0), process=STRIP), at=now)
    return Picture.objects.select_related(*finishing.JOINED).get(job=job)


@pytest.fixture
def recorded(made: Picture, now: datetime) -> Picture:
    """The same, signed and recorded, whatever the picture screen makes of two stripes."""
    if finishing.finish(made.pk, clock=lambda: now) == PictureState.QUARANTINED:
        Picture.objects.filter(pk=made.pk).update(state=PictureState.CHECKED, lease=None)
        finishing.finish(made.pk, clock=lambda: now)
    made.refresh_from_db()
    assert made.state == PictureState.RECORDED
    return made


def strip_address(picture: Picture) -> str:
    return reverse("picture-file", args=[picture.pk, "process"])


def as_member(sample: Sample, role: str = "creator") -> Client:
    client = Client()
    client.force_login(sample.people[role])
    return client


def test_it_is_sealed_like_the_pixels_and_nobody_gets_it(made: Picture, sample: Sample) -> None:
    sealed = sealed_file(Kind.PROCESS, made.pk).read_bytes()
    assert STRIP.strip[:64] not in sealed
    assert made.process == STRIP.described()
    assert as_member(sample).get(strip_address(made)).status_code == 404


def test_signed_it_is_recorded_with_its_picture_and_served_to_members(recorded: Picture, sample: Sample) -> None:
    assert not sealed_file(Kind.PROCESS, recorded.pk).exists()
    [entry] = pipeline.entries_about(recorded.record)
    assert entry.body["process"] == recorded.process_sha256
    answer = as_member(sample, "auditor").get(strip_address(recorded))
    assert answer.content == blobs.get(recorded.process_sha256)
    assert answer.headers["Content-Type"] == "image/webp"
    assert len(answer.content) <= 60 * 1024
    assert Client().get(strip_address(recorded)).status_code == 404


def test_a_strip_that_leaves_the_house_is_known_and_not_released(recorded: Picture) -> None:
    found = pipeline.verify(blobs.get(recorded.process_sha256))
    assert (found.verdict, found.integrity, found.record) == ("not-released", "intact", recorded.record)
    assert "how the picture was made" in found.reasons[0]


@pytest.mark.parametrize("state", sorted(set(PictureState.values) - VISIBLE))
def test_it_is_served_only_where_the_picture_is(state: str, recorded: Picture, sample: Sample) -> None:
    Picture.objects.filter(pk=recorded.pk).update(state=state)
    assert as_member(sample).get(strip_address(recorded)).status_code == 404


def test_the_page_shows_three_rows_that_end_in_the_signed_file(recorded: Picture, sample: Sample) -> None:
    page = as_member(sample).get(reverse("picture", args=[recorded.pk])).content.decode()
    signed = reverse("picture-file", args=[recorded.pk, "signed"])
    assert page.count(f'<image href="{strip_address(recorded)}" width="192" height="192"/>') == 3 * len(STEPS)
    assert page.count(f'<img src="{signed}"') == 1 + 3
    assert 'viewBox="0 0 64 64" role="img" aria-label="The finished picture with 50 % noise mixed in"' in page
    held = 'viewBox="64 64 64 64" role="img" aria-label="What the model had before step 3 of 6, with 80 % noise"'
    foreseen = (
        'viewBox="128 128 64 64" role="img" aria-label="What the model foresaw before step 5 of 6, with 50 % noise"'
    )
    assert held in page
    assert foreseen in page


def test_a_picture_without_one_says_so(made: Picture, recorded: Picture, sample: Sample) -> None:
    Picture.objects.filter(pk=made.pk).update(process=None, process_sha256="")
    client, where = as_member(sample), reverse("picture", args=[made.pk])
    assert "No moments of the making" in client.get(where).content.decode()
    Job.objects.filter(pk=made.job_id).update(spec={**made.job.spec, "reference_sha256": "0" * 64})
    assert "It started from another picture" in client.get(where).content.decode()
    assert client.get(strip_address(made)).status_code == 404


@pytest.mark.parametrize(
    "spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"x" * 99)], ids=["lost", "altered"]
)
def test_a_lost_or_altered_strip_keeps_no_picture_waiting(
    spoil: Callable[..., object], made: Picture, sample: Sample, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(sealed_file(Kind.PROCESS, made.pk))
    Picture.objects.filter(pk=made.pk).update(state=PictureState.CHECKED)
    assert finishing.finish(made.pk, clock=lambda: now) == PictureState.RECORDED
    made.refresh_from_db()
    assert made.process_sha256 == ""
    assert "goes on without its strip" in caplog.text
    assert "process" not in pipeline.entries_about(made.record)[0].body


def test_an_altered_file_is_not_served_and_is_reported(recorded: Picture, sample: Sample, now: datetime) -> None:
    assert not [one for one in problems(now=now) if recorded.record in str(one)]
    path = signed_file(recorded.process_sha256)
    path.write_bytes(path.read_bytes() + b"!")
    assert as_member(sample).get(strip_address(recorded)).status_code == 404
    assert any("altered" in str(one) and recorded.record in str(one) for one in problems(now=now))


def test_another_strip_than_the_recorded_one_is_reported(recorded: Picture, now: datetime) -> None:
    Picture.objects.filter(pk=recorded.pk).update(process_sha256=recorded.sha256)
    assert any("another strip" in str(one) for one in problems(now=now))


def test_discarded_it_is_gone_with_the_pixels(made: Picture, now: datetime) -> None:
    finishing.discard(made, PictureState.GENERATED, reason="a test", at=now)
    assert not sealed_file(Kind.PROCESS, made.pk).exists()
    assert not sealed_file(Kind.PIXELS, made.pk).exists()


def test_erased_it_opens_no_more_and_goes_with_its_picture(made: Picture, now: datetime) -> None:
    SubjectKey.objects.filter(membership=made.job.requester_id).delete()
    Picture.objects.filter(pk=made.pk).update(state=PictureState.CHECKED)
    assert finishing.finish(made.pk, clock=lambda: now) == PictureState.DISCARDED
    assert not sealed_file(Kind.PROCESS, made.pk).exists()
    assert LedgerIntent.objects.get(row=str(made.pk)).kind == "closure"


def test_the_sweep_takes_strips_that_no_picture_waits_for(made: Picture, now: datetime) -> None:
    path = sealed_file(Kind.PROCESS, made.pk)
    old = (now - timedelta(days=1)).timestamp()
    os.utime(path, (old, old))
    assert finishing.sweep_quarantine(now=now) == 0
    Picture.objects.filter(pk=made.pk).update(state=PictureState.DISCARDED)
    assert finishing.sweep_quarantine(now=now) == 1
    assert not path.exists()


def test_a_signed_strip_is_no_stray(recorded: Picture) -> None:
    later = datetime.now(tz=recorded.created.tzinfo) + timedelta(days=3)
    assert recorded.process_sha256 not in [path.name for path in unreferred(later)]


def test_no_strip_is_signed_for_a_picture_that_kept_none(made: Picture) -> None:
    made.process = None
    assert process.sign(made, finishing.circumstances(made, at=made.created, entry=made.pk)) == ""


def test_everybody_may_read_how_a_picture_is_made() -> None:
    page = Client().get(reverse("making"))
    assert page.status_code == 200
    text = page.content.decode()
    assert "<h1>How a picture is made</h1>" in text
    assert 'src="/static/pictures/diffusion.png"' in text
