"""The pages of models and lessons: what members read, what custodians do there, and nothing lost by a mistake."""

import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studio import pipeline
from studio.catalogue import lessons
from studio.catalogue.cards import rendered
from studio.catalogue.models import Lesson, Model
from studio.catalogue.states import LessonState
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from tests.studio.lessons import disc, register_copy

Browse = Callable[[str], Client]
ANSWERS = {
    "concept": "cooker",
    "word_en": "solar cooker, sun cooker",
    "licence": "CC0-1.0",
    "source": "drawn by a test",
    "consent": "no person is shown",
    "caption": "",
    "steps": "2",
}


def files(*names: str) -> list[io.BytesIO]:
    """Files as a browser sends them."""
    return [SimpleUploadedFile(name, disc(number), "image/png") for number, name in enumerate(names)]


def read(client: Client, name: str, pk: object) -> str:
    """A page as text."""
    answer = client.get(reverse(name, args=[pk]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def child(sample: Sample, tmp_path: Path, now: datetime) -> Model:
    """A model taught from the sample's, not approved yet."""
    return register_copy(sample, tmp_path / "child", now, parent=sample.model)


def test_a_model_shows_where_it_comes_from(child: Model, sample: Sample, browse: Browse) -> None:
    page = read(browse("creator"), "model", child.pk)
    for said in (child.digest, "ab" * 32, "cow.png", "CC0-1.0", reverse("model", args=[sample.model.pk]), "4 more"):
        assert said in page
    parent = read(browse("creator"), "model", sample.model.pk)
    for said in ("emojibase-data", "17.0.0", child.title, "Whatever its licence permits.", "apache-2.0"):
        assert said in parent
    listed = browse("auditor").get(reverse("models")).content.decode()
    assert "Waiting for approval" in listed
    assert "Approved by custodian" in listed


def test_a_picture_leads_to_its_model_and_its_data(picture: Picture, browse: Browse) -> None:
    client = browse("reviewer")
    page = read(client, "picture", picture.pk)
    assert reverse("model", args=[picture.job.model_id]) in page
    assert "0 pictures, 4 packages of drawings" in page
    assert reverse("picture", args=[picture.pk]) in read(client, "model", picture.job.model_id)


def test_strangers_models_are_nowhere(child: Model, lesson: Lesson, outsider: Client) -> None:
    page = outsider.get(reverse("models")).content.decode()
    assert child.title not in page
    assert lesson.concept not in page
    for name, pk in (("model", child.pk), ("model-approve", child.pk), ("teach", child.pk), ("lesson", lesson.pk)):
        assert outsider.get(reverse(name, args=[pk])).status_code == 404
        assert outsider.post(reverse(name, args=[pk])).status_code in {404, 405}


def test_approving_states_purposes(child: Model, browse: Browse) -> None:
    where = reverse("model-approve", args=[child.pk])
    uses = {"uses": ["charitable"]}
    refused = browse("administrator").post(where, uses | {"purposes": "Posters."})
    assert refused.status_code == 403
    assert "role of custodian" in refused.content.decode()
    assert browse("custodian").post(where, uses | {"purposes": " "}).status_code == 422
    assert browse("custodian").post(where, uses | {"purposes": "Posters, never fund-raising."}).status_code == 302
    child.refresh_from_db()
    assert child.state == Model.State.APPROVED
    assert "Posters, never fund-raising." in read(browse("creator"), "model", child.pk)


def test_withdrawing_says_why(sample: Sample, browse: Browse) -> None:
    where = reverse("model-withdraw", args=[sample.model.pk])
    assert browse("custodian").post(where, {"reason": ""}).status_code == 422
    assert browse("custodian").post(where, {"reason": "Its licence was misread."}).status_code == 302
    page = read(browse("creator"), "model", sample.model.pk)
    assert "Its licence was misread." in page
    assert reverse("teach", args=[sample.model.pk]) not in page


def test_purposes_stand_beside_the_choice_of_a_model(sample: Sample, campaign: object, browse: Browse) -> None:
    assert "Whatever its licence permits." in read(browse("creator"), "create", campaign.pk)  # type: ignore[attr-defined]


def test_only_custodians_are_offered_what_they_may_do(sample: Sample, browse: Browse) -> None:
    teach = reverse("teach", args=[sample.model.pk])
    assert teach in read(browse("custodian"), "model", sample.model.pk)
    assert teach not in read(browse("creator"), "model", sample.model.pk)
    assert "needs the role of custodian" in read(browse("creator"), "teach", sample.model.pk)
    refused = browse("creator").post(teach, {**ANSWERS, "pictures": files("a.png")})
    assert refused.status_code == 403


def test_a_mistake_loses_nothing_that_was_typed(sample: Sample, browse: Browse) -> None:
    where = reverse("teach", args=[sample.model.pk])
    answer = browse("custodian").post(where, {**ANSWERS, "consent": "", "pictures": files("a.png", "b.png")})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The consent is missing for a.png, b.png." in page
    assert "choose them again" in page
    for typed in ("solar cooker, sun cooker", "CC0-1.0", "drawn by a test"):
        assert f'value="{typed}"' in page
    wrong = browse("custodian").post(where, {**ANSWERS, "word_en": "cow", "pictures": files("a.png")})
    assert "the model gives it a meaning already" in wrong.content.decode()
    assert browse("custodian").post(where, ANSWERS).status_code == 422
    assert not Lesson.objects.exists()


def test_a_lesson_is_asked_for_followed_and_cancelled(sample: Sample, browse: Browse, now: datetime) -> None:
    client = browse("custodian")
    sent = client.post(reverse("teach", args=[sample.model.pk]), {**ANSWERS, "pictures": files("a.png", "b.png")})
    lesson = Lesson.objects.get()
    assert sent.headers["Location"] == reverse("lesson", args=[lesson.pk])
    assert lesson.words == ["en:solar cooker", "en:sun cooker"]
    assert {picture["caption"] for picture in lesson.pictures} == {"solar cooker"}
    assert "It is next." in read(client, "lesson", lesson.pk)

    progress = reverse("lesson-progress", args=[lesson.pk])
    mark = client.get(progress).context["mark"]
    assert client.get(progress, {"mark": mark}).status_code == 204
    assert lessons.claim(now=now) is not None
    Lesson.objects.update(step=1, left_s=130.0, loss=0.5)
    moved = client.get(progress, {"mark": mark}).content.decode()
    assert "Step 1 of 2, about 2 minutes left" in moved

    cancel = reverse("lesson-cancel", args=[lesson.pk])
    assert browse("creator").post(cancel).status_code == 403
    assert client.post(cancel).status_code == 302
    assert "Stopping" in read(client, "lesson", lesson.pk)
    Lesson.objects.update(state=LessonState.CANCELLED)
    assert client.post(cancel).status_code == 409
    assert "hx-get" not in read(client, "lesson", lesson.pk)


@pytest.mark.parametrize("state", LessonState.values)
def test_every_state_of_a_lesson_has_a_page(
    state: str, lesson: Lesson, sample: Sample, browse: Browse, now: datetime
) -> None:
    token = lesson.pk if state == LessonState.TRAINING else None
    lease = now if token else None
    Lesson.objects.update(state=state, token=token, lease=lease, model=sample.model, failure="because of a test")
    page = read(browse("auditor"), "lesson", lesson.pk)
    assert str(LessonState(state).label) in page
    assert ("because of a test" in page) is (state in {LessonState.FAILED, LessonState.WAITING})


def test_the_desk_approves_as_before(child: Model, people: SimpleNamespace, browse: Browse) -> None:
    where = reverse("admin:catalogue_model_changelist")
    chosen = {"action": "approve", "_selected_action": [str(child.pk)]}
    assert browse("custodian").post(where, chosen, follow=True).status_code == 200
    child.refresh_from_db()
    assert (child.state, child.approved_by) == (Model.State.APPROVED, people.custodian)


def test_a_card_is_shown_without_what_could_harm() -> None:
    text = "# Title\n\n<script>alert(1)</script> [x](javascript:alert(1)) ![sheet](sheet.png) [in](a.md) [out](https://a.example)"
    html = rendered(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "a.md" not in html
    assert 'href="https://a.example"' in html
    assert "<h3>Title</h3>" in html
    assert "sheet" in html


@pytest.mark.parametrize("text", ["---\nlicense: x\n---\n# Card\n", "# Card\n"])
def test_a_cards_front_matter_is_not_shown(text: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(text)
    assert pipeline.card_text(tmp_path) == "# Card\n"
