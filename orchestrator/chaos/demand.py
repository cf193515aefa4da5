"""Jobs asked for as long as the storm lasts, as a press of Run does.

Each has a target of its own, so that all its items are new and its counts can be told exactly; and
an id of its own, so that a press that was not answered is repeated as the same one.
"""

import uuid

from orchestrator import config, database, triggers
from orchestrator.exceptions import BellAway, DatabaseAway, TargetNotFound
from orchestrator.ledger import bells, evidence, targets

#: Jobs that could be claimed at once; while there are so many no slot has to wait for us.
_WAITING = 2
#: Jobs for each slot that have not ended: those that were interrupted come back all at once.
_MOST_ACTIVE = 4
#: A job whose crawler dies three times before its first page would rightly be given up.
_ATTEMPTS = 100


class Demand:
    """The jobs asked for so far."""

    def __init__(self, url: str) -> None:
        self._fields = {
            "spider": "demo_shop",
            "start_urls": [url],
            # Schedules leave it alone: a nightly job would be one that nobody here knows of.
            "active": False,
            "max_attempts": _ATTEMPTS,
        }
        #: Those that were answered: what was promised.
        self.job_ids: list[uuid.UUID] = []
        self._next = uuid.uuid4()

    def keep_up(self) -> None:
        """Asks for another job when few wait; asks again when the last one was not answered."""
        try:
            if self._is_wanting():
                self._press()
        except DatabaseAway:
            return

    def _is_wanting(self) -> bool:
        most = _MOST_ACTIVE * config.get().slots
        with database.transaction() as session:
            return bells.count_due(session) < _WAITING and evidence.count_active(session) < most

    def _press(self) -> None:
        target_id = self._target(f"storm-{len(self.job_ids) + 1}")
        answer = triggers.request_by_message(target_id, self._next)
        self.job_ids.append(self._next)
        self._next = uuid.uuid4()
        try:
            triggers.ring([(answer.job_id, target_id, answer.priority, answer.queue)])
        except BellAway:
            return

    def _target(self, name: str) -> int:
        with database.transaction() as session:
            try:
                return targets.find(session, name).id
            except TargetNotFound:
                return targets.register(session, self._fields | {"name": name}).id
