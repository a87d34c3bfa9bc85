"""The signing role and its troubles: what waits, what the administrator is told, and that all of it heals by itself."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as product
from django.test import Client

from provenance.evidence import examine
from provenance.keys import Offline, create_authority, create_time_authority, files, revoke
from provenance.timestamps import TimeStampAuthority, serve
from studio import blobs, pipeline
from studio.audit.integrity import problems
from studio.jobs import finishing, tasks
from studio.jobs.checkpoints import anchor_checkpoint
from studio.jobs.models import Job, Picture
from studio.jobs.states import PictureState
from studio.operations.attention import concerns
from studio.operations.processes import SECRETS, without_secrets
from studio.operations.sample import SLUG, Sample
from studio.pipeline import keys as opened
from studio.trail.actions import pending, settle
from studio.trail.models import Alarm, AlarmKind
from tests.studio.making import later
from tests.studio.pages.printing import print_pictures

PASSPHRASE = b"development-only"


@pytest.fixture
def directory(settings: LazySettings, installation: Path) -> Path:
    """The sample organisation's keys."""
    return Path(settings.TRUST_DIR / SLUG)


@pytest.fixture(scope="module")
def clockwork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("clock") / "keys"
    create_time_authority(directory, name="Test Clock", passphrase=PASSPHRASE, now=datetime.now(UTC))
    return directory


@pytest.fixture
def clock(clockwork: Path, settings: LazySettings, installation: Path) -> Callable[[], Iterator[str]]:
    """A real time-stamp authority that can be started again at the address where nobody answers now."""
    keys = TimeStampAuthority.load(clockwork, passphrase=PASSPHRASE)
    with serve(keys, clock=lambda: datetime.now(UTC)) as address:
        settings.TSA_URL = address
    settings.TRUST_DIR.joinpath(files.TIME_ROOT).write_bytes((clockwork / files.TIME_ROOT).read_bytes())
    port = int(address.rstrip("/").rpartition(":")[2])
    return lambda: serve(keys, clock=lambda: datetime.now(UTC), port=port)  # type: ignore[return-value]


def first(job: Job, now: datetime) -> Picture:
    return print_pictures(job, now)[0]


def causes(sample: Sample) -> str:
    return " ".join(concern.cause for concern in concerns(sample.organisation, now=datetime.now(UTC)) if concern.urgent)


def stored(installation: Path) -> list[Path]:
    return [path for path in (installation / "blobs").rglob("*") if path.is_file()]


def test_only_the_sign_worker_opens_a_signing_key(
    job: Job, sample: Sample, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened._Office, "open", False)
    picture = first(job, now)
    assert picture.state == PictureState.CHECKED
    assert "this process does not sign; run `manage.py worker sign`" in causes(sample)
    with pytest.raises(pipeline.ProvenanceError, match="does not sign"):
        opened.checkpoint_key(SLUG)


def test_the_other_roles_start_without_the_passphrase() -> None:
    secrets = {"TRUST_PASSPHRASE": "a", "TRUST_PASSPHRASE_FILE": "b", "OFFLINE_PASSPHRASE": "c", "PATH": "d"}
    assert set(SECRETS) == {"TRUST_PASSPHRASE", "TRUST_PASSPHRASE_FILE", "OFFLINE_PASSPHRASE"}
    for role in ("web", "control", "generate", "clock"):
        assert without_secrets(role, secrets) == {"PATH": "d", "TRUST_PASSPHRASE": ""}
    assert without_secrets("sign", secrets) == secrets


def test_a_sign_worker_without_a_passphrase_says_so() -> None:
    command = [sys.executable, str(product.ROOT / "manage.py"), "worker", "sign"]
    environment = {**os.environ, "TRUST_PASSPHRASE": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "TRUST_PASSPHRASE_FILE" in done.stderr


def test_a_passphrase_file_that_others_can_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("correct horse battery")
    path.chmod(0o644)
    monkeypatch.setenv("TRUST_PASSPHRASE_FILE", str(path))
    with pytest.raises(pipeline.ProvenanceError, match="chmod 600"):
        pipeline.open_for_signing()
    path.chmod(0o600)
    pipeline.open_for_signing()


def test_control_leaves_what_needs_a_signature(job: Job, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = finishing.finish
    control = lambda pk, *, clock: finish(pk, clock=clock, states=finishing.CONTROL)  # noqa: E731
    monkeypatch.setattr(finishing, "finish", control)
    picture = first(job, now)
    assert (picture.state, picture.waiting) == (PictureState.CHECKED, "")
    assert finish(picture.pk, clock=lambda: now, states=finishing.SIGN) == PictureState.RECORDED


def test_pictures_that_nobody_tries_to_sign_are_noticed(job: Job, sample: Sample, now: datetime) -> None:
    picture = first(job, now)
    Picture.objects.filter(pk=picture.pk).update(
        state=PictureState.CHECKED, changed=now - timedelta(minutes=2), lease=None
    )
    assert "manage.py worker sign" in causes(sample)


def test_a_silent_time_stamp_authority_keeps_pictures_waiting_and_all_catch_up(
    job: Job, sample: Sample, now: datetime, browse: Callable[[str], Client], clock: Callable[[], "Iterator[str]"],
    installation: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    seconds = [0.0]
    pipeline.sealing.patience.cache_clear()
    monkeypatch.setattr(pipeline.sealing.time, "monotonic", lambda: seconds[0])
    pictures = print_pictures(job, now)
    assert {picture.state for picture in pictures} == {PictureState.CHECKED}
    assert all("It waits for its signature" in picture.waiting for picture in pictures)
    assert stored(installation) == [], "nothing half-written"
    page = browse("administrator").get("/status/").content.decode()
    assert "Pictures wait for their signature" in page
    assert "it cannot be reached" in page or "did not answer a moment ago" in page
    assert "1</b> <span>thing stands still and needs you" in browse("administrator").get("/").content.decode()
    seconds[0] += 60
    with clock():  # type: ignore[attr-defined]
        for picture in pictures:
            assert finishing.finish(picture.pk, clock=lambda: later(now)) == PictureState.RECORDED
    assert not Alarm.objects.exists()
    assert "Nothing needs you" in browse("administrator").get("/status/").content.decode()
    for picture in Picture.objects.filter(job=job):
        evidence = examine(blobs.get(picture.sha256), anchors=opened.trust().anchors)
        assert (evidence.stamped_by, evidence.signer) == ("Test Clock", "trusted:Sample Aid")


def test_a_time_stamp_by_somebody_else_is_not_accepted(
    job: Job,
    sample: Sample,
    now: datetime,
    clock: Callable[[], "Iterator[str]"],
    settings: LazySettings,
    tmp_path: Path,
) -> None:
    create_time_authority(tmp_path / "other", name="Other", passphrase=PASSPHRASE, now=datetime.now(UTC))
    other = TimeStampAuthority.load(tmp_path / "other", passphrase=PASSPHRASE)
    pipeline.sealing.patience.cache_clear()
    with serve(other, clock=lambda: datetime.now(UTC)) as address:
        settings.TSA_URL = address
        assert first(job, now).state == PictureState.CHECKED
    assert "time-stamp" in causes(sample)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("chmod", "chmod 600"),
        ("symlink", "no symlink"),
        ("lost", "no such key file"),
        ("expired", "expired at"),
        ("revoked", "revoked as of"),
        ("intermediate", "an intermediate is missing"),
    ],
)
def test_whatever_is_wrong_with_the_key_is_named_and_heals(
    spoil: str, words: str, job: Job, sample: Sample, now: datetime, directory: Path, installation: Path
) -> None:
    whole = Path(shutil.copytree(directory, installation / "whole"))
    (path,) = directory.glob("leaf-*.key.pem")
    if spoil == "chmod":
        path.chmod(0o644)
    elif spoil == "symlink":
        path.unlink()
        path.symlink_to(whole / path.name)
    elif spoil == "lost":
        path.unlink()
    elif spoil == "expired":
        shutil.rmtree(directory)
        create_authority(directory, organisation="Sample Aid", passphrase=PASSPHRASE, now=now - timedelta(days=400))
    elif spoil == "revoked":
        offline, key = Offline(directory / files.OFFLINE, PASSPHRASE), pipeline.key_standing(SLUG, now=now).key_id
        revoke(directory, key, offline=offline, reason="keyCompromise", since=now, now=now)
    else:
        chain = directory / files.CHAIN
        chain.write_bytes(
            chain.read_bytes().partition(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
        )
    picture = first(job, now)
    assert picture.state == PictureState.CHECKED
    assert words in causes(sample)
    assert stored(installation) == [], "nothing half-written"
    shutil.rmtree(directory)
    whole.rename(directory)
    assert finishing.finish(picture.pk, clock=lambda: later(now)) == PictureState.RECORDED
    assert AlarmKind.SIGN not in Alarm.objects.values_list("kind", flat=True)


def test_the_ledger_knows_every_key_and_every_revocation_once(
    picture: Picture, sample: Sample, now: datetime, directory: Path
) -> None:
    for _ in range(2):
        tasks.checkpoints.run()
    offline, key = Offline(directory / files.OFFLINE, PASSPHRASE), pipeline.key_standing(SLUG, now=now).key_id
    revoke(directory, key, offline=offline, reason="superseded", since=now, now=now)
    tasks.checkpoints.run()
    told = [dict(entry.body) for entry in pipeline.entries(sample.organisation.log) if entry.kind == "key"]
    assert [(event["event"], event["key"]) for event in told] == [("in use", key), ("revoked", key)]
    assert told[1]["reason"] == "superseded"


def test_the_log_is_time_stamped_and_the_check_agrees(
    picture: Picture, sample: Sample, clock: Callable[[], "Iterator[str]"], settings: LazySettings, tmp_path: Path
) -> None:
    settings.CHECKPOINT_COPY_DIR = str(tmp_path / "elsewhere")
    for intent in pending():
        settle(intent, at=datetime.now(UTC))
    tasks.checkpoints.run()
    assert AlarmKind.STAMP in Alarm.objects.values_list("kind", flat=True), "nobody answers"
    with clock():  # type: ignore[attr-defined]
        tasks.checkpoints.run()
        again = pipeline.anchor(sample.organisation.log, now=datetime.now(UTC))
    assert again is None, "once is enough for now"
    assert not Alarm.objects.exists()
    assert pipeline.log_standing(sample.organisation.log).anchored
    assert sorted(path.name for path in settings.CHECKPOINT_DIR.iterdir()) == [
        f"{SLUG}.anchor.tst", f"{SLUG}.anchor.txt", f"{SLUG}.txt",
    ]  # fmt: skip
    assert [str(problem) for problem in problems(now=datetime.now(UTC))] == []
    for file in settings.CHECKPOINT_DIR.iterdir():
        assert (tmp_path / "elsewhere" / file.name).read_bytes() == file.read_bytes()
    text, token = (settings.CHECKPOINT_DIR / f"{SLUG}.anchor.{kind}" for kind in ("txt", "tst"))
    whole = text.read_bytes(), token.read_bytes()
    # A process died between the two files: of the first stamp, and of a later one.
    for half in (token.unlink, lambda: token.write_bytes(b"that of the stamp before")):
        half()
        anchor_checkpoint(sample.organisation, at=datetime.now(UTC))
        assert (text.read_bytes(), token.read_bytes()) == whole
    # What another ledger has left stays; ours may be an old backup.
    text.write_bytes(b"later"), token.write_bytes(b"later, too")
    anchor_checkpoint(sample.organisation, at=datetime.now(UTC))
    assert text.read_bytes() == b"later"
    for file, data in zip((text, token), whole, strict=True):
        file.write_bytes(data)
    assert [str(problem) for problem in problems(now=datetime.now(UTC), outside=tmp_path / "elsewhere")] == []


def test_a_second_place_that_is_away_sounds_an_alarm_and_is_caught_up(
    picture: Picture, sample: Sample, settings: LazySettings, tmp_path: Path
) -> None:
    settings.CHECKPOINT_COPY_DIR = str(tmp_path / "mount" / "checkpoints")
    (tmp_path / "mount").write_text("not mounted")
    tasks.checkpoints.run()
    assert Alarm.objects.get(kind=AlarmKind.COPY).organisation == sample.organisation.pk
    assert pipeline.checkpoint_path(SLUG).exists()
    (tmp_path / "mount").unlink()
    tasks.checkpoints.run()
    assert not Alarm.objects.filter(kind=AlarmKind.COPY).exists()
    assert Path(settings.CHECKPOINT_COPY_DIR, f"{SLUG}.txt").read_text() == pipeline.checkpoint_path(SLUG).read_text()


@pytest.mark.parametrize(
    ("role", "status"),
    [("administrator", 200), ("custodian", 200), ("creator", 403), ("reviewer", 403), ("auditor", 403), ("", 302)],
)
def test_who_sees_the_status(role: str, status: int, browse: Callable[[str], Client], picture: Picture) -> None:
    assert browse(role).get("/status/").status_code == status


def test_an_alarm_about_pictures_that_are_gone_is_not_shown(picture: Picture, sample: Sample, now: datetime) -> None:
    Alarm.objects.create(
        kind=AlarmKind.SIGN, organisation=sample.organisation.pk, cause="long ago", since=now, last=now
    )
    assert causes(sample) == ""
    Picture.objects.filter(pk=picture.pk).update(state=PictureState.CHECKED, changed=now)
    assert causes(sample) == "long ago"


def test_nobody_sees_another_organisations_status(
    outsider: Client, sample: Sample, browse: Callable[[str], Client]
) -> None:
    Alarm.objects.create(
        kind=AlarmKind.CHECKPOINT, organisation=sample.organisation.pk, cause="a secret cause",
        since=datetime.now(UTC), last=datetime.now(UTC),
    )  # fmt: skip
    assert "a secret cause" in browse("custodian").get("/status/").content.decode().lower()
    page = outsider.get("/status/").content.decode()
    assert "a secret cause" not in page.lower()
    assert sample.organisation.name not in page
