"""What is noted for whom: once for each fact, in the transaction of the fact."""

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator import database as storage
from orchestrator.ledger import (
    absences,
    alerts,
    channels,
    cleanup,
    deliveries,
    endings,
    saved_filters,
)
from orchestrator.ledger.channels import Scope
from orchestrator.ledger.cleanup import Retention
from orchestrator.ledger.filters import ChangeFilter, Move
from orchestrator.ledger.models import AlertChannel, AlertKind, JobStatus
from tests.orchestrator.ledger import given, scraped

pytestmark = pytest.mark.usefixtures("database")


_WITHOUT_FILTER = [kind for kind in AlertKind if kind is not AlertKind.CHANGES]


def a_channel(
    *kinds: AlertKind, scope: Scope | None = None, name: str = "us", **fields: Any
) -> int:
    channel = AlertChannel()
    values = {"name": name, "url": "json://x.example", "language": "en", "timezone": "UTC"}
    given.do(channels.save, channel, values | fields, is_webhook=True)
    given.do(channels.add_rule, channel.id, scope or Scope(), kinds or _WITHOUT_FILTER)
    return channel.id


def noted() -> list[tuple[str, str]]:
    """Kinds and targets, in the order in which they were noted."""
    query = "SELECT kind, details->>'target' AS target FROM alerts ORDER BY id"
    return [(each.kind, each.target) for each in given.execute(query)]


def test_a_target_that_goes_on_failing_is_told_once_and_so_is_its_recovery(target_id: int) -> None:
    a_channel()
    for status in ("failed", "failed", "completed", "completed", "failed"):
        given.brought_to(JobStatus(status), target_id)
    assert noted() == [("failed", "shop"), ("recovered", "shop"), ("failed", "shop")]


def test_a_cancelled_job_tells_nothing_and_hides_nothing(target_id: int) -> None:
    a_channel()
    for status in ("failed", "cancelled", "failed"):
        given.brought_to(JobStatus(status), target_id)
    assert noted() == [("failed", "shop")]


def test_an_alert_is_there_exactly_when_its_job_has_ended(target_id: int) -> None:
    a_channel()
    job_id = given.a_job(target_id)
    assert given.claim(job_id)

    with storage.transaction() as session:
        endings.finish(session, job_id, 1, given.IMPOSSIBLE, retry_seconds=1)
        session.rollback()
    assert noted() == []
    given.finish(job_id, given.IMPOSSIBLE)
    given.do(alerts.note_end, job_id)
    assert noted() == [("failed", "shop")]


def test_rules_say_who_is_told_of_what() -> None:
    tagged = given.a_target("tagged", tags=["shops"])
    single = given.a_target("single")
    a_channel(AlertKind.FAILED, scope=Scope(tag="shops"), name="of a tag")
    a_channel(AlertKind.FAILED, scope=Scope(target="single"), name="of a target")
    a_channel(AlertKind.RECOVERED, name="of recoveries")
    both = a_channel(AlertKind.FAILED, name="of all")
    given.do(channels.add_rule, both, Scope(tag="shops"), [AlertKind.FAILED])
    for target_id in (tagged, single):
        given.brought_to(JobStatus.FAILED, target_id)
    found = given.execute(
        "SELECT c.name, a.details->>'target' AS target FROM alerts a"
        " JOIN alert_channels c ON c.id = a.channel_id ORDER BY 1, 2"
    )
    assert [tuple(each) for each in found] == [
        ("of a tag", "tagged"),
        ("of a target", "single"),
        ("of all", "single"),
        ("of all", "tagged"),
    ]


def test_pages_given_up_are_told_when_it_begins(target_id: int) -> None:
    a_channel()
    for given_up in (2, 3, 0, 1):
        job_id = given.a_job(target_id)
        assert given.claim(job_id)
        given.execute(
            "UPDATE scraping_jobs SET pages_given_up = :n WHERE id = :id", n=given_up, id=job_id
        )
        given.finish(job_id, given.COMPLETED)
    assert noted() == [("pages_given_up", "shop")] * 2


def test_an_occasion_that_passed_is_told_once(target_id: int) -> None:
    a_channel()
    given.execute("UPDATE scraping_targets SET next_run_at = now() - interval '1 hour'")
    given.do(alerts.note_late)
    given.do(alerts.note_late)
    assert noted() == [("late", "shop")]


def test_a_job_that_waits_for_long_is_told_once(target_id: int) -> None:
    a_channel()
    given.a_job(target_id)
    given.do(alerts.note_late)
    assert noted() == []
    given.execute("UPDATE scraping_jobs SET run_after = now() - interval '20 minutes'")
    given.do(alerts.note_late)
    given.do(alerts.note_late)
    assert noted() == [("late", "shop")]


def test_others_of_a_site_that_is_down_wait_to_be_told_together() -> None:
    a_channel()
    urls = {"start_urls": ["https://shop.example/a"]}
    for name in ("first", "second"):
        given.brought_to(JobStatus.FAILED, given.a_target(name, **urls))
    given.brought_to(JobStatus.FAILED, given.a_target("elsewhere"))
    due = given.execute(
        "SELECT details->>'target' AS target, due_at - happened_at > interval '10 minutes' AS later"
        " FROM alerts ORDER BY id"
    )
    assert [tuple(each) for each in due] == [
        ("first", False),
        ("second", True),
        ("elsewhere", False),
    ]


def test_a_digest_comes_at_eight_in_the_channels_zone_once(target_id: int) -> None:
    a_channel(AlertKind.DAILY, timezone="Asia/Tokyo")
    given.brought_to(JobStatus.FAILED, target_id)
    given.execute("UPDATE scraping_jobs SET completed_at = '2030-01-01 12:00Z'")
    # Eight o'clock in Tokyo is eleven in the evening here.
    given.do(alerts.note_digests, datetime(2030, 1, 1, 23, 1, tzinfo=UTC))
    given.do(alerts.note_digests, datetime(2030, 1, 2, 22, 59, tzinfo=UTC))
    (digest,) = given.execute("SELECT kind, details FROM alerts")
    assert digest.kind == "daily"
    assert digest.details["until"] == "2030-01-01T23:00:00+00:00"
    assert (digest.details["failed"], digest.details["failing"]) == (1, ["shop"])


def test_a_channel_that_is_switched_off_is_not_noted_for(target_id: int) -> None:
    a_channel(active=False)
    given.brought_to(JobStatus.FAILED, target_id)
    assert noted() == []


def test_clean_up_removes_old_messages_and_what_nobody_was_told(target_id: int) -> None:
    channel_id = a_channel()
    old = "now() - interval '40 days'"
    for status in ("failed", "completed", "failed"):
        given.brought_to(JobStatus(status), target_id)
    given.execute("UPDATE alerts SET due_at = now()")
    given.do(deliveries.gather)
    given.brought_to(JobStatus.COMPLETED, target_id)
    given.execute(f"UPDATE alerts SET due_at = {old} WHERE delivery_id IS NULL")
    assert "deliveries" in cleanup.old_data(Retention.of(30))
    assert (given.count("alerts"), given.count("alert_deliveries")) == (3, 1)
    given.execute(f"UPDATE alert_deliveries SET delivered_at = {old}")
    assert cleanup.old_data(Retention.of(30))["alerts"] == 3
    assert (given.count("alerts"), given.count("alert_deliveries")) == (0, 0)
    assert given.do(channels.one, channel_id)


def test_changes_that_fit_a_filter_are_told_once_with_the_first_of_them(target_id: int) -> None:
    dear = given.do(
        saved_filters.save, "dear", ChangeFilter(field="price", move=Move.ROSE, target_id=target_id)
    )
    other = given.do(saved_filters.save, "elsewhere", ChangeFilter(tag="books"))
    channel_id = a_channel(AlertKind.FAILED)
    for saved in (dear, other):
        given.do(channels.add_rule, channel_id, Scope(), [AlertKind.CHANGES], filter_id=saved.id)
    for price in (1, 2, 2, 1):
        items = [{"url": f"/{number}", "price": price} for number in range(7)]
        job_id = scraped.by_a_job(target_id, items)
        absences.settle(target_id)
        given.do(alerts.note_changes, job_id)
    (told,) = given.execute("SELECT kind, details FROM alerts")
    assert (told.kind, told.details["filter"], told.details["count"]) == ("changes", "dear", 7)
    assert [each["fields"] for each in told.details["first"]] == [[["price", "1", "2"]]] * 5
