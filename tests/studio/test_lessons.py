"""Teaching a model: what is refused before anything is kept, the way from files to a model, and all that kills it."""

import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied, ValidationError

from studio import pipeline, quarantine
from studio.accounts.actions import revoke_role
from studio.accounts.models import Role, SubjectKey
from studio.catalogue import lesson_files, lessons, training
from studio.catalogue.actions import approve_model, withdraw_model
from studio.catalogue.lesson_files import Handed, Papers
from studio.catalogue.models import Lesson, Material, Model
from studio.catalogue.states import LESSON_ENDS, TRANSITIONS, LessonState
from studio.catalogue.teaching import cancel
from studio.claims import MAX_ATTEMPTS
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.quarantine import Kind
from studio.trail.errors import StaleStateError
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.files import sealed_file
from tests.studio.lessons import PAPERS, ask_lesson, disc, discs, open_model, register_copy
from tests.studio.making import later
from tests.studio.pages.printing import print_pictures
from tests.studio.requests import ask

pytestmark = pytest.mark.alone

Trainer = Callable[..., Any]


@pytest.fixture
def parent(sample: Sample, tiny_folder: Path, now: datetime) -> Model:
    """An approved model that is taught in seconds."""
    return open_model(sample, tiny_folder, now)


def taught(lesson: Lesson, at: datetime) -> Lesson:
    """The lesson after one real attempt."""
    claimed = lessons.claim(now=at)
    assert claimed is not None
    assert claimed.pk == lesson.pk
    training.train(claimed)
    return Lesson.objects.select_related("model", "parent").get(pk=lesson.pk)


def meddle(monkeypatch: pytest.MonkeyPatch, deed: Callable[[Any], object]) -> None:
    """Do something to every trainer just after it has started."""
    start = pipeline.trainer

    def started(**lesson: Any) -> Any:
        trainer = start(**lesson)
        deed(trainer)
        return trainer

    monkeypatch.setattr(pipeline, "trainer", started)


def kept(lesson: Lesson) -> list[Path]:
    """What lies in the quarantine for a lesson."""
    return sorted(sealed_file(Kind.LESSON, lesson.pk).parent.glob(f"{lesson.pk}.*"))


def verbs(lesson: Lesson) -> list[str]:
    """What the trail says of a lesson."""
    return list(AuditRow.objects.filter(object_id=str(lesson.pk)).order_by("pk").values_list("verb", flat=True))


def test_from_files_to_a_picture_and_back(
    parent: Model, campaign: Campaign, people: SimpleNamespace, now: datetime
) -> None:
    asked = ask_lesson(parent, now)
    assert len(kept(asked)) == 3
    assert not any(disc(0)[:64] in path.read_bytes() for path in kept(asked))

    lesson = taught(asked, now)
    assert (lesson.state, lesson.step, lesson.failure) == (LessonState.DONE, 2, "")
    assert verbs(lesson) == ["lesson.ask", "lesson.start", "lesson.done"]
    model = lesson.model
    assert model is not None
    assert (model.state, model.slug, model.parent, model.parent_digest) == (
        "unapproved",
        "cooker",
        parent,
        parent.digest,
    )
    assert model.data_manifest_sha256 == hashlib.sha256(pipeline.manifest_of(lesson.pictures)).hexdigest()

    approve_model(actor=people.custodian, model=model, at=now, purposes="Posters.")
    picture = print_pictures(ask(campaign, now, model=model), now)[0]
    assert [(m.name, m.sha256, m.licence, m.consent) for m in picture.materials] == [
        (f"disc-{n}.png", hashlib.sha256(disc(n)).hexdigest(), "CC0-1.0", "no person is shown") for n in range(3)
    ]
    learnt_from_it = Picture.objects.filter(job__model__line__materials__sha256=hashlib.sha256(disc(1)).hexdigest())
    assert list(learnt_from_it) == [picture]


@pytest.mark.django_db(transaction=True)
def test_the_files_go_with_the_end_of_the_lesson(parent: Model, now: datetime, settings: LazySettings) -> None:
    lesson = taught(ask_lesson(parent, now), now)
    assert lesson.state == LessonState.DONE
    assert kept(lesson) == []
    assert sorted(path.name for path in (settings.MODELS_DIR / "sample-aid").iterdir()) == [
        f"cooker-{lesson.pk.hex[:8]}"
    ]


def test_the_line_of_a_model_goes_back_to_the_packages(sample: Sample, tmp_path: Path, now: datetime) -> None:
    child = register_copy(sample, tmp_path / "child", now, parent=sample.model)
    assert child.parent == sample.model
    names = set(Material.objects.filter(model__heirs=child).values_list("name", flat=True))
    assert {"emojibase-data", "cow.png"} <= names


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"answers": replace(PAPERS, licence=" ")}, "licence", "disc-0.png, disc-1.png, disc-2.png. State"),
        ({"answers": replace(PAPERS, consent=""), "handed": discs(5)}, "consent", "disc-2.png and 2 more"),
        ({"answers": replace(PAPERS, source="")}, "source", "missing for disc-0.png"),
        ({"handed": []}, "pictures", "at least one"),
        ({"handed": [*discs(1), Handed("notes.png", b"no picture")]}, "pictures", "notes.png: This cannot be read"),
        ({"handed": [*discs(2), Handed("disc-0.png", disc(5))]}, "pictures", "named disc-0.png"),
        ({"handed": [Handed("x" * 130, disc(0))]}, "pictures", "too long"),
        ({"concept": "Solar Cooker"}, "concept", "Write it in small letters"),
        ({"concept": "tiny"}, "concept", "is registered already"),
        ({"steps": 0}, "steps", "from 1 to"),
    ],
)
def test_what_is_refused_is_named_and_kept_nowhere(
    changes: dict[str, Any], field: str, said: str, parent: Model, now: datetime, settings: LazySettings
) -> None:
    with pytest.raises(ValidationError) as refusal:
        ask_lesson(parent, now, **changes)
    assert said in refusal.value.message_dict[field][0]
    assert not list(quarantine.store().listed("lesson/"))
    assert not Lesson.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"words": []}, "words", "at least one language"),
        ({"words": ["en:cow"]}, "words", "'cow' (en): the model gives it a meaning already"),
        ({"concept": "cow", "words": ["en:moo maker"]}, "concept", "knows a concept named cow"),
        (
            {"answers": replace(PAPERS, caption="something else")},
            "caption",
            "'something else', of disc-0.png, names nothing",
        ),
    ],
)
def test_what_the_starter_cannot_learn_is_refused_at_once(
    changes: dict[str, Any], field: str, said: str, sample: Sample, now: datetime
) -> None:
    with pytest.raises(ValidationError) as refusal:
        ask_lesson(sample.model, now, **changes)
    assert said in refusal.value.message_dict[field][0]


def line(**stated: str) -> str:
    """A line of a manifest."""
    return json.dumps(stated)


WHOLE = {"licence": "CC-BY-4.0", "source": "field office", "consent": "form 12", "caption": "a solar cooker"}


@pytest.mark.parametrize(
    ("lines", "field", "said"),
    [
        ([line(file="disc-0.png", **WHOLE)], "pictures", "has no line for disc-1.png"),
        ([line(file=f"disc-{n}.png", **WHOLE) for n in range(3)], "pictures", "names disc-2.png, which was not chosen"),
        (
            [line(file="disc-0.png", **WHOLE), line(file="disc-1.png", **WHOLE | {"consent": " "})],
            "consent",
            "missing for disc-1.png.",
        ),
        (
            [line(file="disc-0.png", **WHOLE), line(file="disc-1.png", **WHOLE, sha256="0" * 64)],
            "pictures",
            "disc-1.png is not the file",
        ),
        (["nonsense"], "pictures", "line 1 is not JSON"),
        ([line(licence="x")], "pictures", "line 1: file is missing"),
        (['{"file": 3}'], "pictures", "line 1 must be one JSON object"),
        ([line(file="disc-0.png", **WHOLE | {"source": "x" * 501})], "pictures", "source is too long"),
    ],
)
def test_a_manifest_is_held_to_its_files(lines: list[str], field: str, said: str, parent: Model, now: datetime) -> None:
    handed = [*discs(2), Handed("manifest.jsonl", "\n".join(lines).encode())]
    with pytest.raises(ValidationError) as refusal:
        ask_lesson(parent, now, handed=handed, answers=Papers())
    assert said in refusal.value.message_dict[field][0]


def test_a_manifest_says_what_differs(parent: Model, now: datetime) -> None:
    stated = [line(file="disc-0.png", **WHOLE), line(file="disc-1.png", licence="MIT")]
    lesson = ask_lesson(parent, now, handed=[*discs(2), Handed("manifest.jsonl", "\n".join(stated).encode())])
    assert [picture["licence"] for picture in lesson.pictures] == ["CC-BY-4.0", "MIT"]
    assert [picture["consent"] for picture in lesson.pictures] == ["form 12", "no person is shown"]


def test_only_a_custodian_teaches_and_cancels(parent: Model, people: SimpleNamespace, now: datetime) -> None:
    for name in ("creator", "reviewer", "auditor", "administrator", "operator"):
        actor = getattr(people, name, None) or type(people.creator).objects.get(username=name)
        with pytest.raises(PermissionDenied):
            ask_lesson(parent, now, actor=actor)
    lesson = ask_lesson(parent, now)
    with pytest.raises(PermissionDenied):
        cancel(actor=people.creator, lesson=lesson, at=now)


def test_a_withdrawn_model_is_taught_nothing(parent: Model, people: SimpleNamespace, now: datetime) -> None:
    withdraw_model(actor=people.custodian, model=parent, at=now, reason="Its licence was misread.")
    with pytest.raises(ValidationError, match="not approved"):
        ask_lesson(parent, now)


def test_a_name_is_taught_once_at_a_time(parent: Model, people: SimpleNamespace, now: datetime) -> None:
    first = ask_lesson(parent, now)
    with pytest.raises(ValidationError, match="is being taught already"):
        ask_lesson(parent, now)
    cancel(actor=people.custodian, lesson=first, at=now)
    ask_lesson(parent, now)


def test_a_waiting_lesson_is_cancelled_at_once(parent: Model, people: SimpleNamespace, now: datetime) -> None:
    lesson = ask_lesson(parent, now)
    cancel(actor=people.custodian, lesson=lesson, at=now)
    lesson.refresh_from_db()
    assert lesson.state == LessonState.CANCELLED
    assert lessons.claim(now=now) is None
    with pytest.raises(StaleStateError):
        cancel(actor=people.custodian, lesson=lesson, at=now)


def test_a_lesson_is_cancelled_while_it_is_taught(
    parent: Model, people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    asked = ask_lesson(parent, now, steps=5000)
    trainers: list[Any] = []

    def change_of_mind(trainer: Any) -> None:
        trainers.append(trainer)
        cancel(actor=people.custodian, lesson=asked, at=now)

    meddle(monkeypatch, change_of_mind)
    lesson = taught(asked, now)
    assert lesson.state == LessonState.CANCELLED
    assert not Path(f"/proc/{trainers[0].pid}").exists()
    assert list((settings.MODELS_DIR / "sample-aid").iterdir()) == []
    assert verbs(lesson)[-1] == "lesson.cancelled"


def test_a_killed_trainer_is_tried_again_and_at_last_given_up(
    parent: Model, now: datetime, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.BACKOFF_SECONDS = (0.0,)
    meddle(monkeypatch, lambda trainer: os.kill(trainer.pid, signal.SIGKILL))
    asked = ask_lesson(parent, now)
    for attempt in range(1, MAX_ATTEMPTS):
        lesson = taught(asked, later(now))
        assert (lesson.state, lesson.attempt) == (LessonState.WAITING, attempt)
    lesson = taught(asked, later(now))
    assert lesson.state == LessonState.FAILED
    assert "SIGKILL" in lesson.failure


def test_a_trainer_told_to_end_costs_no_attempt(parent: Model, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    meddle(monkeypatch, lambda trainer: os.kill(trainer.pid, signal.SIGTERM))
    lesson = taught(ask_lesson(parent, now), now)
    assert (lesson.state, lesson.attempt) == (LessonState.WAITING, 0)


def test_a_silent_worker_loses_its_lesson_and_can_write_no_more(parent: Model, now: datetime) -> None:
    ask_lesson(parent, now)
    claimed = lessons.claim(now=now)
    assert claimed is not None
    assert lessons.sweep(now=now)["silent"] == 0
    assert lessons.sweep(now=later(now)) == {"silent": 1, "waiting": 1, "stray": 0}
    again = lessons.claim(now=later(now))
    assert again is not None
    assert (again.pk, again.attempt) == (claimed.pk, 2)
    with pytest.raises(StaleStateError):
        lessons.end(claimed, LessonState.FAILED, at=now)


def test_what_was_finished_is_not_taught_again(parent: Model, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = taught(ask_lesson(parent, now), now)
    Lesson.objects.filter(pk=lesson.pk).update(state=LessonState.WAITING, model=None, lease=None)
    monkeypatch.setattr(pipeline, "trainer", lambda **_: pytest.fail("taught twice"))
    again = taught(lesson, later(now))
    assert (again.state, again.model) == (LessonState.DONE, lesson.model)


def test_altered_weights_are_taught_nothing(sample: Sample, tiny_folder: Path, tmp_path: Path, now: datetime) -> None:
    parent = open_model(sample, Path(shutil.copytree(tiny_folder, tmp_path / "copy")), now)
    asked = ask_lesson(parent, now)
    weights = next((tmp_path / "copy" / "unet").glob("*.safetensors"))
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    lesson = taught(asked, now)
    assert lesson.state == LessonState.FAILED
    assert "not the approved ones" in lesson.failure
    assert str(tmp_path) not in lesson.failure


def test_erased_pictures_end_the_lesson(parent: Model, now: datetime) -> None:
    asked = ask_lesson(parent, now)
    SubjectKey.objects.get(membership=asked.custodian).delete()
    lesson = taught(asked, now)
    assert lesson.state == LessonState.FAILED
    assert "hand them in again" in lesson.failure


def test_whoever_is_custodian_no_more_registers_nothing(
    parent: Model, people: SimpleNamespace, sample: Sample, now: datetime
) -> None:
    asked = ask_lesson(parent, now)
    revoke_role(
        actor=people.administrator,
        user=people.custodian,
        organisation=sample.organisation,
        role=Role.CUSTODIAN,
        at=now,
    )
    lesson = taught(asked, now)
    assert lesson.state == LessonState.FAILED
    assert "role of custodian" in lesson.failure
    assert not Model.objects.filter(slug="cooker").exists()


def test_the_sweep_clears_what_a_crash_left(parent: Model, now: datetime, settings: LazySettings) -> None:
    lesson = ask_lesson(parent, now)
    stray = sealed_file(Kind.LESSON, lesson.pk).with_name(f"{parent.pk}.0")
    opened = settings.WORK_DIR / f"{lesson.pk}.{parent.pk}.training"
    stray.write_bytes(b"sealed")
    os.utime(stray, (0, 0))
    opened.mkdir(parents=True)
    (opened / "disc-0.png").write_bytes(disc(0))
    assert lesson_files.sweep(now=now) == 2
    assert len(kept(lesson)) == 3


def test_a_decision_is_one_entry_without_its_words(parent: Model, people: SimpleNamespace, now: datetime) -> None:
    withdraw_model(actor=people.custodian, model=parent, at=now, reason="Ms Example asked for it.")
    withdraw_model(actor=people.custodian, model=parent, at=now, reason="Again.")
    rows = [str(pk) for pk in parent.decisions.values_list("pk", flat=True)]
    entries = [
        json.loads(bytes(intent.canonical)) for intent in LedgerIntent.objects.filter(kind="model", row__in=rows)
    ]
    assert sorted(entry["body"]["outcome"] for entry in entries) == ["approved", "withdrawn"]
    assert {entry["body"]["digest"] for entry in entries} == {parent.digest}
    assert "Example" not in json.dumps(entries)
    assert {decision.words for decision in parent.decisions.all()} == {
        "Whatever its licence permits.",
        "Ms Example asked for it.",
    }


@pytest.mark.parametrize("words", ["", "  ", "x" * 501])
def test_an_approval_states_its_purposes(words: str, parent: Model, people: SimpleNamespace, now: datetime) -> None:
    Model.objects.filter(pk=parent.pk).update(state=Model.State.UNAPPROVED, approved_by=None)
    with pytest.raises(ValidationError):
        approve_model(actor=people.custodian, model=parent, at=now, purposes=words)


def test_an_end_is_an_end() -> None:
    assert not LESSON_ENDS & TRANSITIONS.keys()
    assert set().union(*TRANSITIONS.values()) | TRANSITIONS.keys() == set(LessonState.values)
