from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from orchestrator import config
from orchestrator.exceptions import TargetChanged, TargetInvalid, TargetNotFound
from orchestrator.ledger import jobs, requests, targets
from orchestrator.ledger.models import JobStatus, ScrapingTarget, Trigger
from orchestrator.ledger.requests import Terms
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)


def change(target_id: int, **fields: Any) -> ScrapingTarget:
    return given.do(lambda s: targets.change(s, targets.find(s, target_id), fields))


def delete(target_id: int) -> None:
    given.do(lambda s: targets.delete(s, targets.find(s, target_id)))


def expect_at(target_id: int, moment: datetime) -> None:
    given.execute(
        "UPDATE scraping_targets SET next_run_at = :at WHERE id = :id", at=moment, id=target_id
    )


def find(reference: Any) -> ScrapingTarget:
    return given.do(targets.find, reference)


def test_a_name_is_taken_while_its_target_lives(target_id: int) -> None:
    with pytest.raises(TargetInvalid) as raised:
        given.a_target("shop")
    assert raised.value.faults == {"name": "a target named shop exists already"}


def test_one_name_registered_at_once_is_taken_once() -> None:
    def register(_: int) -> bool:
        try:
            return bool(given.a_target("shop"))
        except TargetInvalid:
            return False

    assert sum(given.at_once(8, register)) == 1


def test_a_name_is_free_again_after_its_target_is_deleted(target_id: int) -> None:
    delete(target_id)
    assert given.a_target("shop") != target_id
    assert given.count("scraping_targets") == 2


def test_a_wrong_definition_is_not_written() -> None:
    with pytest.raises(TargetInvalid):
        given.a_target("shop", priority=10)
    assert given.count("scraping_targets") == 0


def test_a_change_keeps_the_other_fields() -> None:
    target_id = given.a_target(priority=2, arguments={"a": 1})
    change(target_id, schedule="30 3 * * *")
    target = find(target_id)
    assert (target.priority, target.arguments, target.schedule) == (2, {"a": 1}, "30 3 * * *")
    assert target.updated_at > target.created_at


def test_a_wrong_change_changes_nothing(target_id: int) -> None:
    before = given.execute("SELECT * FROM scraping_targets")
    with pytest.raises(TargetInvalid) as raised:
        change(target_id, spider="other", priority=10)
    assert raised.value.faults.keys() == {"priority"}
    assert given.execute("SELECT * FROM scraping_targets") == before


def test_a_target_cannot_take_the_name_of_another(target_id: int) -> None:
    other = given.a_target("other")
    with pytest.raises(TargetInvalid, match="name: a target named shop exists already"):
        change(other, name="shop")


def test_of_two_that_take_one_name_at_once_one_is_refused(target_id: int) -> None:
    other = given.a_target("other")

    def rename(which: int) -> Any:
        return lambda s: targets.change(s, targets.find(s, which), {"name": "new"}).name

    first, second = given.overtaken(rename(target_id), rename(other))
    assert first == "new"
    assert isinstance(second, TargetInvalid)
    assert second.faults.keys() == {"name"}


def test_a_target_may_keep_its_name(target_id: int) -> None:
    assert change(target_id, name="shop", priority=1).priority == 1


def test_a_target_is_found_by_id_or_name(target_id: int) -> None:
    assert find(target_id).id == find(str(target_id)).id == find("shop").id == target_id


def test_digits_are_an_id_first_and_else_a_name(target_id: int) -> None:
    named = given.a_target(str(target_id))
    assert find(str(target_id)).id == target_id
    assert given.a_target("777") == find("777").id
    delete(target_id)
    assert find(str(target_id)).id == named


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "none",
        "SHOP",
        "shop ",
        "0",
        "-1",
        "+1",
        "1.0",
        "1e0",
        "١",
        "²",
        "shop\0",
        "\ud800",
        "' OR 1=1 --",
        "%",
        "../shop",
        "9" * 18,
        "9" * 19,
        "9" * 5_000,
        "x" * 100_000,
        -1,
        10**30,
        True,
        None,
    ],
    ids=lambda each: ascii(each)[:20],
)
def test_a_hostile_reference_is_not_found_in_one_sentence(reference: Any, target_id: int) -> None:
    with pytest.raises(TargetNotFound) as raised:
        find(reference)
    assert len(str(raised.value)) < 200
    str(raised.value).encode()


def test_a_deleted_target_is_not_found(target_id: int) -> None:
    delete(target_id)
    for reference in (target_id, "shop"):
        with pytest.raises(TargetNotFound):
            find(reference)


def test_a_new_target_is_first_due_at_its_next_occasion() -> None:
    for zone, hour in (("UTC", 3), ("Asia/Tokyo", 18)):
        target = find(given.a_target(schedule="0 3 * * *", timezone=zone, name=zone[:1].lower()))
        assert target.next_run_at
        assert target.next_run_at.astimezone(UTC).hour == hour
        assert timedelta() < target.next_run_at - datetime.now(UTC) <= timedelta(days=1)


def test_a_target_without_a_schedule_is_due_at_the_nightly_occasion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUMO_TIMEZONE", "Asia/Tokyo")
    config.get.cache_clear()
    target = find(given.a_target(timezone="Europe/Berlin"))
    assert target.next_run_at
    assert target.next_run_at.astimezone(UTC).hour == 15
    assert targets.latest_nightly(NOON) == datetime(2030, 6, 14, 15, tzinfo=UTC)


def test_a_target_is_due_once_for_each_occasion() -> None:
    target_id = given.a_target(schedule="0 * * * *")
    expect_at(target_id, NOON)
    assert given.do(targets.due, NOON - timedelta(seconds=1)) == {}
    assert given.do(targets.due, NOON + timedelta(seconds=30)) == {NOON: [target_id]}
    assert given.do(targets.due, NOON + timedelta(seconds=30)) == {}
    assert find(target_id).next_run_at == NOON + timedelta(hours=1)


def test_after_an_outage_only_the_latest_missed_occasion_is_due() -> None:
    hourly, nightly = given.a_target("hourly", schedule="0 * * * *"), given.a_target("nightly")
    for target_id in (hourly, nightly):
        expect_at(target_id, NOON - timedelta(days=9))
    late = NOON + timedelta(minutes=59, seconds=59)
    assert given.do(targets.due, late) == {
        NOON: [hourly],
        NOON.replace(hour=0): [nightly],
    }


def test_targets_of_one_occasion_are_due_together() -> None:
    ids = [given.a_target(f"shop-{n}", schedule="0 12 * * *") for n in range(3)]
    for target_id in ids:
        expect_at(target_id, NOON)
    assert given.do(targets.due, NOON) == {NOON: ids}


def test_an_inactive_or_deleted_target_is_never_due(target_id: int) -> None:
    other = given.a_target("other", active=False)
    for each in (target_id, other):
        expect_at(each, NOON)
    delete(target_id)
    assert given.do(targets.due, NOON) == {}


def test_a_target_enabled_again_waits_for_its_next_occasion() -> None:
    target_id = given.a_target(active=False)
    expect_at(target_id, datetime(2020, 1, 1, tzinfo=UTC))
    change(target_id, active=True)
    assert given.do(targets.due, datetime.now(UTC)) == {}


def test_two_sweeps_at_once_find_each_occasion_once() -> None:
    target_id = given.a_target(schedule="0 * * * *")
    expect_at(target_id, NOON)

    def due(session: Session) -> Any:
        return targets.due(session, NOON)

    first, second = given.overtaken(due, due)
    assert first == {NOON: [target_id]}
    assert second == {}


def queueing(**fields: Any) -> int:
    return given.a_target(schedule="0 * * * *", overlap="queue", **fields)


def test_an_occasion_that_finds_a_queueing_target_busy_stays_due_until_it_is_free() -> None:
    target_id = queueing()
    expect_at(target_id, NOON)
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    for later in (timedelta(), timedelta(minutes=5)):
        assert given.do(targets.due, NOON + later) == {}
    assert find(target_id).next_run_at == NOON
    given.finish(job_id, given.COMPLETED)
    assert given.do(targets.due, NOON + timedelta(minutes=6)) == {NOON: [target_id]}
    assert find(target_id).next_run_at == NOON + timedelta(hours=1)


def test_of_several_occasions_that_found_it_busy_one_follows() -> None:
    target_id = queueing()
    expect_at(target_id, NOON)
    job_id = given.brought_to(JobStatus.PAUSED, target_id)
    late = NOON + timedelta(hours=3, minutes=1)
    assert given.do(targets.due, late) == {}
    given.do(jobs.cancel, job_id)
    assert given.do(targets.due, late) == {NOON + timedelta(hours=3): [target_id]}
    assert given.do(targets.due, late) == {}


def test_a_job_of_the_occasion_itself_is_not_waited_for() -> None:
    target_id = queueing()
    expect_at(target_id, NOON)
    given.a_job(target_id, due_at=NOON)
    assert given.do(targets.due, NOON) == {NOON: [target_id]}
    assert find(target_id).next_run_at == NOON + timedelta(hours=1)


def test_a_job_that_begins_at_the_same_moment_is_waited_for() -> None:
    target_id = queueing()
    expect_at(target_id, NOON)

    def due(session: Session) -> Any:
        return targets.due(session, NOON)

    def request(session: Session) -> Any:
        return requests.request(session, target_id, Terms(Trigger.CLI)).started

    # The sweep passes over a target for which somebody is making a job.
    assert given.overtaken(request, due) == (True, {})
    assert given.do(targets.due, NOON) == {}
    given.do(jobs.cancel_all_of, target_id)
    assert given.overtaken(due, request) == ({NOON: [target_id]}, True)


def test_what_an_occasion_is_queued_behind_is_told() -> None:
    target_id = given.a_target(overlap="queue")
    job_id = given.brought_to(JobStatus.RUNNING, target_id)
    assert given.do(targets.queued_behind, find(target_id)) is None
    expect_at(target_id, datetime(2020, 1, 1, tzinfo=UTC))
    ahead = given.do(targets.queued_behind, find(target_id))
    assert ahead
    assert ahead.id == job_id
    given.finish(job_id, given.COMPLETED)
    assert given.do(targets.queued_behind, find(target_id)) is None


def test_an_edit_keeps_an_occasion_that_is_queued() -> None:
    target_id = queueing()
    expect_at(target_id, NOON)
    change(target_id, priority=1)
    assert find(target_id).next_run_at == NOON
    change(target_id, schedule="5 * * * *")
    assert find(target_id).next_run_at != NOON


def test_schedules_start_only_active_living_targets(target_id: int) -> None:
    own = given.a_target("own", schedule="0 3 * * *")
    given.a_target("off", active=False)
    delete(given.a_target("gone"))
    assert given.do(targets.active_ids) == [target_id, own]
    assert given.do(targets.active_ids, nightly_only=True) == [target_id]


def test_a_change_of_what_was_seen_is_made(target_id: int) -> None:
    seen_at = find(target_id).updated_at
    given.do(
        lambda s: targets.change(s, targets.find(s, target_id), {"priority": 1}, seen_at=seen_at)
    )
    assert find(target_id).priority == 1


def test_a_change_of_what_was_changed_meanwhile_is_refused(target_id: int) -> None:
    seen_at = find(target_id).updated_at
    change(target_id, priority=2)
    with pytest.raises(TargetChanged, match="shop"):
        given.do(
            lambda s: targets.change(
                s, targets.find(s, target_id), {"priority": 1}, seen_at=seen_at
            )
        )
    assert find(target_id).priority == 2


def test_two_changes_at_once_of_what_both_saw_are_one(target_id: int) -> None:
    seen_at = find(target_id).updated_at

    def raised_to(priority: int) -> Any:
        return lambda s: targets.change(
            s, targets.find(s, target_id), {"priority": priority}, seen_at=seen_at
        )

    _, second = given.overtaken(raised_to(1), raised_to(2))
    assert isinstance(second, TargetChanged)
    assert find(target_id).priority == 1


def test_several_are_disabled_and_enabled_at_once(target_id: int) -> None:
    other, gone = given.a_target("other"), given.a_target("gone")
    delete(gone)
    ids = [target_id, other, gone, 10**15]
    assert given.do(targets.set_active, ids, active=False) == ["other", "shop"]
    assert not find(target_id).active
    expect_at(other, NOON.replace(year=2020))
    assert given.do(targets.set_active, ids, active=True) == ["other", "shop"]
    # What was missed meanwhile is not made up for.
    assert find(other).next_run_at > datetime.now(UTC)
