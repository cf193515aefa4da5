"""What a job is held against, and what becomes of its verdict."""

from typing import Any

import pytest

from orchestrator.ledger import findings, targets
from orchestrator.ledger.models import AlertKind, Verdict
from tests.orchestrator.ledger import given
from tests.orchestrator.ledger.nightly import crawled, judgement, verdict
from tests.orchestrator.ledger.simulated_shop import Item, Night
from tests.orchestrator.ledger.test_alerts import a_channel, noted

pytestmark = pytest.mark.judging


def a_night(number: int = 20, **fields: Any) -> Night:
    items: list[Item] = [
        {"url": f"https://shop.test/{at}", "title": f"Thing {at}", "price": 10 + at} | fields
        for at in range(number)
    ]
    return Night(items, pages=number, seconds=60)


def said(job_id: Any) -> list[str]:
    return [findings.sentence(each) for each in judgement(job_id).findings]


def expecting(target_id: int, **expected: Any) -> None:
    def change(session: Any) -> None:
        found = targets.find(session, target_id)
        targets.change(session, found, {"expectations": expected})

    given.do(change)


def test_a_stated_expectation_that_is_broken_makes_the_first_run_bad(target_id: int) -> None:
    expecting(
        target_id,
        min_items=21,
        required_fields=["price", "brand"],
        item_schema={"properties": {"price": {"type": "string"}}, "required": ["brand"]},
    )
    job_id = crawled(target_id, a_night())
    assert verdict(job_id) is Verdict.BAD
    assert said(job_id) == [
        "It found 20 items; at least 21 are expected.",
        "brand is required, and is empty in 20 of 20 items.",
        "brand does not fit the item schema (required) in 20 of 20 items.",
        "price does not fit the item schema (type) in 20 of 20 items.",
    ]


def test_few_earlier_runs_say_nothing_and_five_do(target_id: int) -> None:
    first = [crawled(target_id, a_night(number)) for number in (20, 2, 20, 20, 20, 20)]
    assert [verdict(each) for each in first] == [Verdict.GOOD] * 6
    job_id = crawled(target_id, a_night(price=None))
    assert said(job_id) == [
        "price is empty in 20 of 20 items; in the last 6 jobs it was empty in at most 0."
    ]
    assert judgement(job_id).compared_with == first[::-1]


def test_what_a_person_accepted_is_usual_from_then_on(target_id: int) -> None:
    for _ in range(6):
        crawled(target_id, a_night())
    half = crawled(target_id, a_night(10))
    assert verdict(half) is Verdict.SUSPICIOUS
    given.execute("UPDATE scraping_jobs SET publication = 'accepted' WHERE id = :job", job=half)
    assert verdict(crawled(target_id, a_night(10))) is Verdict.GOOD
    assert verdict(crawled(target_id, a_night(4))) is Verdict.SUSPICIOUS


def test_what_there_was_on_the_same_weekday_is_usual_too(target_id: int) -> None:
    for _ in range(6):
        crawled(target_id, a_night())
    half = crawled(target_id, a_night(10))
    given.execute("UPDATE scraping_jobs SET publication = 'accepted' WHERE id = :job", job=half)
    for _ in range(12):
        crawled(target_id, a_night())
    too_early, in_time = (crawled(target_id, a_night(10)) for _ in range(2))
    assert [verdict(too_early), verdict(in_time)] == [Verdict.SUSPICIOUS, Verdict.GOOD]
    assert half not in judgement(in_time).compared_with


def test_a_run_that_is_not_believed_is_told_of_once_until_a_good_one(target_id: int) -> None:
    a_channel(AlertKind.SUSPICIOUS)
    expecting(target_id, min_items=10)
    for number in (10, 5, 5, 10, 5):
        crawled(target_id, a_night(number))
    assert noted() == [("suspicious", "shop")] * 2
    assert given.execute("SELECT details -> 'finding' ->> 'now' AS now FROM alerts")[0].now == "5"


def test_a_crawl_by_hand_is_not_judged(target_id: int) -> None:
    job_id = given.a_job(target_id)
    assert given.claim(job_id)
    given.execute(
        "UPDATE scraping_jobs SET definition = definition || '{\"one_attempt\": true}'"
        " WHERE id = :job",
        job=job_id,
    )
    given.finish(job_id, given.COMPLETED)
    assert given.job(job_id).verdict is None


def test_what_cannot_be_judged_ends_all_the_same(
    target_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    given.execute("ALTER TABLE job_judgements RENAME TO elsewhere")
    job_id = crawled_without_shift(target_id)
    assert given.job(job_id).status == "completed"
    assert given.job(job_id).verdict is None
    assert "could not be judged" in caplog.text


def crawled_without_shift(target_id: int) -> Any:
    job_id = given.a_job(target_id)
    assert given.claim(job_id)
    given.finish(job_id, given.COMPLETED)
    return job_id
