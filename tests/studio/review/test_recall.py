"""Recall: shown before it happens, done in slices, once for each picture, and standing against what comes later."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from studio import blobs, pipeline
from studio.audit.integrity import problems
from studio.jobs.models import Picture
from studio.jobs.states import PictureState
from studio.operations.sample import Sample
from studio.review import recalling
from studio.review.actions import release
from studio.review.models import Recall, Release, Withdrawal
from studio.review.releasing import finish_release
from studio.trail.models import AuditRow, LedgerIntent
from tests.studio.review.reviewing import approve, settled, submit

REASON = "The model drew the same face again and again"


@pytest.fixture
def approved(pictures: list[Picture], people: SimpleNamespace, now: datetime) -> list[Picture]:
    """Three approved pictures."""
    for picture in pictures:
        approve(submit(picture, people.creator, now), people.reviewer, now)
        picture.refresh_from_db()
    return pictures


@pytest.fixture
def publish(people: SimpleNamespace, now: datetime) -> Callable[[Picture], None]:
    """Releases a picture."""

    def go(picture: Picture) -> None:
        assert finish_release(release(actor=people.reviewer, picture=picture, at=now).pk, at=now)
        settled(now)

    return go


@pytest.fixture
def released(approved: list[Picture], publish: Callable[[Picture], None]) -> list[Picture]:
    """Two of them released, the third approved only."""
    for picture in approved[:2]:
        publish(picture)
    return approved


def recalled(sample: Sample, people: SimpleNamespace, now: datetime, **changes: str) -> Recall:
    target = {"kind": "model", "target": sample.model.digest} | changes
    return recalling.ask_recall(
        actor=people.custodian, organisation=sample.organisation, public_reason=REASON, at=now, **target
    )


def states(pictures: list[Picture]) -> list[str]:
    return [Picture.objects.values_list("state", flat=True).get(pk=picture.pk) for picture in pictures]


def test_what_it_would_do_is_shown_first(released: list[Picture], sample: Sample) -> None:
    seen = recalling.preview(sample.organisation, "model", sample.model.digest)
    assert (seen.title, seen.released, seen.waiting, seen.others) == (sample.model.title, 2, 0, 1)
    assert {picture.pk for picture in seen.shown} == {picture.pk for picture in released[:2]}
    assert states(released) == ["RELEASED", "RELEASED", "APPROVED"]
    with pytest.raises(ValidationError, match="nothing of this kind"):
        recalling.preview(sample.organisation, "model", "0" * 64)


def test_everything_released_by_a_model_is_withdrawn(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    recall = recalled(sample, people, now)
    assert not recalling.go_on(recall.pk, at=now)
    assert states(released) == ["WITHDRAWN", "WITHDRAWN", "APPROVED"]
    recall.refresh_from_db()
    assert (recall.total, recall.done, recall.ended) == (2, 2, now)
    rows = AuditRow.objects.filter(verb="release.withdraw")
    assert {row.detail["recall"] for row in rows} == {str(recall.pk)}
    assert rows.count() == Withdrawal.objects.filter(recall=recall).count() == 2
    settled(now)
    entries = [json.loads(bytes(one.canonical))["body"] for one in LedgerIntent.objects.filter(kind="withdrawal")]
    assert {(body["recall"]["kind"], body["public_reason"]) for body in entries} == {("model", REASON)}
    assert [str(problem) for problem in problems(now=now)] == []


def test_whoever_checks_the_file_reads_why(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    recalling.go_on(recalled(sample, people, now).pk, at=now)
    settled(now)
    file = blobs.get(Release.objects.get(picture=released[0]).sha256)
    answer = pipeline.verify(file)
    assert answer.verdict == "withdrawn"
    assert REASON in " ".join(answer.reasons)
    page = Client().post("/check", data=file, content_type="image/png").content.decode()
    assert "Withdrawn" in page
    assert REASON in page


def test_a_recall_that_was_cut_off_goes_on_where_it_stood(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recalling, "SLICE", 1)
    recall = recalled(sample, people, now)
    assert recalling.go_on(recall.pk, at=now)
    assert sorted(states(released)) == ["APPROVED", "RELEASED", "WITHDRAWN"]
    assert list(recalling.left_over()) == [recall.pk]
    assert not recalling.go_on(recall.pk, at=now)
    assert not recalling.go_on(recall.pk, at=now)
    assert list(recalling.left_over()) == []
    assert Withdrawal.objects.count() == LedgerIntent.objects.filter(kind="withdrawal").count() == 2
    assert AuditRow.objects.filter(verb="recall.end").count() == 1


def test_asking_twice_is_asking_once(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    first = recalled(sample, people, now)
    recalling.go_on(first.pk, at=now)
    assert recalled(sample, people, now + timedelta(hours=1)) == first
    assert AuditRow.objects.filter(verb="recall.ask").count() == 1


def test_nothing_of_the_same_origin_is_released_afterwards(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    last = released[2]
    waiting = release(actor=people.reviewer, picture=last, at=now)
    recall = recalled(sample, people, now)
    assert not finish_release(waiting.pk, at=now), "stopped before it is signed"
    assert not Release.objects.filter(picture=last).exists()
    recalling.go_on(recall.pk, at=now)
    with pytest.raises(ValidationError, match="was recalled"):
        release(actor=people.reviewer, picture=last, at=now)


def test_what_slipped_through_is_found_again(
    released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime
) -> None:
    recall = recalled(sample, people, now)
    Picture.objects.filter(pk=released[0].pk).update(state=PictureState.APPROVED)
    recalling.go_on(recall.pk, at=now)
    Picture.objects.filter(pk=released[0].pk).update(state=PictureState.RELEASED)
    assert list(recalling.left_over()) == [recall.pk]
    recalling.go_on(recall.pk, at=now)
    assert states(released)[0] == "WITHDRAWN"


def test_by_policy_and_by_key(released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime) -> None:
    origins = {one.kind: one for one in recalling.origins(sample.organisation)}
    key = pipeline.key_standing(sample.organisation.slug, now=now).key_id
    assert origins["key"].target == key
    assert {kind: one.released for kind, one in origins.items()} == {"model": 2, "policy": 2, "key": 2}
    by_key = recalled(sample, people, now, kind="key", target=key)
    recalling.go_on(by_key.pk, at=now)
    assert states(released) == ["WITHDRAWN", "WITHDRAWN", "APPROVED"]
    assert origins["policy"].target == released[0].job.policy.digest


def test_older_releases_learn_which_key_signed_them(released: list[Picture]) -> None:
    before = set(Release.objects.values_list("key_id", flat=True))
    Release.objects.update(key_id="")
    recalling.name_keys(most=10)
    assert set(Release.objects.values_list("key_id", flat=True)) == before
    assert "" not in before


def test_only_keepers_recall(released: list[Picture], sample: Sample, people: SimpleNamespace, now: datetime) -> None:
    for actor in (people.reviewer, people.creator, people.auditor):
        with pytest.raises(PermissionDenied):
            recalling.ask_recall(
                actor=actor,
                organisation=sample.organisation,
                kind="model",
                target=sample.model.digest,
                public_reason=REASON,
                at=now,
            )
    with pytest.raises(ValidationError, match="few words"):
        recalling.ask_recall(
            actor=people.custodian,
            organisation=sample.organisation,
            kind="model",
            target=sample.model.digest,
            public_reason=" ",
            at=now,
        )
