"""What protects a job that is killed at one of the ten points."""

from functools import wraps
from types import ModuleType
from typing import Any

from patching import replace

from mechanisms import Off


def _bell_before_the_commit(module: ModuleType) -> None:
    def request(reference: Any, trigger: Any, *, priority: int | None = None) -> Any:
        with module.database.transaction() as session:
            target = module.targets.find(session, reference)
            terms = module.Terms(trigger, priority=priority)
            answer = module.requests.request(session, target.id, terms)
            module._ring_for([answer])
        return answer

    replace(module, "request", request)


def _lease_from_the_first_heartbeat(module: ModuleType) -> None:
    begin = module.begin

    @wraps(begin)
    def without_a_lease(*args: Any, **options: Any) -> None:
        begin(*args, **options | {"lease_seconds": 1e8})

    replace(module, "begin", without_a_lease)


def _taken_without_a_lease(module: ModuleType) -> None:
    travel = module.LeaseBook.travel
    leases = module.frontiers.PARTS.index("leases")

    @wraps(travel)
    def popped(self: Any, *args: Any, **options: Any) -> Any:
        answer = travel(self, *args, **options)
        if answer.taken:
            self._redis.zrem(self._keys[leases], *(request_id for request_id, _ in answer.taken))
        return answer

    replace(module.LeaseBook, "travel", popped)


def _acknowledged_as_they_leave(module: ModuleType) -> None:
    take = module.Checkpoint._take

    @wraps(take)
    def acknowledged(self: Any) -> Any:
        gathered = take(self)
        self._frontier.acknowledge(gathered.pages)
        return gathered

    replace(module.Checkpoint, "_take", acknowledged)


def _counted_as_often_as_seen(module: ModuleType) -> None:
    only_once = "WHERE b.id IS NULL OR b.last_job_id IS DISTINCT FROM %(job)s\n"
    if only_once not in module._SQL:
        raise LookupError("The checkpoint no longer counts in these words")
    replace(module, "_SQL", module._SQL.replace(only_once, ""))


def _each_crawl_begins_afresh(module: ModuleType) -> None:
    begin = module.LeaseBook.open
    replace(module.LeaseBook, "open", lambda self, *, afresh: begin(self, afresh=True))


def _cancel_forgotten_at_the_end(module: ModuleType) -> None:
    next_status = module._next_status

    @wraps(next_status)
    def without_its_first_case(*args: Any) -> Any:
        status = next_status(*args)
        status.whens = status.whens[1:]
        return status

    replace(module, "_next_status", without_its_first_case)


def _busy_targets_cleaned_up_too(module: ModuleType) -> None:
    from sqlalchemy import true

    replace(module, "target", lambda target_id: true())
    replace(module, "held", lambda session, target_id: True)


OFF: Off = {
    "bell_after_the_commit": ("orchestrator.triggers", _bell_before_the_commit),
    "lease_from_the_claim": ("orchestrator.ledger.crawls", _lease_from_the_first_heartbeat),
    "requests_taken_on_lease": ("spiders_project.leases", _taken_without_a_lease),
    "acknowledged_after_the_commit": ("spiders_project.checkpoint", _acknowledged_as_they_leave),
    "counted_once": ("orchestrator.ledger.checkpoints", _counted_as_often_as_seen),
    "frontier_outlives_its_crawl": ("spiders_project.leases", _each_crawl_begins_afresh),
    "old_frontiers_deleted": (
        "orchestrator.sweep",
        lambda module: replace(module, "_delete_old_frontiers", lambda: 0),
    ),
    "cancel_wins_at_the_end": ("orchestrator.ledger.endings", _cancel_forgotten_at_the_end),
    "clean_up_spares_the_busy": ("orchestrator.ledger.cleanup.idle", _busy_targets_cleaned_up_too),
}
