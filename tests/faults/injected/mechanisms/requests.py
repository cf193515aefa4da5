"""What makes one job of a request, however often and by whomever it is made."""

from types import ModuleType

from patching import replace

from mechanisms import Off


def _any_number_of_active_jobs(module: ModuleType) -> None:
    upgrade = module.upgrade

    def without_the_index(*args: object) -> None:
        from sqlalchemy import text

        upgrade(*args)
        with module.database.engine().begin() as connection:
            connection.execute(text("DROP INDEX uq_scraping_jobs_active"))

    replace(module, "upgrade", without_the_index)


def _claimed_whatever_it_is(module: ModuleType) -> None:
    from sqlalchemy import text

    claim = module.claim

    def claim_again(session: object, job_id: object, **options: object) -> object:
        sql = "UPDATE scraping_jobs SET status = 'pending' WHERE id = :id"
        session.execute(text(sql), {"id": job_id})  # type: ignore[attr-defined]
        return claim(session, job_id, **options)

    replace(module, "claim", claim_again)


def _another_id_each_time(module: ModuleType) -> None:
    from uuid import uuid4

    request = module.request_by_message
    replace(module, "request_by_message", lambda target, _: request(target, uuid4()))


def _leases_by_the_workers_clock(module: ModuleType) -> None:
    from datetime import UTC, datetime, timedelta

    def from_now(seconds: float) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=seconds)

    replace(module, "_from_now", from_now)


def _schedules_by_the_workers_clock(module: ModuleType) -> None:
    from datetime import UTC, datetime

    replace(module, "now", lambda session: datetime.now(UTC))


def _occasions_by_the_minute(module: ModuleType) -> None:
    from datetime import datetime

    def this_minute(cron: str, zone: object, *, until: datetime) -> datetime:
        return until.replace(second=0, microsecond=0)

    replace(module, "latest_occasion", this_minute)


OFF: Off = {
    "one_active_job": ("orchestrator.migrations", _any_number_of_active_jobs),
    "claimed_once": ("orchestrator.ledger.jobs", _claimed_whatever_it_is),
    "same_id_same_job": ("orchestrator.triggers", _another_id_each_time),
    "due_targets_requested": (
        "orchestrator.sweep",
        lambda module: replace(module, "_request_due", lambda session: []),
    ),
    "skipped_rows": (
        "orchestrator.ledger.requests",
        lambda module: replace(module, "_skip", lambda *args, **options: []),
    ),
    "leases_by_the_databases_clock": ("orchestrator.ledger.crawls", _leases_by_the_workers_clock),
    "schedules_by_the_databases_clock": (
        "orchestrator.ledger.ticks",
        _schedules_by_the_workers_clock,
    ),
    "one_occasion_a_night": ("orchestrator.ledger.schedules", _occasions_by_the_minute),
}
