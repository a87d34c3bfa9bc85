"""Requests that start from a picture: read, sealed, screened, made from, put on record by its digest, and forgotten."""

import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from provenance import credentials
from provenance.errors import UnreadableAssetError
from provenance.keys import CheckpointKey, SigningIdentity, TrustStore, create_authority
from provenance.ledger import Ledger, create_tables
from provenance.manifest import GOVERNANCE
from studio import blobs, decoding, offering, pipeline, quarantine
from studio.accounts.models import SubjectKey
from studio.audit.integrity import problems
from studio.catalogue.actions import approve_model, register_model
from studio.catalogue.models import Model
from studio.jobs import finishing, making, queue, reference, screening, words
from studio.jobs.actions import cancel
from studio.jobs.models import Job
from studio.jobs.states import JobState, PictureState
from studio.offering import Offered, check, credentialed, read
from studio.operations.sample import SLUG, Sample
from studio.projects.models import Campaign, Project
from studio.quarantine import Kind
from studio.trail.actions import pending, settle
from studio.trail.models import AuditRow
from tests.generation import models
from tests.provenance.office import PASSPHRASE, Office, Pixels, flip
from tests.studio.files import sealed_file
from tests.studio.making import press
from tests.studio.requests import ask

RIGHTS = "Photographed by Zygomorph for us; consent file 17."
WIDTH, HEIGHT = 160, 96
TINY = {"width": 128, "height": 128, "steps": 4, "strength": 0.5}


def gradient(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    """A harmless picture: a sky over a field."""
    ramp = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (ramp, Image.new("L", ramp.size, 150), ramp.transpose(Image.Transpose.ROTATE_180)))


def filed(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def transplanted(signed: bytes, other: bytes) -> bytes:
    """Another PNG with the credential of a signed one: the chunk right behind the header, which ends at byte 33."""
    length = int.from_bytes(signed[33:37], "big") + 12
    return other[:33] + signed[33 : 33 + length] + other[33:]


def offered(rights: str = RIGHTS) -> Offered:
    return Offered(read(filed(gradient())), rights)


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The gradient as a file that somebody signed whom nobody here knows."""
    folder, now = tmp_path_factory.mktemp("stranger"), datetime.now(UTC).replace(microsecond=0)
    create_authority(folder / "keys", organisation="Somebody Else", passphrase=PASSPHRASE, now=now)
    create_tables(f"sqlite:///{folder / 'ledger.sqlite3'}")
    office = Office(
        SigningIdentity.load(folder / "keys", passphrase=PASSPHRASE),
        CheckpointKey.load(folder / "keys", passphrase=PASSPHRASE),
        TrustStore.load(folder / "keys"),
        Ledger(f"sqlite:///{folder / 'ledger.sqlite3'}"),
        now=now,
    )
    return office.seal(Pixels(gradient().tobytes(), WIDTH, HEIGHT), label="none")[1].data


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the folder of a family's tiny model."""
    return lambda family: models.FAMILIES[family](tmp_path_factory.mktemp("models") / family)


@pytest.fixture
def model_of(folder_of: Callable[[str], Path], sample: Sample, now: datetime) -> Callable[[str], Model]:
    """A tiny model of a family, registered and approved by the sample's custodian."""

    def approved(family: str) -> Model:
        people, organisation = sample.people, sample.organisation
        model = register_model(
            actor=people["custodian"], organisation=organisation, slug=family, folder=folder_of(family), at=now
        )
        return approve_model(actor=people["custodian"], model=model, at=now)

    return approved


def test_a_file_becomes_upright_rgb_within_limits() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read(filed(gradient(), "JPEG", exif=exif))
    assert (turned.width, turned.height) == (HEIGHT, WIDTH)
    large = read(filed(Image.new("RGB", (5000, 3000), "teal"), "JPEG"))
    assert (large.width, large.height) == (2048, 1229)
    views = read(filed(gradient(), "MPO", save_all=True, append_images=[gradient()]))
    assert (views.width, views.height) == (WIDTH, HEIGHT)
    kept = read(filed(gradient(), "WEBP", lossless=True))
    assert kept.pixels == gradient().tobytes()


def test_what_is_transparent_is_white() -> None:
    secret = Image.new("RGBA", (64, 64), (200, 0, 0, 0))
    assert set(read(filed(secret)).pixels) == {255}


def test_files_are_checked_together_and_a_decoder_that_dies_makes_its_file_unreadable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    good, bad = filed(gradient()), b"no picture"
    faults = check([good, bad, good])
    assert [bool(fault) for fault in faults] == [False, True, False]
    dying = tmp_path / "dying.py"
    dying.write_text("import os\nos._exit(9)\n")
    monkeypatch.setattr(offering, "DECODER", dying)
    with pytest.raises(ValidationError, match="cannot be read"):
        read(good)
    assert all("cannot be read" in fault for fault in check([good, good]))


def test_a_decoder_that_lies_about_its_pixels_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lying = tmp_path / "lying.py"
    lying.write_text('print(\'{"width": 99999, "height": 64}\')\n')
    monkeypatch.setattr(offering, "DECODER", lying)
    with pytest.raises(ValidationError, match="cannot be read"):
        read(filed(gradient()))


def test_the_process_that_decodes_inherits_nothing_and_writes_no_file(tmp_path: Path) -> None:
    program = (
        "import os\nimport decoding\ndecoding.restrict(1)\n"
        f"place = os.open({str(tmp_path / 'x')!r}, os.O_CREAT | os.O_WRONLY)\n"
        "try:\n    os.write(place, b'secret')\nexcept OSError:\n    print('refused')\n"
    )
    environment = {"PYTHONPATH": str(offering.DECODER.parent)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, check=True)
    assert ran.stdout == b"refused\n"
    limits = ("MOST_PIXELS", "LONGEST_SIDE", "SHORTEST_SIDE", "SIZE_BYTES")
    assert [getattr(decoding, name) for name in limits] == [getattr(offering, name) for name in limits]


def test_no_variable_of_the_studio_reaches_the_decoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VAULT_KEY", "secret")
    telling = tmp_path / "telling.py"
    telling.write_text("import os, json\nprint(json.dumps({'refused': 'small', 'size': sorted(os.environ)}))\n")
    monkeypatch.setattr(offering, "DECODER", telling)
    with pytest.raises(ValidationError) as told:
        read(b"anything")
    assert "VAULT_KEY" not in told.value.messages[0]


def bomb() -> bytes:
    """A PNG that says it has 30000 x 30000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"no picture", "cannot be read"),
        (filed(gradient())[:200], "cannot be read"),
        (filed(gradient(), "GIF"), "cannot be read"),
        (bomb(), "million pixels"),
        (filed(Image.new("1", (8000, 8000))), "million pixels"),
        (filed(gradient(), "WEBP", save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT))]), "animation"),
        (filed(Image.new("I;16", (64, 64))), "more than 8 bits"),
        (filed(gradient(640, 63)), "at least 64"),
    ],
    ids=["words", "broken", "gif", "bomb", "large", "animation", "deep", "small"],
)
def test_what_is_no_usable_picture_is_refused_in_plain_words(data: bytes, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        read(data)


@pytest.mark.parametrize("rights", ["", "  ", "x" * 501])
def test_by_what_right_must_be_said(campaign: Campaign, now: datetime, rights: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(campaign, now, offered=offered(rights), strength=0.5)
    assert list(caught.value.message_dict) == ["rights"]
    assert not Job.objects.exists()


def test_a_strength_out_of_range_is_named(campaign: Campaign, now: datetime) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(campaign, now, offered=offered(), strength=1.5)
    assert list(caught.value.message_dict) == ["strength"]


def test_a_model_that_cannot_start_from_a_picture_refuses_at_once(
    campaign: Campaign, now: datetime, model_of: Callable[[str], Model]
) -> None:
    model = model_of("pixart-sigma")
    with pytest.raises(ValidationError) as caught:
        ask(campaign, now, model=model, offered=offered(), **TINY)
    assert caught.value.message_dict == {
        "reference": ["This model cannot start from a picture; leave the reference out."]
    }
    assert not Job.objects.exists()


def test_what_is_not_accepted_is_not_kept(campaign: Campaign, now: datetime, installation: Path) -> None:
    first = ask(campaign, now, offered=offered(), strength=0.5, idempotency_key="k")
    assert ask(campaign, now, offered=offered(), strength=0.5, idempotency_key="k").pk == first.pk
    with pytest.raises(ValidationError, match="another request"):
        ask(campaign, now, offered=offered("Somebody else's."), strength=0.5, idempotency_key="k")
    Project.objects.update(budget=0)
    with pytest.raises(ValidationError, match="budget"):
        ask(campaign, now, offered=offered(), strength=0.5)
    assert list((installation / "quarantine" / "reference").iterdir()) == [sealed_file(Kind.REFERENCE, first.pk)]


def test_it_is_sealed_and_its_rights_are_words(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now, offered=offered(), strength=0.5)
    assert gradient().tobytes()[:64] not in sealed_file(Kind.REFERENCE, job.pk).read_bytes()
    assert reference.opened(job).pixels == gradient().tobytes()
    assert words.open_words(job).rights == RIGHTS
    assert words.open_words(job).commitment == job.prompt_commitment
    assert "Zygomorph" not in repr(Job.objects.values().get()) + repr(list(AuditRow.objects.values()))


def test_a_broken_credential_is_not_signed_over(campaign: Campaign, signed: bytes) -> None:
    """P-34: what is handed in is read first; a file that was changed after it was signed is refused."""
    assert credentialed(signed) == signed
    assert credentialed(filed(gradient())) == b""
    assert credentialed(filed(gradient(), "WEBP")) == b""
    with pytest.raises(ValidationError, match="changed after somebody signed it"):
        credentialed(transplanted(signed, filed(Image.new("RGB", (WIDTH, HEIGHT), "navy"))))
    with pytest.raises(ValidationError, match="cannot be checked"):
        credentialed(flip(signed))


def test_a_credential_that_cannot_be_checked_is_refused(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large photograph without one passes; a file that the reader dies of does not pass for one without."""

    def dies(data: bytes, **_: Any) -> None:
        raise UnreadableAssetError("the reader ended with status -9")

    monkeypatch.setattr("provenance.isolation.examine_isolated", dies)
    assert credentialed(b"a large photograph") == b""
    with pytest.raises(ValidationError, match="cannot be checked"):
        credentialed(b"jumb c2pa")


def test_a_credential_goes_along_or_nothing_is_signed(
    campaign: Campaign, now: datetime, installation: Path, signed: bytes
) -> None:
    job = ask(campaign, now, offered=Offered(read(signed), RIGHTS, credentialed(signed)), strength=0.5)
    assert reference.credentialed_file(job) == signed
    assert signed[1000:1064] not in sealed_file(Kind.CREDENTIAL, job.pk).read_bytes(), "it is sealed"
    assert reference.credentialed_file(ask(campaign, now, offered=offered(), strength=0.5)) is None
    old = (now - timedelta(hours=2)).timestamp()
    os.utime(sealed_file(Kind.CREDENTIAL, job.pk), (old, old))
    assert reference.sweep(now=now) == 0, "something is still to be made from it"
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    os.utime(sealed_file(Kind.REFERENCE, job.pk), (old, old))
    assert reference.sweep(now=now) == 2
    with pytest.raises(FileNotFoundError):
        reference.credentialed_file(job)
    SubjectKey.objects.all().delete()
    with pytest.raises(words.ErasedError):
        reference.credentialed_file(job)


@pytest.mark.parametrize("carried", [False, True], ids=["a plain file", "a signed file"])
def test_from_a_picture_to_a_signed_one_that_says_so(
    carried: bool,
    signed: bytes,
    campaign: Campaign,
    sample: Sample,
    now: datetime,
    model_of: Callable[[str], Model],
    django_capture_on_commit_callbacks: Any,
) -> None:
    digest = hashlib.sha256(gradient().tobytes()).hexdigest()
    start = Offered(read(signed), RIGHTS, signed) if carried else offered()
    job = ask(campaign, now, model=model_of("stable-diffusion"), offered=start, prompt="a red tent", **TINY)
    assert screening.screen(job.pk, at=now) == JobState.QUEUED
    assert [row.subject for row in job.screenings.order_by("reference")] == ["The words", "The picture to start from"]
    claimed = queue.claim(now=now)
    assert claimed is not None
    with django_capture_on_commit_callbacks(execute=True):
        assert making.make(claimed, press()) == JobState.DONE, Job.objects.get().failure
    assert not sealed_file(Kind.REFERENCE, job.pk).exists()
    picture = job.pictures.get()
    assert picture.recipe["spec"]["reference_sha256"] == digest
    if finishing.finish(picture.pk, clock=lambda: now) == PictureState.QUARANTINED:
        # A model of random weights paints noise, of which the screen may think what it likes.
        type(picture).objects.update(state=PictureState.CHECKED, lease=None)
        finishing.finish(picture.pk, clock=lambda: now)
    picture.refresh_from_db()
    assert picture.state == PictureState.RECORDED, picture.waiting

    made = blobs.get(picture.sha256)
    assert pipeline.verify(made).verdict == "not-released"
    roots = (pipeline.trust_folder(SLUG) / "root.pem").read_bytes()
    text = credentials.crjson(made, picture.media_type, roots_pem=roots)
    manifest, *carried_along = json.loads(text or "")["manifests"]
    assert len(carried_along) == carried
    inputs = [item for item in manifest["assertions"].values() if item.get("relationship") == "inputTo"]
    commitment = pipeline.commitment(digest, bytes.fromhex(words.open_words(job).salt))
    assert inputs[0]["instanceID"] == f"sha256:{job.model.digest}"
    if carried:
        assert inputs[1]["activeManifest"]["url"].endswith(carried_along[0]["label"])
    else:
        assert inputs[1]["instanceID"] == f"commitment:{commitment}"
    assert manifest["assertions"][GOVERNANCE]["referenceCommitment"] == commitment
    (entry,) = pipeline.entries_about(picture.record)
    assert entry.body["reference"] == commitment
    assert digest not in json.dumps(entry.body) + json.dumps(manifest)
    assert b"Zygomorph" not in made + entry.canonical
    for intent in pending():
        settle(intent, at=now)
    assert [str(problem) for problem in problems(now=now)] == []


def decided(action: str) -> Callable[..., pipeline.Screened]:
    """A screen that always decides the same."""

    def screen(*_: object, decision_id: object, **__: object) -> pipeline.Screened:
        return pipeline.Screened(action, {"id": str(decision_id), "findings": []}, [f"because {action}"])

    return screen


@pytest.mark.parametrize(
    ("about_words", "about_picture", "state"),
    [
        ("allow", "allow", JobState.QUEUED),
        ("allow", "annotate", JobState.QUEUED),
        ("annotate", "review", JobState.HELD),
        ("review", "allow", JobState.HELD),
        ("review", "block", JobState.BLOCKED),
        ("block", "allow", JobState.BLOCKED),
    ],
)
def test_the_stricter_decision_holds(
    campaign: Campaign,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    about_words: str,
    about_picture: str,
    state: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(pipeline, "screen_prompt", decided(about_words))
    monkeypatch.setattr(pipeline, "screen_picture", decided(about_picture))
    job = ask(campaign, now, offered=offered(), strength=0.5)
    with django_capture_on_commit_callbacks(execute=True):
        assert screening.screen(job.pk, at=now) == state
    assert [row.action for row in job.screenings.order_by("reference")] == [about_words, about_picture]
    assert sealed_file(Kind.REFERENCE, job.pk).exists() == (state != JobState.BLOCKED)


def test_a_screen_that_fails_on_the_picture_holds_the_request(
    campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("weights gone")

    monkeypatch.setattr(pipeline, "screen_picture", broken)
    job = ask(campaign, now, offered=offered(), strength=0.5)
    assert screening.screen(job.pk, at=now) == JobState.HELD
    assert pipeline.sensitive(job.screenings.get(reference=True).decision), "no preview of what nobody has judged"


def erase_key(job: Job) -> None:
    SubjectKey.objects.all().delete()


def lose_file(job: Job) -> None:
    reference.forget(job.pk)


@pytest.mark.parametrize("lose", [erase_key, lose_file])
def test_an_erased_picture_ends_the_request(campaign: Campaign, now: datetime, lose: Callable[[Job], None]) -> None:
    early = ask(campaign, now, offered=offered(), strength=0.5)
    lose(early)
    assert screening.screen(early.pk, at=now) == JobState.FAILED
    late = ask(campaign, now, offered=offered(), strength=0.5)
    assert screening.screen(late.pk, at=now) == JobState.QUEUED
    claimed = queue.claim(now=now)
    assert claimed is not None
    lose(late)
    assert making.make(claimed, press()) == JobState.FAILED
    assert "erased" in Job.objects.get(pk=late.pk).failure


def test_it_goes_with_its_request_or_with_the_sweep(
    campaign: Campaign, now: datetime, django_capture_on_commit_callbacks: Any
) -> None:
    waiting = ask(campaign, now, offered=offered(), strength=0.5)
    ended = ask(campaign, now, offered=offered(), strength=0.5)
    with django_capture_on_commit_callbacks(execute=True):
        cancel(actor=ended.requester.user, job=ended, at=now)
    assert not sealed_file(Kind.REFERENCE, ended.pk).exists()
    quarantine.place(Kind.REFERENCE, ended.pk).write(b"left by a crash")
    assert reference.sweep(now=now) == 0, "its row may still come"
    old = (now - timedelta(hours=2)).timestamp()
    for job in (waiting, ended):
        os.utime(sealed_file(Kind.REFERENCE, job.pk), (old, old))
    assert reference.sweep(now=now) == 1
    assert sealed_file(Kind.REFERENCE, waiting.pk).exists()


def test_the_ledger_says_nothing_of_the_picture_once_its_salt_is_erased(campaign: Campaign, now: datetime) -> None:
    job = ask(campaign, now)
    job.spec = {**job.spec, "reference_sha256": "ab" * 32}
    assert finishing._committed_reference(job) not in (None, "ab" * 32)
    SubjectKey.objects.all().delete()
    assert finishing._committed_reference(job) is None
