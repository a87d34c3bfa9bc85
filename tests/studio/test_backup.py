"""Backups: a whole installation copied while it works, restored elsewhere, and an old one found out."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection

from studio import blobs, pipeline, quarantine
from studio.jobs import making
from studio.jobs.checkpoints import copy_checkpoint, publish_checkpoint
from studio.jobs.models import Job, Picture
from studio.jobs.states import JobState, PictureState
from studio.operations.backup import BackupError, databases, make
from studio.operations.backup.manifest import Manifest
from studio.operations.sample import SLUG, Sample
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.review.actions import decide, release
from studio.review.releasing import finish_release
from studio.trail.actions import pending, settle
from tests.studio.elsewhere import Installation, installation, path_with_tools
from tests.studio.files import sealed_file, signed_file
from tests.studio.once import Once
from tests.studio.pages.printing import claim, print_pictures, striped
from tests.studio.requests import ask
from tests.studio.signing import signed_in
from tests.studio.test_loop import in_review

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """PostgreSQL's programs, where the tests run on it."""
    monkeypatch.setenv("PATH", path_with_tools())


@pytest.fixture
def picture(campaign: Campaign, sample: Sample, now: datetime, once: Once) -> Picture:
    """A released picture under a published checkpoint; no model is needed for what is backed up."""

    def publish() -> None:
        (picture,) = print_pictures(ask(campaign, now), now)
        request = in_review(picture, sample.people["creator"], now)
        reviewer = sample.people["reviewer"]
        decide(actor=reviewer, request=request, outcome="APPROVED", reason="", seen_sha256=picture.sha256, at=now)
        assert finish_release(release(actor=reviewer, picture=picture, at=now).pk, at=now)
        settled(now)
        publish_checkpoint(sample.organisation, at=now)

    once("released, and backed up", publish)
    return Picture.objects.select_related("job__model", "release").get()


def settled(now: datetime) -> None:
    """The ledger is owed nothing."""
    for intent in pending():
        settle(intent, at=now)


@pytest.fixture
def elsewhere(tmp_path: Path, settings: LazySettings, picture: Picture) -> Installation:
    """An empty installation, to which somebody brought the watermark's key."""
    there = installation(tmp_path / "elsewhere", LOG_HOST=settings.LOG_HOST)
    there.folder.mkdir()
    shutil.copy(tmp_path / "watermark.key", there.folder)
    return there


def backed_up(folder: Path, *options: str) -> Manifest:
    """What the command says that it made."""
    out = StringIO()
    call_command("backup", str(folder), "--json", *options, stdout=out)
    manifest = Manifest(**json.loads(out.getvalue()))
    assert manifest == Manifest.read(folder)
    return manifest


def on_its_way(campaign: Campaign, now: datetime) -> Picture:
    """A picture whose pixels lie sealed in the quarantine, before anybody checked it."""
    job = claim(ask(campaign, now, seed=11), now)
    making.keep(job, striped(0), at=now)
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended=now, lease=None)
    return Picture.objects.get(job=job)


def test_the_whole_way(
    picture: Picture, campaign: Campaign, elsewhere: Installation, sample: Sample, now: datetime, tmp_path: Path
) -> None:
    unfinished = on_its_way(campaign, now)
    folder = tmp_path / "backup"
    manifest = backed_up(folder, "--with-keys")
    log = sample.organisation.log
    stood = {entry["log"]: entry for entry in manifest.logs}[log]
    assert (stood["size"], stood["checkpoint"]) == (pipeline.log_size(log), pipeline.last_checkpoint(log))
    assert folder.stat().st_mode & 0o777 == 0o700

    assert elsewhere.manage("restore", "--look", str(folder)).returncode == 0
    done = elsewhere.manage("restore", str(folder), "--outside", str(pipeline.checkpoint_path(SLUG).parent))
    assert (done.returncode, "Rows, ledger and files agree" in done.stdout) == (0, True), done.stdout + done.stderr
    assert "LOOK" not in done.stdout
    assert elsewhere.manage("provenance_check").stdout == "Rows, ledger and files agree.\n"

    # It is ours there as it was here, and what was on its way lies there sealed as it did.
    public = tmp_path / "public.png"
    public.write_bytes(blobs.get(picture.release.sha256))
    verified = elsewhere.python("provenance", "verify", str(public), "--json")
    assert json.loads(verified.stdout)["verdict"] == "ours", verified.stdout + verified.stderr
    sealed = sealed_file(Kind.PIXELS, unfinished.pk)
    assert (elsewhere.folder / "quarantine" / "pixels" / sealed.name).read_bytes() == sealed.read_bytes()
    keys = list((elsewhere.folder / "trust" / SLUG).glob("*.key.pem"))
    assert len(keys) == 2
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}


def test_an_auditor_reads_the_ledger_in_a_backup_as_it_lies(
    picture: Picture, elsewhere: Installation, sample: Sample, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    backed_up(folder)
    one = ("--log", sample.organisation.log, "--trust", str(folder / "files" / "trust"))
    read = elsewhere.python("provenance", "ledger", "verify", "--ledger", str(folder / "ledger.sqlite3"), *one)
    assert (read.returncode, "verified" in read.stdout) == (0, True), read.stdout + read.stderr
    assert elsewhere.manage("restore", "--look", str(folder)).returncode == 0, "reading it changed nothing"


def test_neither_keys_nor_passphrases_nor_sessions_are_in_it(
    picture: Picture, elsewhere: Installation, sample: Sample, tmp_path: Path, settings: LazySettings
) -> None:
    signed_in(sample.people["reviewer"])
    secret = settings.TRUST_DIR / SLUG / "secret.txt"
    secret.write_text("a passphrase that somebody left beside the keys")
    folder = tmp_path / "backup"
    out = StringIO()
    call_command("backup", str(folder), stdout=out)
    assert "Not in it, keep it elsewhere" in out.getvalue()
    for word in ("VAULT_KEY", "TRUST_PASSPHRASE", "signing keys", "watermark"):
        assert word in out.getvalue()
    held = [path for path in folder.rglob("*") if path.is_file()]
    for path in held:
        data = path.read_bytes()
        assert b"PRIVATE KEY" not in data, path
        assert b"left beside the keys" not in data, path
        assert settings.VAULT_KEY.encode() not in data, path
        assert b"key.pem" not in path.name.encode()
    done = elsewhere.manage("restore", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    assert Session.objects.exists()
    counting = "from django.contrib.sessions.models import Session; print(Session.objects.count())"
    assert elsewhere.manage("shell", "-c", counting).stdout.split()[-1] == "0"
    if connection.vendor == "sqlite":
        key = Session.objects.get().session_key.encode()
        assert key not in (folder / databases.SQLITE).read_bytes()


def test_a_backup_is_of_one_moment_whatever_is_made_meanwhile(
    picture: Picture,
    campaign: Campaign,
    elsewhere: Installation,
    sample: Sample,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, copy_ledger = sample.organisation.log, pipeline.copy_ledger
    before = pipeline.log_size(log)

    def busy(*arguments: object, **options: object) -> object:
        copied = copy_ledger(*arguments, **options)  # type: ignore[arg-type]
        print_pictures(ask(campaign, now, seed=12), now)
        settled(now)
        return copied

    monkeypatch.setattr(pipeline, "copy_ledger", busy)
    manifest = make(tmp_path / "backup", now=now, quiet=True)
    assert pipeline.log_size(log) > before
    assert {entry["log"]: entry["size"] for entry in manifest.logs}[log] == before
    done = elsewhere.manage("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_pictures_on_their_way_end_where_the_quarantine_was_left_out(
    picture: Picture, campaign: Campaign, elsewhere: Installation, now: datetime, tmp_path: Path, settings: LazySettings
) -> None:
    unfinished = on_its_way(campaign, now)
    backed_up(tmp_path / "backup", "--without-files")
    assert not (tmp_path / "backup" / "files" / "signed").exists()
    # The bucket lives on by itself; the quarantine did not.
    here = {**elsewhere.environment, "STORAGE_URL": settings.STORAGE_URL}
    done = Installation(elsewhere.folder, here).manage("restore", str(tmp_path / "backup"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 pictures on their way had lost their pixels" in done.stdout
    told = f'from studio.jobs.models import Picture; print(Picture.objects.get(pk="{unfinished.pk}").state)'
    assert elsewhere.manage("shell", "-c", told).stdout.split()[-1] == PictureState.DISCARDED
    assert quarantine.place(Kind.PIXELS, unfinished.pk).exists(), "here nothing happened to it"


def test_an_old_backup_is_found_out_by_a_checkpoint_kept_elsewhere(
    picture: Picture, campaign: Campaign, elsewhere: Installation, sample: Sample, now: datetime, tmp_path: Path
) -> None:
    """Promise 21."""
    log = sample.organisation.log
    backed_up(tmp_path / "backup", "--with-keys")
    had = pipeline.log_size(log)
    print_pictures(ask(campaign, now, seed=13), now)
    publish_checkpoint(sample.organisation, at=now)
    has = pipeline.log_size(log)
    witness = tmp_path / "witness"
    shutil.copytree(pipeline.checkpoint_path(SLUG).parent, witness)

    done = elsewhere.manage("restore", str(tmp_path / "backup"), "--outside", str(witness))
    words = f"the log was cut short: a checkpoint signed {has} entries, {had} are left"
    assert (done.returncode, words in done.stdout) == (1, True), done.stdout + done.stderr
    assert "things do not agree" in done.stderr
    found = elsewhere.manage("provenance_check", "--outside", str(witness))
    assert (found.returncode, words in found.stdout) == (1, True)
    assert elsewhere.manage("provenance_check").returncode == 0, "without the witness nothing shows it"

    # The restored installation, once it runs, sounds an alarm and leaves what shows it in its place, in both places.
    kept = (witness / f"{SLUG}.txt").read_text()
    running = """
from studio import pipeline
from studio.jobs.tasks import checkpoints
from studio.trail.models import Alarm
pipeline.open_for_signing()
checkpoints.run()
for alarm in Alarm.objects.order_by("kind"): print("ALARM", alarm.kind, alarm.cause)
"""
    for place in ("CHECKPOINT_DIR", "CHECKPOINT_COPY_DIR"):
        told = elsewhere.manage("shell", "-c", running, **{place: str(witness)}).stdout
        assert f"ALARM checkpoint checkpoint: log {log} no longer begins with the {has} entries" in told
        assert (witness / f"{SLUG}.txt").read_text() == kept


def test_a_second_place_with_more_than_the_first_is_left_as_it_is(
    picture: Picture, campaign: Campaign, sample: Sample, now: datetime, tmp_path: Path, settings: LazySettings
) -> None:
    settings.CHECKPOINT_COPY_DIR = str(tmp_path / "copy")
    first = pipeline.checkpoint_path(SLUG)
    old = first.read_text()
    print_pictures(ask(campaign, now, seed=14), now)
    publish_checkpoint(sample.organisation, at=now)
    copy_checkpoint(sample.organisation, at=now)
    new = Path(settings.CHECKPOINT_COPY_DIR, first.name).read_text()
    first.write_text(old)
    with pytest.raises(ValueError, match="older than what was signed"):
        copy_checkpoint(sample.organisation, at=now)
    assert Path(settings.CHECKPOINT_COPY_DIR, first.name).read_text() == new


def test_what_is_there_is_never_written_over(picture: Picture, elsewhere: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    backed_up(folder)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(folder))
    with pytest.raises(CommandError, match="DATABASE_URL has tables already") as refused:
        call_command("restore", str(folder))
    assert refused.value.returncode == 2
    other = elsewhere.folder / "trust" / SLUG / "root.pem"
    other.parent.mkdir(parents=True)
    other.write_text("somebody else's")
    done = elsewhere.manage("restore", str(folder))
    assert (done.returncode, "is another file; nothing was restored" in done.stderr) == (2, True)
    assert not (elsewhere.folder / "blobs").exists()


def test_a_backup_that_is_not_whole_is_refused(picture: Picture, tmp_path: Path) -> None:
    made = tmp_path / "backup"
    backed_up(made)
    file = Path("files", "signed", picture.sha256[:2], picture.sha256)

    def refused(harm: Callable[[Path], object], words: str) -> None:
        folder = tmp_path / uuid4().hex
        shutil.copytree(made, folder)
        harm(folder)
        with pytest.raises(CommandError, match=words) as error:
            call_command("restore", str(folder))
        assert error.value.returncode == 2

    def rewritten(folder: Path, name: str, old: str, new: str) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    refused(lambda folder: (folder / file).write_bytes(b"altered"), "was changed since")
    refused(lambda folder: (folder / file).unlink(), "cannot be read")
    refused(lambda folder: rewritten(folder, "files.jsonl", picture.sha256, "0" * 64), "was changed since")
    refused(lambda folder: (folder / "manifest.json").unlink(), "is no whole backup")
    refused(lambda folder: rewritten(folder, "manifest.json", '"format": 1', '"format": 2'), "of another version")
    refused(lambda folder: rewritten(folder, "manifest.json", '"jobs.0001', '"jobs.9999'), "with that version")
    refused(lambda folder: rewritten(folder, "manifest.json", "{", ""), "is damaged")


def test_without_the_watermarks_key_nothing_is_restored(
    picture: Picture, tmp_path: Path, settings: LazySettings
) -> None:
    backed_up(tmp_path / "backup")
    settings.WATERMARK = f"lattice:{tmp_path / 'lost.key'}"
    with pytest.raises(CommandError, match=r"neither in the backup nor at .*lost\.key: bring it there first"):
        call_command("restore", str(tmp_path / "backup"))


def test_an_altered_picture_is_left_out_and_told(picture: Picture, tmp_path: Path) -> None:
    signed_file(picture.sha256).write_bytes(b"altered")
    with pytest.raises(CommandError, match="1 signed files were altered"):
        call_command("backup", str(tmp_path / "backup"), stdout=StringIO())
    manifest = Manifest.read(tmp_path / "backup")
    assert manifest.damaged == [f"{picture.sha256[:2]}/{picture.sha256}"]
    assert not (tmp_path / "backup" / "files" / "signed" / manifest.damaged[0]).exists()


def test_without_postgresqls_programs_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupError, match="pg_dump is not installed here: install the client programs"):
        databases._run("pg_dump", "--version")


def test_what_a_restored_installation_still_lacks_is_told(
    picture: Picture, elsewhere: Installation, tmp_path: Path, settings: LazySettings
) -> None:
    folder = settings.MODELS_DIR / "aid" / "taught"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(b"weights")
    model = picture.job.model
    type(model).objects.filter(pk=model.pk).update(folder=str(folder))
    backed_up(tmp_path / "backup")
    there = elsewhere.folder / "models" / "aid" / "taught"
    done = elsewhere.manage("restore", str(tmp_path / "backup"), VAULT_KEY="another")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "VAULT_KEY is not the one of the backup" in done.stdout
    assert f"TRUST_DIR has no signing keys for {SLUG}" in done.stdout
    assert "Whether the backup is the newest nobody can tell" in done.stdout
    # A model that was taught here went along, and its row names where it lies now.
    told = f'from studio.catalogue.models import Model; print(Model.objects.get(pk="{model.pk}").folder)'
    assert elsewhere.manage("shell", "-c", told).stdout.split()[-1] == str(there)
    assert (there / "weights.safetensors").read_bytes() == b"weights"
    assert "is not at" not in done.stdout


def test_a_sqlite_snapshot_stays_as_it_was(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "any.sqlite3") as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE rows (n)")
        writer.execute("INSERT INTO rows VALUES (1)")
        writer.commit()
        reader = sqlite3.connect(tmp_path / "any.sqlite3", isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        writer.execute("INSERT INTO rows VALUES (2)")
        writer.commit()
        with sqlite3.connect(tmp_path / "copy.sqlite3") as copy:
            reader.backup(copy)
            assert copy.execute("SELECT n FROM rows").fetchall() == [(1,)]
        reader.close()
