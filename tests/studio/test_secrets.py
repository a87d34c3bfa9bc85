"""Promise 20: keys, tokens, passwords and prompts are in no log, no error page and no export.

Canaries stand for each; the product is driven through what works, what is refused and what breaks, while every logger
writes both forms of log.
"""

import io
import logging
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.audit import writing
from studio.audit.registering import catch_up
from studio.audit.reporting import ask_report
from studio.jobs import bell, finishing, making, queue, screening, tasks
from studio.jobs.checkpoints import publish_checkpoint
from studio.jobs.models import Job, Picture
from studio.logs import AsJson, AsLine
from studio.operations.demonstration import REQUESTS
from studio.operations.sample import SLUG, Sample
from studio.projects.models import Campaign
from studio.trail.actions import pending, settle
from studio.trail.models import Alarm
from tests.ports import free_port
from tests.studio.api.program import Program, program_of
from tests.studio.making import make, press
from tests.studio.requests import ask
from tests.studio.signing import signed_in

PROMPT = "marigoldcartographer"
PASSPHRASE = "canary-of-the-signing-passphrase"
STORAGE_KEY = "canary-of-the-storage-key"
LEDGER_PASSWORD = "canary-of-the-ledger-password"
PASSWORD = "canary-of-somebodys-password"


@pytest.fixture(autouse=True)
def secrets(
    installation: object, sample: Sample, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """The product as in production, with a passphrase and a storage key that would be noticed."""
    shutil.rmtree(pipeline.trust_folder(SLUG))
    settings.TRUST_PASSPHRASE = PASSPHRASE
    pipeline.create_authority(SLUG, name="Sample Aid", log=sample.organisation.log, now=now)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", STORAGE_KEY)
    settings.DEBUG = False
    settings.SECURE_SSL_REDIRECT = False
    settings.ROOT_URLCONF = "tests.studio.breaking"


class Logs:
    """What every logger wrote, in both forms."""

    def __init__(self) -> None:
        self.streams = {form: io.StringIO() for form in ("line", "json")}

    @property
    def text(self) -> str:
        return "\n".join(stream.getvalue() for stream in self.streams.values())

    def both_have(self, words: str) -> bool:
        return all(words in stream.getvalue() for stream in self.streams.values())


@contextmanager
def listening() -> Iterator[Logs]:
    """Every logger at its most talkative, but for those of libraries, which are asked for what operators would."""
    logs = Logs()
    forms = {"line": AsLine("{asctime} {levelname} {name} {message}", style="{"), "json": AsJson()}
    handlers = []
    for form, stream in logs.streams.items():
        handler = logging.StreamHandler(stream)
        handler.setFormatter(forms[form])
        handlers.append(handler)
    root, ours = logging.getLogger(), logging.getLogger("studio")
    levels = (root.level, ours.level)
    root.setLevel(logging.INFO)
    ours.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield logs
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])


def refuse(canaries: dict[str, str], text: str, where: str) -> None:
    """Nothing of them is in a text, as it is or as addresses write it."""
    for name, canary in canaries.items():
        for form in (canary, quote(canary)):
            assert form not in text, f"the {name} is in {where}"


def quoting(*arguments: object, **_: object) -> object:
    """Fails as a library does that quotes what it was given."""
    raise ValueError(f"cannot judge {PROMPT}, {os.environ['AWS_SECRET_ACCESS_KEY']}: {arguments!r}")


def test_no_secret_is_in_a_log_or_on_an_error_page(
    sample: Sample, campaign: Campaign, now: datetime, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "_ring", lambda *_: None)
    program = program_of(sample.people["creator"], sample.organisation)
    browser = signed_in(sample.people["creator"])
    browser.raise_request_exception = False
    canaries = {
        "prompt": PROMPT,
        "passphrase": PASSPHRASE,
        "storage key": STORAGE_KEY,
        "ledger's password": LEDGER_PASSWORD,
        "person's password": PASSWORD,
        "token": program.headers["authorization"].removeprefix("Bearer "),
        "session": browser.cookies["sessionid"].value,
    }
    with listening() as logs:
        submitted(program, campaign)
        make_and_refuse(campaign, now)
        pages = error_pages(browser, program, campaign, monkeypatch)
        broken_workers(campaign, now, monkeypatch)
        what_is_away(now, settings)
    for where, page in pages.items():
        refuse(canaries, page, where)
    refuse(canaries, logs.text, "a log")
    refuse(canaries, "".join(Alarm.objects.values_list("cause", flat=True)), "an alarm")
    # It was listened to what broke, in both forms.
    told = (
        "Internal Server Error: /broken",
        "builtins.KeyError: its words may quote",
        "could not be screened",
        "waits",
    )
    for words in (*told, "raised unexpected: ValueError", "the ledger cannot be reached"):
        assert logs.both_have(words), words
    # The same without the guard would have been found out.
    settings.DEBUG = True
    with listening() as bare:
        browser.post("/broken", {"prompt": PROMPT})
    assert bare.both_have(PROMPT)


def submitted(program: Program, campaign: Campaign) -> None:
    """Through the interface for programs: one that is in order, one that is not."""
    asked = {"campaign": str(campaign.pk), "prompt": f"woman farmer, {PROMPT}", "width": 256, "height": 256, "steps": 2}
    assert program.post("/jobs", asked).status_code in {201, 202}
    assert program.post("/jobs", asked | {"steps": 100_000}).status_code == 422


def make_and_refuse(campaign: Campaign, now: datetime) -> None:
    """A request that is made, signed and recorded, and one that is blocked."""
    while (job := Job.objects.filter(state="SUBMITTED").first()) is not None:
        screening.screen(job.pk, at=now)
    while (claimed := queue.claim(now=now)) is not None:
        assert making.make(claimed, press()) == "DONE"
        for picture in claimed.pictures.all():
            finishing.finish(picture.pk, clock=lambda: now)
    assert Picture.objects.exclude(state="GENERATED").exists()
    blocked = ask(campaign, now, prompt=f"{REQUESTS[0]} {PROMPT}")
    assert screening.screen(blocked.pk, at=now) == "BLOCKED"


def error_pages(
    browser: Client, program: Program, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Every kind of page that says that something went wrong. No form of ours puts words into an address."""
    handed = {"prompt": PROMPT, "passphrase": PASSPHRASE}
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    answers = {
        "page 500": browser.post("/broken", handed, headers=program.headers),
        "page 404": browser.post("/nowhere", handed, headers=program.headers),
        "page 403": browser.post(reverse("organisation-limits", args=[campaign.project.organisation_id]), handed),
        "page of a missing token": strict.post(reverse("account_login"), {"login": "creator", "password": PASSWORD}),
        "sign-in refused": Client().post(reverse("account_login"), {"login": "creator", "password": PASSWORD}),
        "page 400": browser.post("/check", handed, headers={"host": "elsewhere.example"}),
    }
    with monkeypatch.context() as patch:
        patch.setattr("studio.jobs.actions.checked", quoting)
        sent = {"campaign": str(campaign.pk), "prompt": PROMPT, "width": 256, "height": 256, "steps": 2}
        anybody = Client(raise_request_exception=False)
        answers["interface 500"] = anybody.post(
            "/api/v1/jobs", sent, content_type="application/json", headers=program.headers
        )
    statuses = {where: answer.status_code for where, answer in answers.items()}
    assert statuses == {
        "page 500": 500, "page 404": 404, "page 403": 403, "page of a missing token": 403, "sign-in refused": 200,
        "page 400": 400, "interface 500": 500,
    }  # fmt: skip
    return {where: answer.content.decode() for where, answer in answers.items()}


def broken_workers(campaign: Campaign, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Screens that fail quoting what they read, in our own steps and under Celery."""
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "screen_prompt", quoting)
        assert screening.screen(ask(campaign, now, prompt=PROMPT).pk, at=now) == "HELD"
    job = ask(campaign, now, prompt=f"woman farmer, {PROMPT}, green background", seed=21)
    screening.screen(job.pk, at=now)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "screen_picture", quoting)
        claimed = queue.claim(now=now)
        assert claimed is not None
        making.make(claimed, press())
        picture = claimed.pictures.get()
        tasks.finish.apply(args=[str(picture.pk)], throw=False)
    Picture.objects.filter(pk=picture.pk).update(not_before=None, lease=None)


def what_is_away(now: datetime, settings: LazySettings) -> None:
    """A storage and a ledger that cannot be reached, whose addresses and keys are secrets."""
    picture = Picture.objects.get(state="GENERATED")
    # Whatever the screen makes of it, it is to be signed, and there is nowhere to put it.
    Picture.objects.filter(pk=picture.pk).update(state="CHECKED")
    kept = settings.STORAGE_URL
    settings.STORAGE_URL = f"s3://pictures?endpoint=http://127.0.0.1:{free_port()}"
    assert finishing.finish(picture.pk, clock=lambda: now) == "CHECKED"
    settings.STORAGE_URL = kept
    ledger, settings.LEDGER_URL = settings.LEDGER_URL, f"postgresql://nobody:{LEDGER_PASSWORD}@127.0.0.1:9/none"
    pipeline.ledger().close()
    pipeline.ledger.cache_clear()
    tasks.settle_pending.run()
    assert Client().get("/ready").status_code == 503
    settings.LEDGER_URL = ledger
    pipeline.ledger.cache_clear()


def test_no_secret_is_in_an_export(sample: Sample, campaign: Campaign, now: datetime) -> None:
    make(ask(campaign, now, prompt=f"woman farmer, {PROMPT}, green background"), now)
    for intent in pending():
        settle(intent, at=now)
    publish_checkpoint(sample.organisation, at=now)
    catch_up(sample.organisation)
    program = program_of(sample.people["creator"], sample.organisation)
    canaries = {"prompt": PROMPT, "passphrase": PASSPHRASE, "token": program.headers["authorization"].split()[1]}
    auditor = signed_in(sample.people["auditor"])
    canaries["session"] = auditor.cookies["sessionid"].value
    for form in ("csv", "jsonl", "pack"):
        report = ask_report(
            actor=sample.people["auditor"], organisation=sample.organisation, form=form, level="full", scope={}, at=now
        )
        while writing.write(report.pk, at=now):
            pass
        report.refresh_from_db()
        assert report.state == "DONE", report.fault
        data = auditor.get(reverse("report-file", args=[report.pk])).getvalue()
        assert len(data) > 200
        if form == "pack":
            with zipfile.ZipFile(io.BytesIO(data)) as pack:
                data = b"\n".join(pack.read(name) for name in pack.namelist())
            assert b"PRIVATE KEY" not in data
        refuse(canaries, data.decode("utf-8", "replace"), form)
    for address in ("/metrics", "/ready", "/check.json", "/robots.txt"):
        refuse(canaries, Client().get(address).content.decode(), address)
