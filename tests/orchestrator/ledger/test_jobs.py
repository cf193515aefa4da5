"""Each line of the table "The life of a job", and each race of two transitions in both orders."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from orchestrator.exceptions import JobNotFound, TransitionRefused
from orchestrator.ledger import endings, jobs, requests, targets
from orchestrator.ledger.claims import Claim
from orchestrator.ledger.ends import End, Ending
from orchestrator.ledger.jobs import Ended
from orchestrator.ledger.models import JobStatus, Requested, Trigger
from orchestrator.ledger.troubled_pages import TroubledPage
from tests.orchestrator.ledger import given

pytestmark = pytest.mark.usefixtures("database")

PENDING, RUNNING, PAUSED = JobStatus.PENDING, JobStatus.RUNNING, JobStatus.PAUSED
COMPLETED, FAILED, CANCELLED = JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED
VERBS = (jobs.cancel, jobs.pause, jobs.resume)
Verb = Callable[..., Ended]


def claiming(job_id: uuid.UUID) -> Callable[[Session], Claim | None]:
    return lambda session: jobs.claim(session, job_id, worker="w@there", lease_seconds=60)


def finishing(job_id: uuid.UUID, end: End) -> Callable[[Session], Ended | None]:
    return lambda session: endings.finish(session, job_id, 1, end, retry_seconds=30)


def verb(what: Verb, job_id: uuid.UUID) -> Callable[[Session], Ended]:
    return lambda session: what(session, job_id)


def acknowledge_a_page(job_id: uuid.UUID) -> None:
    given.execute("UPDATE crawls SET pages = 1 WHERE job_id = :id AND ended_at IS NULL", id=job_id)


def test_a_claim_makes_a_pending_job_running_and_begins_its_lease(target_id: int) -> None:
    job_id = given.a_job(target_id)
    claim = given.claim(job_id, lease_seconds=60)
    assert claim
    assert (claim.attempt, claim.target_id, claim.job_id) == (1, target_id, str(job_id))
    assert claim.definition["target"] == "shop"
    job = given.job(job_id)
    assert job.status is RUNNING
    assert job.started_at is not None
    assert given.count("crawls", "lease_until BETWEEN now() + '50 s' AND now() + '60 s'") == 1


def test_a_bell_rung_twice_gives_one_claim(target_id: int) -> None:
    job_id = given.a_job(target_id)
    assert given.claim(job_id)
    assert given.claim(job_id) is None
    assert given.job(job_id).attempt == 1


@pytest.mark.parametrize("status", [RUNNING, PAUSED, COMPLETED, FAILED, CANCELLED])
def test_only_a_pending_job_can_be_claimed(status: JobStatus, target_id: int) -> None:
    assert given.claim(given.brought_to(status, target_id)) is None


def test_a_claim_before_its_time_is_refused(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.BROKEN, retry_seconds=30)
    assert given.claim(job_id) is None
    given.made_due(job_id)
    assert given.claim(job_id)


def test_a_claim_of_a_job_in_another_queue_than_is_served_is_refused() -> None:
    tagged = given.a_job(given.a_target("tagged", worker_tag="eu"))
    rendered = given.a_job(given.a_target("rendered", render=True))

    def claimed(job_id: uuid.UUID, *queues: str) -> bool:
        options = {"worker": "w@here", "lease_seconds": 60, "queues": queues}
        return given.do(jobs.claim, job_id, **options) is not None

    assert not claimed(tagged, "crawls", "crawls.us", "browser.eu")
    assert not claimed(rendered, "crawls", "browser.eu")
    assert claimed(tagged, "crawls", "crawls.eu")
    assert claimed(rendered, "browser")


def test_a_claim_of_no_job_gives_nothing(target_id: int) -> None:
    assert given.claim(uuid.uuid4()) is None


def test_each_claim_raises_the_attempt_and_has_its_own_crawl(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.HANDED_BACK)
    claim = given.claim(job_id)
    assert claim
    assert claim.attempt == 2
    assert given.execute("SELECT attempt, outcome FROM crawls ORDER BY attempt") == [
        (1, "stopped"),
        (2, None),
    ]


def test_of_two_claims_at_once_one_wins(target_id: int) -> None:
    job_id = given.a_job(target_id)
    first, second = given.overtaken(claiming(job_id), claiming(job_id))
    assert first
    assert second is None


def test_of_eight_claims_at_once_one_wins(target_id: int) -> None:
    job_id = given.a_job(target_id)
    claims = given.at_once(8, lambda _: given.claim(job_id))
    assert sum(claim is not None for claim in claims) == 1


@pytest.mark.parametrize("status", [PENDING, PAUSED])
def test_a_job_that_nobody_crawls_is_cancelled_at_once(status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    assert given.do(jobs.cancel, job_id).status is CANCELLED
    job = given.job(job_id)
    assert job.completed_at is not None
    assert job.finish_reason == "cancelled"


def test_a_running_job_is_asked_to_cancel(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    assert given.do(jobs.cancel, job_id).status is RUNNING
    job = given.job(job_id)
    assert job.requested is Requested.CANCEL
    assert job.completed_at is None


def test_a_pending_job_is_paused_at_once(target_id: int) -> None:
    job_id = given.a_job(target_id)
    assert given.do(jobs.pause, job_id).status is PAUSED


def test_a_running_job_is_asked_to_pause(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    assert given.do(jobs.pause, job_id).status is RUNNING
    assert given.job(job_id).requested is Requested.PAUSE


def test_a_cancel_beats_an_earlier_pause(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id, Requested.PAUSE)
    given.do(jobs.cancel, job_id)
    assert given.job(job_id).requested is Requested.CANCEL


@pytest.mark.parametrize("what", [jobs.pause, jobs.resume])
def test_a_cancel_that_was_asked_for_stays(what: Verb, target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id, Requested.CANCEL)
    with pytest.raises(TransitionRefused):
        given.do(what, job_id)
    assert given.job(job_id).requested is Requested.CANCEL


def test_a_resumed_job_is_pending_and_due_and_its_bell_is_to_be_rung(target_id: int) -> None:
    job_id = given.brought_to(PAUSED, target_id)
    ended = given.do(jobs.resume, job_id)
    assert ended.status is PENDING
    assert ended.ring
    assert given.claim(job_id)


def test_resume_takes_back_a_pause_that_was_not_yet_served(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id, Requested.PAUSE)
    ended = given.do(jobs.resume, job_id)
    assert (ended.status, ended.ring) == (RUNNING, False)
    assert given.job(job_id).requested is None


@pytest.mark.parametrize("status", [PENDING, RUNNING])
def test_only_what_is_paused_can_be_resumed(status: JobStatus, target_id: int) -> None:
    with pytest.raises(TransitionRefused, match=f"is {status} and cannot be resumed"):
        given.do(jobs.resume, given.brought_to(status, target_id))


@pytest.mark.parametrize("what", VERBS)
@pytest.mark.parametrize("status", [COMPLETED, FAILED, CANCELLED])
def test_a_finished_job_stays_as_it_is(what: Verb, status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    before = given.execute("SELECT * FROM scraping_jobs WHERE id = :id", id=job_id)
    with pytest.raises(TransitionRefused, match=f"Job {job_id} is {status} and cannot be"):
        given.do(what, job_id)
    assert given.finish(job_id, given.COMPLETED) is None
    assert given.execute("SELECT * FROM scraping_jobs WHERE id = :id", id=job_id) == before


@pytest.mark.parametrize("what", VERBS)
def test_a_job_that_is_not_there_is_not_found(what: Verb) -> None:
    missing = uuid.uuid4()
    with pytest.raises(JobNotFound, match=str(missing)):
        given.do(what, missing)


# --- the end of a crawl

ENDS = {
    (Ending.COMPLETED, None): COMPLETED,
    (Ending.COMPLETED, Requested.PAUSE): COMPLETED,
    (Ending.COMPLETED, Requested.CANCEL): CANCELLED,
    (Ending.HANDED_BACK, None): PENDING,
    (Ending.HANDED_BACK, Requested.PAUSE): PAUSED,
    (Ending.HANDED_BACK, Requested.CANCEL): CANCELLED,
    (Ending.BROKEN, None): PENDING,
    (Ending.BROKEN, Requested.PAUSE): PAUSED,
    (Ending.BROKEN, Requested.CANCEL): CANCELLED,
    (Ending.IMPOSSIBLE, None): FAILED,
    (Ending.IMPOSSIBLE, Requested.PAUSE): FAILED,
    (Ending.IMPOSSIBLE, Requested.CANCEL): CANCELLED,
}


@pytest.mark.parametrize(
    ("ending", "requested", "status"),
    [(ending, requested, status) for (ending, requested), status in ENDS.items()],
)
def test_where_a_job_goes_depends_on_its_end_and_on_what_was_asked(
    ending: Ending, requested: Requested | None, status: JobStatus, target_id: int
) -> None:
    job_id = given.brought_to(RUNNING, target_id, requested)
    ended = given.finish(job_id, End(ending, "reason", "A sentence.", {"pages": 1}))
    assert ended
    assert ended.status is status
    job = given.job(job_id)
    assert job.requested is None
    assert (job.completed_at is not None) is status.is_final
    assert job.finish_reason == ("cancelled" if status is CANCELLED else "reason")
    assert job.stats == {"pages": 1}
    assert given.count("crawls", "ended_at IS NOT NULL AND outcome = 'reason'") == 1


def test_a_completed_job_has_no_error(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, End(Ending.COMPLETED, "finished", "Something odd."))
    assert given.job(job_id).error_message is None


def test_a_failed_job_says_why(target_id: int) -> None:
    job_id = given.brought_to(FAILED, target_id)
    job = given.job(job_id)
    assert (job.finish_reason, job.error_message) == ("no_spider", given.IMPOSSIBLE.message)


def test_a_crawl_handed_back_charges_no_failure_and_may_go_on_at_once(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    ended = given.finish(job_id, given.HANDED_BACK)
    assert ended
    assert ended.ring
    assert given.job(job_id).failures == 0
    assert given.claim(job_id)


def test_a_crawl_that_broke_without_a_page_is_a_failure_and_waits(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    ended = given.finish(job_id, given.BROKEN, retry_seconds=30)
    assert ended
    assert not ended.ring
    job = given.job(job_id)
    assert (job.status, job.failures, job.rung_at) == (PENDING, 1, None)
    assert job.run_after - datetime.now(UTC) > timedelta(seconds=25)


def test_a_crawl_whose_process_died_is_a_failure_and_goes_on_at_once(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    ended = given.finish(job_id, given.DIED, retry_seconds=30)
    assert ended
    assert ended.ring
    assert given.job(job_id).failures == 1
    assert given.claim(job_id)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (given.BROKEN, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]),
        (given.DIED, [0, 30, 60, 120, 240, 480, 960, 1920, 3600]),
    ],
    ids=["broken", "died"],
)
def test_each_failure_doubles_the_wait_up_to_an_hour(
    target_id: int, end: End, expected: list[int]
) -> None:
    given.execute("UPDATE scraping_targets SET max_attempts = 100")
    job_id = given.a_job(target_id)
    waits = []
    for attempt in range(1, 10):
        assert given.claim(job_id)
        given.finish(job_id, end, attempt=attempt, retry_seconds=30)
        sql = "SELECT extract(epoch FROM run_after - ended_at)::int FROM scraping_jobs j JOIN crawls c ON c.job_id = j.id WHERE c.attempt = :n"  # noqa: E501
        waits.append(given.execute(sql, n=attempt)[0][0])
        given.made_due(job_id)
    assert waits == expected


def test_progress_forgives_earlier_failures(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.BROKEN)
    given.made_due(job_id)
    given.claim(job_id)
    acknowledge_a_page(job_id)
    ended = given.finish(job_id, given.BROKEN, attempt=2)
    assert ended
    assert ended.ring
    assert given.job(job_id).failures == 0


def test_progress_of_an_earlier_attempt_forgives_nothing(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    acknowledge_a_page(job_id)
    given.finish(job_id, given.HANDED_BACK)
    given.claim(job_id)
    given.finish(job_id, given.BROKEN, attempt=2)
    assert given.job(job_id).failures == 1


def test_a_job_is_given_up_after_as_many_failures_as_its_target_allows() -> None:
    job_id = given.a_job(given.a_target(max_attempts=2))
    statuses = []
    for attempt in (1, 2):
        given.claim(job_id)
        ended = given.finish(job_id, given.BROKEN, attempt=attempt)
        assert ended
        statuses.append(ended.status)
        given.made_due(job_id)
    assert statuses == [PENDING, FAILED]
    assert given.job(job_id).error_message == given.BROKEN.message


def test_an_edited_target_leaves_its_requested_job_as_it_was(target_id: int) -> None:
    job_id = given.a_job(target_id)

    def edit(session: Session) -> None:
        target = targets.find(session, target_id)
        targets.change(session, target, {"name": "other", "spider": "other", "max_attempts": 1})

    given.do(edit)
    claim = given.claim(job_id)
    assert claim
    assert (claim.definition["target"], claim.definition["spider"]) == ("shop", "shop")
    assert claim.definition["max_attempts"] == 3


def test_a_deleted_target_cancels_what_is_active(target_id: int) -> None:
    job_id = given.a_job(target_id)
    ended = given.do(jobs.cancel_all_of, target_id)
    assert [(each.job_id, each.status) for each in ended] == [(job_id, CANCELLED)]


def test_a_job_that_ends_while_its_target_is_deleted_stays_ended(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    _, cancelled = given.overtaken(
        finishing(job_id, given.COMPLETED), lambda s: jobs.cancel_all_of(s, target_id)
    )
    assert cancelled == []
    assert given.job(job_id).status is COMPLETED


@pytest.mark.parametrize("end", [given.COMPLETED, given.HANDED_BACK, given.BROKEN])
def test_a_crawl_of_a_deleted_target_ends_cancelled(end: End, target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.do(lambda session: targets.delete(session, targets.find(session, target_id)))
    ended = given.finish(job_id, end)
    assert ended
    assert ended.status is CANCELLED


def test_an_older_attempt_can_finish_nothing_after_a_take_over(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.HANDED_BACK)
    given.claim(job_id)
    assert given.finish(job_id, given.COMPLETED, attempt=1) is None
    job = given.job(job_id)
    assert (job.status, job.attempt, job.finish_reason) == (RUNNING, 2, None)
    assert given.execute("SELECT outcome FROM crawls WHERE attempt = 1") == [("stopped",)]


def test_an_older_attempt_charges_no_page_after_a_take_over(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.HANDED_BACK)
    given.claim(job_id)
    page = TroubledPage(b"1", "https://example.com/", "killed by signal 9")
    given.finish(job_id, replace(given.BROKEN, page=page), attempt=1)
    assert given.count("charged_pages") == 0


def test_a_cancel_before_the_end_wins(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    _, ended = given.overtaken(verb(jobs.cancel, job_id), finishing(job_id, given.COMPLETED))
    assert isinstance(ended, Ended)
    assert ended.status is CANCELLED


def test_a_cancel_after_the_end_is_refused(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    ended, refusal = given.overtaken(finishing(job_id, given.COMPLETED), verb(jobs.cancel, job_id))
    assert ended
    assert ended.status is COMPLETED
    assert isinstance(refusal, TransitionRefused)
    assert given.job(job_id).status is COMPLETED


@pytest.mark.parametrize("status", [PENDING, RUNNING])
def test_a_cancel_during_a_pause_wins(status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    given.overtaken(verb(jobs.pause, job_id), verb(jobs.cancel, job_id))
    job = given.job(job_id)
    assert CANCELLED in (job.status, job.requested and JobStatus.CANCELLED)
    assert job.requested in (None, Requested.CANCEL)


@pytest.mark.parametrize("status", [PENDING, RUNNING])
def test_a_pause_during_a_cancel_is_refused(status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    cancelled, refusal = given.overtaken(verb(jobs.cancel, job_id), verb(jobs.pause, job_id))
    assert cancelled.status is (CANCELLED if status is PENDING else RUNNING)
    assert isinstance(refusal, TransitionRefused)


def test_a_pause_before_the_end_of_an_unfinished_crawl_is_served(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    _, ended = given.overtaken(verb(jobs.pause, job_id), finishing(job_id, given.HANDED_BACK))
    assert isinstance(ended, Ended)
    assert ended.status is PAUSED


def test_a_resume_before_the_end_takes_the_pause_back(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id, Requested.PAUSE)
    _, ended = given.overtaken(verb(jobs.resume, job_id), finishing(job_id, given.HANDED_BACK))
    assert isinstance(ended, Ended)
    assert ended.status is PENDING


def test_a_resume_during_the_end_resumes_what_has_paused(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id, Requested.PAUSE)
    _, ended = given.overtaken(finishing(job_id, given.HANDED_BACK), verb(jobs.resume, job_id))
    assert isinstance(ended, Ended)
    assert ended.status is PENDING


@pytest.mark.parametrize("what", [jobs.cancel, jobs.pause])
def test_what_is_asked_during_a_claim_reaches_the_crawl(what: Verb, target_id: int) -> None:
    job_id = given.a_job(target_id)
    claim, ended = given.overtaken(claiming(job_id), verb(what, job_id))
    assert claim
    assert isinstance(ended, Ended)
    assert ended.status is RUNNING
    assert given.job(job_id).requested in (Requested.CANCEL, Requested.PAUSE)


@pytest.mark.parametrize("what", [jobs.cancel, jobs.pause])
def test_a_claim_during_a_cancel_or_pause_comes_too_late(what: Verb, target_id: int) -> None:
    job_id = given.a_job(target_id)
    ended, claim = given.overtaken(verb(what, job_id), claiming(job_id))
    assert ended.status in (CANCELLED, PAUSED)
    assert claim is None
    assert given.count("crawls") == 0


def test_a_claim_during_a_take_over_finds_nothing_to_finish(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, given.HANDED_BACK)
    claim, ended = given.overtaken(claiming(job_id), finishing(job_id, given.COMPLETED))
    assert claim
    assert ended is None


def test_two_ends_of_one_attempt_count_once(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    _, second = given.overtaken(finishing(job_id, given.BROKEN), finishing(job_id, given.BROKEN))
    assert second is None
    assert given.job(job_id).failures == 1


@pytest.mark.parametrize("status", [COMPLETED, FAILED, CANCELLED])
def test_a_retry_is_a_new_job_and_the_old_one_stays(status: JobStatus, target_id: int) -> None:
    old = given.brought_to(status, target_id)
    before = given.execute("SELECT * FROM scraping_jobs WHERE id = :id", id=old)
    answer = given.do(requests.repeat, old, Trigger.DASHBOARD)
    assert answer.started
    assert given.job(answer.job_id).retry_of == old
    assert given.execute("SELECT * FROM scraping_jobs WHERE id = :id", id=old) == before


@pytest.mark.parametrize("status", [PENDING, RUNNING, PAUSED])
def test_an_active_job_cannot_be_retried(status: JobStatus, target_id: int) -> None:
    job_id = given.brought_to(status, target_id)
    with pytest.raises(TransitionRefused, match=f"is {status} and cannot be retried"):
        given.do(requests.repeat, job_id, Trigger.DASHBOARD)


def test_a_job_that_is_not_there_cannot_be_retried() -> None:
    with pytest.raises(JobNotFound):
        given.do(requests.repeat, uuid.uuid4(), Trigger.DASHBOARD)


def test_a_pause_that_a_site_asked_for_is_kept_also_after_a_failure(target_id: int) -> None:
    job_id = given.brought_to(RUNNING, target_id)
    given.finish(job_id, End(Ending.BROKEN, "site_pause", wait_seconds=3_000), retry_seconds=30)
    job = given.job(job_id)
    assert (job.status, job.failures, job.rung_at) == (PENDING, 1, None)
    assert job.run_after - datetime.now(UTC) > timedelta(minutes=45)
