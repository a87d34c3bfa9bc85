"""Endpoints are told what happened, signed, and again until they answer; administrators see it all."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from standardwebhooks.webhooks import Webhook

from studio.jobs import screening
from studio.jobs.models import Picture
from studio.operations.sample import Sample
from studio.projects.models import Campaign
from studio.review.actions import withdraw
from studio.trail.models import AuditRow
from studio.webhooks import actions, delivering, tasks
from studio.webhooks.events import Event
from studio.webhooks.models import Delivery, Endpoint
from tests.studio.requests import ask
from tests.studio.webhooks.conftest import Receiver

Added = tuple[Endpoint, str]
State = Delivery.State
DELICATE = "starving crying child begging for food, empty plate"


def told() -> list[str]:
    return list(Delivery.objects.order_by("created", "pk").values_list("event", flat=True))


def test_everything_that_happens_to_a_picture_is_told(
    endpoint: Added, released: Picture, people: SimpleNamespace, now: datetime, receiver: Receiver
) -> None:
    withdraw(actor=people.reviewer, picture=released, public_reason="Wrong crop", at=now)
    about = {"picture.recorded": 2, "picture.approved": 1, "picture.released": 1, "picture.withdrawn": 1}
    events = [event for event in told() if event != "picture.held"]
    assert {event: events.count(event) for event in events} == about
    for delivery in Delivery.objects.all():
        assert delivering.deliver(delivery.pk, now=now) == State.DELIVERED
    sent = {json.loads(body)["type"]: json.loads(body)["data"] for _, body in receiver.came}
    assert sent["picture.released"]["sha256"] == released.release.sha256
    assert sent["picture.approved"]["sha256"] == released.sha256
    assert sent["picture.withdrawn"]["state"] == "WITHDRAWN"
    assert sent["picture.withdrawn"]["path"] == f"/api/v1/pictures/{released.pk}"
    assert "woman farmer" not in str(receiver.came), "words are told to nobody"


def test_a_held_request_is_told_and_others_are_not(endpoint: Added, campaign: Campaign, now: datetime) -> None:
    screening.screen(ask(campaign, now).pk, at=now)
    assert told() == []
    held = ask(campaign, now, prompt=DELICATE)
    assert screening.screen(held.pk, at=now) == "HELD"
    assert told() == ["job.held"]
    assert json.loads(Delivery.objects.get().body)["data"]["job"] == str(held.pk)


def test_what_did_not_happen_is_not_told(endpoint: Added, picture: Picture, now: datetime) -> None:
    from studio.trail.actions import note

    Delivery.objects.all().delete()
    organisation = picture.job.project.organisation_id
    with pytest.raises(RuntimeError), transaction.atomic():
        note(actor=None, verb="picture.record", subject=picture, organisation=organisation, at=now)
        raise RuntimeError
    assert told() == []


def test_only_active_endpoints_of_the_organisation_that_want_it_are_told(
    endpoint: Added, campaign: Campaign, people: SimpleNamespace, now: datetime
) -> None:
    added, _ = endpoint
    for changed in ({"events": ["picture.recorded"]}, {"events": ["job.held"], "state": "PAUSED"}):
        Endpoint.objects.filter(pk=added.pk).update(**changed)
        assert screening.screen(ask(campaign, now, prompt=DELICATE).pk, at=now) == "HELD"
    assert told() == []


def test_the_signature_is_the_standards(
    endpoint: Added, receiver: Receiver, people: SimpleNamespace, now: datetime
) -> None:
    added, secret = endpoint
    delivery = actions.send_test(actor=people.administrator, endpoint=added, at=now)
    assert delivering.deliver(delivery.pk, now=now) == State.DELIVERED
    headers, body = receiver.came[0]
    assert Webhook(secret).verify(body, headers)["type"] == "webhook.test"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert (len(key), headers["webhook-signature"]) == (32, f"v1,{expected}")


def test_the_secret_is_kept_sealed(endpoint: Added) -> None:
    added, secret = endpoint
    assert delivering.secret_of(added) == secret
    with connection.cursor() as cursor:
        for model in (Endpoint, AuditRow):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608  the table's own name
            assert secret.removeprefix("whsec_") not in repr(cursor.fetchall())


def test_it_is_tried_again_with_longer_and_longer_pauses_and_then_given_up(
    endpoint: Added, receiver: Receiver, people: SimpleNamespace, now: datetime
) -> None:
    receiver.status, receiver.text = 500, b"out\nof order"
    added, _ = endpoint
    delivery = actions.send_test(actor=people.administrator, endpoint=added, at=now)
    at, moments = now, []
    for pause in (*delivering.PAUSES, None):
        assert delivering.deliver(delivery.pk, now=at) == (State.WAITING if pause else State.FAILED)
        assert delivering.deliver(delivery.pk, now=at) is None, "not before the pause is over"
        moments.append(at)
        at += pause or timedelta()
    delivery.refresh_from_db()
    assert (delivery.attempt, delivery.status, delivery.answer) == (7, 500, "out of order")
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1
    added.refresh_from_db()
    assert added.state == Endpoint.State.SILENT
    actions.resume_endpoint(actor=people.administrator, endpoint=added, at=at)
    actions.send_again(actor=people.administrator, delivery=delivery, at=at)
    receiver.status = 204
    assert delivering.deliver(delivery.pk, now=at) == State.DELIVERED


def test_an_endpoint_that_is_gone_is_told_no_more(
    endpoint: Added, receiver: Receiver, people: SimpleNamespace, now: datetime
) -> None:
    receiver.status = 410
    first, second = (actions.send_test(actor=people.administrator, endpoint=endpoint[0], at=now) for _ in "ab")
    assert delivering.deliver(first.pk, now=now) == State.FAILED
    assert delivering.deliver(second.pk, now=now) is None
    assert list(delivering.due(now)) == []


def test_two_workers_make_one_attempt_and_a_dead_one_is_replaced(
    endpoint: Added, receiver: Receiver, people: SimpleNamespace, now: datetime
) -> None:
    delivery = actions.send_test(actor=people.administrator, endpoint=endpoint[0], at=now)
    Delivery.objects.update(lease=now + delivering.LEASE, attempt=1)
    assert delivering.deliver(delivery.pk, now=now) is None
    assert delivering.deliver(delivery.pk, now=now + delivering.LEASE) == State.DELIVERED
    assert Delivery.objects.get().attempt == 2


def test_nothing_inside_is_reached_when_the_network_is_closed_again(
    endpoint: Added, receiver: Receiver, people: SimpleNamespace, now: datetime, settings: LazySettings
) -> None:
    delivery = actions.send_test(actor=people.administrator, endpoint=endpoint[0], at=now)
    settings.WEBHOOKS_MAY_REACH = ""
    assert delivering.deliver(delivery.pk, now=now) == State.WAITING
    assert Delivery.objects.get().status is None
    assert receiver.came == []


def test_the_worker_takes_each_into_a_lane_of_its_own(
    endpoint: Added, people: SimpleNamespace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[object] = []
    monkeypatch.setattr(tasks._lanes, "submit", lambda run, pk: taken.append((run, pk)))
    monkeypatch.setattr(tasks, "_underway", set())
    delivery = actions.send_test(actor=people.administrator, endpoint=endpoint[0], at=now)
    tasks.deliver.run(str(delivery.pk))
    tasks.sweep.run()
    assert taken == [(tasks._deliver, delivery.pk)]
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    tasks._deliver(delivery.pk)
    assert (Delivery.objects.get().state, tasks._underway) == (State.DELIVERED, set())


def test_the_log_is_kept_for_a_month(endpoint: Added, people: SimpleNamespace, now: datetime) -> None:
    for state in State:
        actions.send_test(actor=people.administrator, endpoint=endpoint[0], at=now)
        Delivery.objects.filter(state=State.WAITING, attempt=0).update(state=state, attempt=1)
    assert delivering.forget(now=now + timedelta(days=29)) == 0
    assert delivering.forget(now=now + timedelta(days=31)) == 2
    assert Delivery.objects.get().state == State.WAITING


def test_only_administrators_add_and_mistakes_name_their_field(
    sample: Sample, people: SimpleNamespace, now: datetime, settings: LazySettings
) -> None:
    right = {"organisation": sample.organisation, "address": "https://hooks.example/", "events": ["job.held"]}
    for role in ("creator", "reviewer", "auditor", "custodian"):
        with pytest.raises(PermissionDenied):
            actions.add_endpoint(actor=getattr(people, role), at=now, **right)  # type: ignore[arg-type]
    for wrong, field in (
        ({"address": "https://10.0.0.1/"}, "address"),
        ({"address": "http://hooks.example/"}, "address"),
        ({"events": []}, "events"),
        ({"events": ["picture.sold"]}, "events"),
    ):
        with pytest.raises(ValidationError) as caught:
            actions.add_endpoint(actor=people.administrator, at=now, **right | wrong)  # type: ignore[arg-type]
        assert list(caught.value.message_dict) == [field]
    settings.WEBHOOKS_MAY_REACH = "10.0.0.0/33"
    assert "imprimatur.E010" in {message.id for message in run_checks(tags=["compatibility"])}


def test_the_pages(
    endpoint: Added, receiver: Receiver, browse: Callable[[str], Client], outsider: Client, now: datetime,
    campaign: Campaign,
) -> None:  # fmt: skip
    added, _ = endpoint
    where = reverse("webhook", args=[added.pk])
    administrator = browse("administrator")
    for role in ("creator", "reviewer", "auditor", "custodian"):
        assert browse(role).get(reverse("webhooks")).status_code == 403
        assert browse(role).get(where).status_code == 404
        assert browse(role).post(where, {"move": "remove"}).status_code == 404
    assert outsider.get(where).status_code == 404
    assert receiver.address.split("?")[0] not in outsider.get(reverse("webhooks")).content.decode()
    form = {
        "organisation": campaign.project.organisation_id,
        "address": "https://hooks.example/",
        "events": ["job.held"],
    }
    shown = administrator.post(reverse("webhooks"), form)
    secret = shown.context["secret"]
    assert secret in shown.content.decode()
    assert secret not in administrator.get(reverse("webhooks")).content.decode()
    assert "https://hooks.example/" in administrator.get(reverse("webhooks")).content.decode()
    wrong = administrator.post(reverse("webhooks"), form | {"address": "https://192.168.0.1/"})
    assert (wrong.status_code, "may not be reached" in wrong.content.decode()) == (422, True)
    assert administrator.post(where, {"move": "explode"}).status_code == 422
    assert "A test is on its way" in administrator.post(where, {"move": "test"}, follow=True).content.decode()
    receiver.status, receiver.text = 410, b"<b>gone</b>"
    delivery = Delivery.objects.get()
    delivering.deliver(delivery.pk, now=now)
    page = administrator.get(where).content.decode()
    assert "&lt;b&gt;gone&lt;/b&gt;" in page
    assert "Stopped answering" in page
    assert administrator.post(where, {"move": "test"}).status_code == 409
    administrator.post(where, {"move": "resume"})
    again = reverse("webhook-again", args=[added.pk, delivery.pk])
    assert outsider.post(again).status_code == 404
    assert "on its way again" in administrator.post(again, follow=True).content.decode()
    assert administrator.post(where, {"move": "remove"}, follow=True).redirect_chain[-1][0] == reverse("webhooks")
    assert administrator.get(where).status_code == 404
    assert bytes(Endpoint.objects.get(pk=added.pk).secret) == b""
    verbs = set(AuditRow.objects.filter(object_id=str(added.pk)).values_list("verb", flat=True))
    assert verbs == {"webhook.add", "webhook.test", "webhook.resume", "webhook.again", "webhook.remove"}


def test_every_event_has_a_verb() -> None:
    from studio.webhooks.events import VERBS

    assert {event for event, _ in VERBS.values()} == set(Event)
