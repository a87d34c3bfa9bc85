"""Pictures that lost their credential, and certificates that have ended: what the ledger still knows."""

import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from provenance.entries import EntryKind
from provenance.keys import SigningIdentity, TrustStore, create_authority
from provenance.landmarks import unpack_views, views
from provenance.recovery import compare
from provenance.verification import Verdict
from tests.provenance.office import PASSPHRASE, Office, Pixels, check, flip, resaved


def test_ours_recovered(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    released = office.publish(record, first)
    answer = check(resaved(released.data), office)
    assert (answer.verdict, answer.integrity, answer.record) == (Verdict.OURS_RECOVERED, "none", record)
    assert "not verifiable" in answer.reasons[0]


def test_a_stripped_picture_that_was_never_released(office: Office, pixels: Pixels) -> None:
    record, first = office.make(pixels)
    answer = check(resaved(first.data), office)
    assert (answer.verdict, answer.record) == (Verdict.NOT_RELEASED, record)


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("scale", [1.0, 0.5, 1.7])
def test_a_copy_that_was_encoded_or_resized_is_recovered_by_its_looks(
    office: Office, format_: str, scale: float
) -> None:
    record, first = office.make(Pixels.shapes(256, 192, seed=1))
    office.publish(record, first)
    for seed in range(2, 6):
        office.make(Pixels.shapes(256, 192, seed=seed))
    with Image.open(io.BytesIO(first.data)) as image:
        copy = image.convert("RGB").resize((round(256 * scale), round(192 * scale)))
    file = io.BytesIO()
    copy.save(file, format_, quality=50)
    answer = check(file.getvalue(), office)
    assert (answer.verdict, answer.record) == (Verdict.OURS_RECOVERED, record)
    assert "not verifiable" in answer.reasons[0]


@pytest.mark.parametrize("box", [(5, 4, 251, 189), (0, 18, 240, 192), (60, 0, 256, 192)])
def test_a_copy_that_was_cropped_is_recovered_by_what_is_left(office: Office, box: tuple[int, int, int, int]) -> None:
    """Five, fifteen and twenty-three per cent of the area are cut away."""
    record, first = office.make(Pixels.shapes(256, 192, seed=1))
    office.publish(record, first)
    for seed in range(2, 6):
        office.make(Pixels.shapes(256, 192, seed=seed))
    file = io.BytesIO()
    with Image.open(io.BytesIO(first.data)) as image:
        image.convert("RGB").crop(box).save(file, "JPEG", quality=75)
    answer = check(file.getvalue(), office)
    assert (answer.verdict, answer.record) == (Verdict.OURS_RECOVERED, record)
    assert "landmarks" in answer.reasons[0]
    assert "not verifiable" in answer.reasons[0]


def test_a_fingerprint_that_no_landmark_confirms_is_another_picture(office: Office) -> None:
    """Two pictures can have one fingerprint: the same large forms, and everything in them different."""
    record, first = office.make(Pixels.shapes(256, 192, seed=1), label="none")
    office.publish(record, first)
    entry = office.ledger.by_record(record)[-1]
    stranger = Pixels.shapes(256, 192, seed=2)
    twin = compare(entry, first.fingerprint, unpack_views(views(stranger.data, 256, 192)))
    assert (twin.bits, twin.found) == (0, False)
    own = compare(entry, first.fingerprint, unpack_views(views(Pixels.shapes(256, 192, seed=1).data, 256, 192)))
    assert (own.found, own.likeness) == (True, 100)


def test_what_may_only_look_alike_is_said_to(office: Office) -> None:
    record, first = office.make(Pixels.shapes(256, 192, seed=1))
    office.publish(record, first)
    answer = check(resaved(first.data, "JPEG", quality=60), office)
    assert "may only look alike" in answer.reasons[0]


def test_another_picture_is_not_recovered(office: Office) -> None:
    office.publish(*office.make(Pixels.shapes(256, 192, seed=1)))
    file = io.BytesIO()
    other = Pixels.shapes(256, 192, seed=99)
    Image.frombytes("RGB", (other.width, other.height), other.data).save(file, "JPEG")
    assert check(file.getvalue(), office).verdict is Verdict.NO_CREDENTIALS


def test_plain_surfaces_are_never_recovered(office: Office) -> None:
    white = Pixels(bytes([255]) * 3 * 64 * 64, 64, 64)
    record, first = office.make(white, label="none")
    office.publish(record, first)
    assert first.fingerprint == ""
    file = io.BytesIO()
    Image.new("RGB", (80, 80), (250, 250, 250)).save(file, "PNG")
    assert check(file.getvalue(), office).verdict is Verdict.NO_CREDENTIALS


def test_an_expired_certificate_leaves_recorded_pictures_ours(office: Office, pixels: Pixels, tmp_path: Path) -> None:
    """The leaf ends two seconds from now; what was recorded before stays ours, what was not is unrecorded."""
    begin = datetime.now(UTC) - timedelta(days=365) + timedelta(seconds=3)
    create_authority(tmp_path / "old", organisation="Old Office", passphrase=PASSPHRASE, now=begin)
    office.identity = SigningIdentity.load(tmp_path / "old", passphrase=PASSPHRASE)
    office.trust = TrustStore.load(tmp_path / "old")
    office.now = datetime.now(UTC)
    record, first = office.make(pixels)
    released = office.publish(record, first)
    late, unrecorded = office.seal(pixels)
    time.sleep(max(0.0, (office.identity.expires - datetime.now(UTC)).total_seconds()) + 1)
    answer = check(released.data, office)
    assert (answer.verdict, answer.signer, answer.integrity) == (Verdict.OURS, "trusted:Old Office", "intact")
    assert check(flip(released.data), office).verdict is Verdict.ALTERED
    assert check(unrecorded.data, office).verdict is Verdict.UNRECORDED
    office.now = datetime.now(UTC)
    office.append(EntryKind.PICTURE, late, unrecorded)
    assert check(unrecorded.data, office).verdict is Verdict.UNRECORDED, "recorded after the certificate had ended"
