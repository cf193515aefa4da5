"""Alerts on their way to real receivers: down, slow, refusing, and back."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator import config
from orchestrator.alerts import guard, webhooks
from orchestrator.alerts.delivering import deliver
from orchestrator.exceptions import NotDelivered
from orchestrator.ledger import channels, deliveries
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.models import AlertChannel, AlertKind, JobStatus
from tests.awaiting import until
from tests.orchestrator.alerts import receivers
from tests.orchestrator.alerts.receivers import ADDRESSES, HANDLERS, Receiver
from tests.orchestrator.ledger import given

SECRETS = ("s3cret-path", "3ccdd113474722377935511fc85d3dd4")
pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"GROUP": "0", "RETRY": "0.05", "TIMEOUT": "0.5"}.items():
        monkeypatch.setenv(f"KUMO_ALERT_{name}_SECONDS", value)
    monkeypatch.setenv("KUMO_PUBLIC_URL", "https://kumo.example/")
    config.get.cache_clear()


@pytest.fixture
def receiver(request: pytest.FixtureRequest) -> Iterator[Receiver]:
    with receivers.listening(HANDLERS[getattr(request, "param", "webhook")]) as receiver:
        yield receiver


def told_of_all(receiver: Receiver, kind: str = "webhook", **fields: Any) -> int:
    """A channel to the receiver that is told of everything."""
    channel = AlertChannel()
    values = {"name": kind, "language": "en", "timezone": "Asia/Tokyo"} | fields
    values["url"] = ADDRESSES[kind].format(port=receiver.port)
    given.do(channels.save, channel, values, is_webhook=kind == "webhook")
    given.do(channels.add_rule, channel.id, Scope(), [AlertKind.FAILED, AlertKind.RECOVERED])
    return channel.id


def row(columns: str = "delivered_at, gave_up_at, tries, subject, error") -> Any:
    (found,) = given.execute(f"SELECT {columns} FROM alert_deliveries")
    return found


@pytest.mark.parametrize("trouble", ["down", "slow", "refusing"])
@pytest.mark.parametrize(
    ("receiver", "kind"), [(kind, kind) for kind in ADDRESSES], indirect=["receiver"]
)
def test_an_alert_arrives_once_when_its_receiver_is_back(
    receiver: Receiver, kind: str, trouble: str
) -> None:
    told_of_all(receiver, kind)
    job_id = given.brought_to(JobStatus.FAILED, given.a_target("books"))
    receiver.suffer(trouble)
    told = deliver()
    assert told["failed"]
    assert not told["delivered"]
    assert receiver.received == []
    assert row().delivered_at is None
    assert row().error
    assert not any(secret in row().error for secret in SECRETS)
    receiver.recover()
    until(lambda: deliver()["delivered"], "it is delivered", seconds=10)
    assert row().delivered_at
    assert row().error is None
    assert deliver() == {"delivered": 0, "failed": 0}
    (received,) = receiver.received
    text = receivers.text_of(kind, received)
    assert "books failed" in text
    assert "There is no spider of that name." in text
    assert f"https://kumo.example/jobs/{job_id}" in text


def test_who_does_not_take_it_is_left_alone_after_some_tries(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUMO_ALERT_TRIES", "2")
    config.get.cache_clear()
    told_of_all(receiver)
    given.brought_to(JobStatus.FAILED, given.a_target())
    receiver.suffer("refusing")
    until(lambda: deliver() and row().gave_up_at, "it is given up", seconds=10)
    assert row().tries == 2
    assert row().error == "The receiver answered 503."
    receiver.recover()
    assert deliver() == {"delivered": 0, "failed": 0}


def test_what_a_killed_worker_had_taken_is_sent_when_its_lease_has_ended(
    receiver: Receiver,
) -> None:
    told_of_all(receiver)
    given.brought_to(JobStatus.FAILED, given.a_target())
    given.do(deliveries.gather)
    taken = given.do(deliveries.take, lease_seconds=60)
    assert taken
    assert deliver() == {"delivered": 0, "failed": 0}
    given.execute("UPDATE alert_deliveries SET lease_until = now()")
    assert deliver() == {"delivered": 1, "failed": 0}
    assert row().tries == 2
    # It was only asleep, and says so late: what was delivered stays so.
    terms = deliveries.Terms(1, 9)
    given.do(deliveries.fail, taken, subject="", error="late", terms=terms)
    assert row().delivered_at
    assert len(receiver.received) == 1


def test_many_who_deliver_at_once_send_one_message(receiver: Receiver) -> None:
    told_of_all(receiver)
    for name in ("books", "pens", "ink"):
        given.brought_to(JobStatus.FAILED, given.a_target(name))
    given.at_once(4, lambda _: deliver())
    (received,) = receiver.received
    told = json.loads(received)
    assert told["subject"] == "Kumo: 3 targets fail"
    assert [each["target"] for each in told["alerts"]] == ["books", "pens", "ink"]


def test_what_comes_while_a_receiver_is_away_is_one_message_more(receiver: Receiver) -> None:
    told_of_all(receiver)
    given.brought_to(JobStatus.FAILED, given.a_target("books"))
    receiver.suffer("refusing")
    deliver()
    for name in ("pens", "ink"):
        given.brought_to(JobStatus.FAILED, given.a_target(name))
        deliver()
    receiver.recover()
    until(lambda: deliver() and len(receiver.received) == 2, "both came", seconds=10)
    assert [json.loads(each)["count"] for each in receiver.received] == [1, 2]


def test_a_webhook_can_tell_who_signed_it(receiver: Receiver) -> None:
    channel_id = told_of_all(receiver)
    given.do(deliveries.ask_for_test, channel_id)
    assert deliver()["delivered"] == 1
    secret = given.do(channels.one, channel_id).secret
    body, headers = receiver.received[0], receiver.headers[0]
    signed = f"{headers[webhooks.TIMESTAMP]}.".encode() + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers[webhooks.SIGNATURE] == f"sha256={expected}"
    assert headers[webhooks.DELIVERY] == str(json.loads(body)["id"])
    assert json.loads(body)["subject"] == "Kumo: a test"


@pytest.mark.parametrize(
    ("receiver", "kind"), [(kind, kind) for kind in ADDRESSES], indirect=["receiver"]
)
def test_nothing_is_sent_to_an_address_that_is_not_public(
    receiver: Receiver, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_of_all(receiver, kind)
    given.brought_to(JobStatus.FAILED, given.a_target())
    monkeypatch.setenv("KUMO_ALLOW_NETWORKS", "none")
    config.get.cache_clear()
    assert deliver()["failed"]
    assert "127.0.0.1 is a loopback address" in row().error
    assert receiver.connections == 0


def test_a_channel_that_is_switched_off_is_sent_nothing(receiver: Receiver) -> None:
    channel_id = told_of_all(receiver)
    given.brought_to(JobStatus.FAILED, given.a_target())
    given.execute("UPDATE alert_channels SET active = false WHERE id = :id", id=channel_id)
    assert deliver() == {"delivered": 0, "failed": 0}
    assert receiver.connections == 0


def test_who_took_too_long_connects_to_nothing_any_more(receiver: Receiver) -> None:
    over, ended = threading.Event(), threading.Event()

    def connect_late() -> None:
        over.wait(10)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", receiver.port), timeout=5)
        ended.set()

    with pytest.raises(NotDelivered, match="did not answer"):
        guard.watched(connect_late, seconds=0.05)
    over.set()
    assert ended.wait(10)
    assert receiver.connections == 0
