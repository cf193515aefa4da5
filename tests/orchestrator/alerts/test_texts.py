"""What a message says: its language and zone, its subject, its links, and a stranger's text."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator import config
from orchestrator.alerts import texts
from orchestrator.alerts.senders import Message
from orchestrator.ledger.deliveries import Taken
from orchestrator.ledger.models import Alert, AlertChannel, AlertKind

AT = datetime(2026, 11, 25, 16, 5, tzinfo=UTC)


def alert(kind: AlertKind = AlertKind.FAILED, **details: Any) -> Alert:
    told = {"target": "books", "site": "", "at": AT.isoformat(), "message": ""}
    return Alert(kind=kind, details=told | details, happened_at=AT)


def message(*alerts: Alert, language: str = "en") -> Message:
    channel = AlertChannel(name="us", language=language, timezone="Asia/Tokyo")
    return texts.message(Taken(1, 1, False, AT, channel, alerts))


def test_times_are_those_of_the_channels_zone_and_language() -> None:
    assert message(alert()).text == "books failed, Nov 26 01:05."
    assert "11月26日 01:05" in message(alert(), language="ja").text


def test_a_subject_says_how_many_of_each_kind_the_worst_first() -> None:
    recovered = alert(
        AlertKind.RECOVERED, target="pens", items=1_200, pages=7, failed_at=AT.isoformat()
    )
    told = message(recovered, alert(), alert(target="ink"))
    assert told.subject == "Kumo: 2 targets fail, pens works again"
    assert "Items: 1,200. Pages: 7." in told.text


def test_targets_of_a_site_that_is_down_are_told_under_its_name() -> None:
    down = [alert(target=name, site="shop.example") for name in ("books", "ink")]
    assert message(*down).text.startswith("2 targets of shop.example fail:\n")


def test_of_very_many_it_is_said_how_many_more() -> None:
    told = message(*(alert(target=f"t{n}") for n in range(30)))
    assert told.text.endswith("And 10 more.")
    assert len(told.payload["alerts"]) == 30


def test_a_strangers_text_calls_nobody_and_adds_no_line() -> None:
    text = message(alert(message="<!channel> @everyone\r\nSubject: x")).text
    assert "<" not in text
    assert "@everyone" not in text
    assert "\n" not in text


def test_changes_are_told_with_their_numbers() -> None:
    fell = {"kind": "changed", "name": "<Pen> 1", "fields": [["price", "1200", "990"]]}
    gone = {"kind": "gone", "name": "Pen 2", "fields": []}
    found = {"filter": "cheaper", "count": 1_200, "is_more": True, "first": [fell, gone]}
    told = message(alert(AlertKind.CHANGES, **found))
    assert told.subject == "Kumo: changes of books"
    assert "Changes that fit “cheaper”: 1,200+." in told.text
    assert told.text.endswith("\n– Pen  1: price 1200 → 990\n– Pen 2: gone")


def test_what_cannot_be_believed_is_told_with_the_worst_finding() -> None:
    finding = {"kind": "empty", "field": "<price> @here", "severity": "suspicious"}
    finding |= {"count": 1_250, "of": 1_250, "usual": 4, "runs": 10}
    told = message(alert(AlertKind.SUSPICIOUS, finding=finding))
    assert told.subject == "Kumo: books looks wrong"
    assert "books completed, Nov 26 01:05, but cannot be believed. " in told.text
    assert "is empty in 1,250 of 1,250 items; in the last 10 jobs it was empty in" in told.text
    assert "<" not in told.text
    assert "@here" not in told.text


def test_without_a_public_address_there_is_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "http" not in message(alert(job_id="x")).text
    monkeypatch.setenv("KUMO_PUBLIC_URL", "https://kumo.example/")
    config.get.cache_clear()
    assert message(alert(job_id="x")).text.endswith("\nhttps://kumo.example/jobs/x")


def test_every_kind_has_words() -> None:
    digest = {"since": AT.isoformat(), "until": AT.isoformat(), "failing": ["ink"], "failed": 1}
    numbers = {"completed": 3, "new": 4, "changed": 5, "items": 1, "pages": 2, "given_up": 3}
    times = {"due_at": AT.isoformat(), "failed_at": AT.isoformat()}
    times |= {"filter": "cheaper", "count": 1, "is_more": False, "first": [], "finding": None}
    for kind in AlertKind:
        told = message(alert(kind, **digest, **numbers, **times))
        assert "%(" not in told.subject + told.text, kind
