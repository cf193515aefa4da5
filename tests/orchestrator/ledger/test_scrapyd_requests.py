import re
from typing import Any

import pytest

from orchestrator.exceptions import Invalid, NotFound, OrchestratorError, TransitionRefused
from orchestrator.ledger import scrapyd_requests, targets
from orchestrator.ledger.models import JobStatus, ScrapingTarget, Trigger
from orchestrator.ledger.scrapyd_requests import Wish
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _spiders(database: str) -> None:
    given.execute(
        "INSERT INTO workers (name, pid, slots, spiders)"
        " VALUES ('w@here', 1, 2, '{books,Strange Spider}')"
    )


def asked(spider: str = "books", **wish: Any) -> Any:
    return given.do(scrapyd_requests.request, Wish(spider, **wish), who="robot")


def target_of(spider: str = "books", **wish: Any) -> ScrapingTarget:
    """The target of a wish, whose job has ended."""
    answer = asked(spider, **wish)
    given.execute("UPDATE scraping_jobs SET status = 'failed', completed_at = now()")
    found: ScrapingTarget = given.do(targets.find, answer.target_id)
    return found


def test_a_targets_name_alone_is_that_target() -> None:
    target_id = given.a_target("mine", arguments={"page": 3})
    assert asked("mine").target_id == target_id
    assert given.count("scraping_targets") == 1


def test_a_spider_with_arguments_is_a_target_of_exactly_those() -> None:
    wish: dict[str, Any] = {"arguments": {"page": "3"}, "settings": {"DEPTH_LIMIT": 2}}
    target = target_of(**wish)
    assert (target.spider, target.arguments, target.settings) == ("books", *wish.values())
    assert (target.active, target.tags) == (False, ["scrapyd"])
    assert re.fullmatch(r"books-[0-9a-f]{8}", target.name)
    assert target_of(**wish).id == target.id
    others = [target_of(**wish | {"arguments": other}) for other in ({}, {"page": "4"})]
    assert len({target.id, *(other.id for other in others)}) == 3
    entry = "action = 'target.add' AND who = 'robot' AND subject = :name"
    assert given.count("audit_log", entry, name=target.name) == 1


def test_it_is_found_again_under_another_name_and_not_when_it_became_another() -> None:
    first = target_of(arguments={"page": "3"})
    given.execute("UPDATE scraping_targets SET name = 'renamed', tags = '{}'")
    assert target_of(arguments={"page": "3"}).id == first.id
    given.execute("UPDATE scraping_targets SET name = :name, spider = 'other'", name=first.name)
    second = target_of(arguments={"page": "3"})
    assert (second.id != first.id, second.name) == (True, f"{first.name}-2")


def test_a_spider_alone_is_a_target_of_its_name_if_it_can_be_one() -> None:
    assert target_of("books").name == "books"
    assert re.fullmatch(r"strange-spider-[0-9a-f]{8}", target_of("Strange Spider").name)


def test_arguments_for_a_target_are_put_over_its_own() -> None:
    own: dict[str, Any] = {"spider": "books", "start_urls": ["https://example.com/"]}
    mine = given.a_target(
        "mine", arguments={"page": 3, "deep": 1}, key_fields=["isbn"], render=True, crawlers=4,
        worker_tag="eu", **own,
    )  # fmt: skip
    target = target_of("mine", arguments={"page": "4"})
    assert target.id != mine
    assert target.arguments == {"page": "4", "deep": 1}
    assert (target.start_urls, target.key_fields) == (["https://example.com/"], ["isbn"])
    assert (target.render, target.crawlers, target.worker_tag) == (True, 4, "eu")


def test_where_and_by_how_many_it_is_crawled_makes_no_other_target() -> None:
    first = target_of(arguments={"page": "3"})
    given.execute("UPDATE scraping_targets SET worker_tag = 'eu', crawlers = 4")
    assert target_of(arguments={"page": "3"}).id == first.id


def test_what_is_asked_by_a_tagged_target_is_crawled_by_workers_of_its_tag() -> None:
    given.a_target("books-eu", spider="books", worker_tag="eu")
    given.a_target("books-us", spider="books", worker_tag="us")
    european, american = (
        target_of(name, arguments={"page": "3"}) for name in ("books-eu", "books-us")
    )
    assert (european.worker_tag, american.worker_tag) == ("eu", "us")
    assert target_of("books-eu", arguments={"page": "3"}).id == european.id


@pytest.mark.parametrize(
    "wish",
    [
        {"arguments": {"a-b": "1"}},
        {"arguments": {"a": "\0"}},
        {"arguments": {"a": "x" * 70_000}},
        {"settings": {"FEEDS": "{}"}},
        {"settings": {"\0": "1"}},
        {"jobid": "../up"},
        {"jobid": ""},
    ],
)
def test_what_is_refused_leaves_nothing_behind(wish: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asked(**wish)
    assert given.count("scraping_targets") == given.count("audit_log") == 0


def test_an_unknown_spider_is_not_found() -> None:
    with pytest.raises(NotFound, match="spider 'nobody' not found"):
        asked("nobody", arguments={"a": "1"})
    given.a_target("mine", spider="nobody")
    assert asked("nobody", arguments={"a": "1"}).started


def test_a_busy_target_is_refused_and_named() -> None:
    asked(jobid="first")
    with pytest.raises(TransitionRefused, match=r"Target books has an active job already, first "):
        asked(jobid="second")
    assert given.count("scrapyd_jobs") == 1


def test_of_those_who_ask_at_once_one_is_granted_and_one_target_made() -> None:
    def outcome(_: int) -> bool:
        try:
            return bool(asked(arguments={"page": "3"}, jobid="mine").started)
        except OrchestratorError:
            return False

    assert sorted(given.at_once(4, outcome)) == [False, False, False, True]
    assert given.count("scraping_targets") == given.count("scraping_jobs") == 1


def test_two_targets_cannot_both_have_a_job_of_one_id() -> None:
    names = ["one", "two", "three", "four"]
    for name in names:
        given.a_target(name)

    def outcome(number: int) -> bool:
        try:
            return bool(asked(names[number], jobid="mine").started)
        except Invalid:
            return False

    assert sum(given.at_once(4, outcome)) == 1
    assert given.count("scraping_jobs") == 1


def test_its_trigger_is_a_program_and_its_window_still_counts() -> None:
    given.a_target("mine", crawl_window=given.a_closed_window(), priority=3)
    answer = asked("mine", steps=9)
    job = given.job(answer.job_id)
    assert (job.trigger, job.priority, job.status) == (Trigger.API, 0, JobStatus.PENDING)
    assert answer.starts_at is not None
