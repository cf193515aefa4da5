"""One round of deliveries: take what is due, say it, send it, write down what came of it.

Nothing is held while a receiver is waited for: no transaction, no lock, only the lease. Whoever
dies meanwhile leaves a message that is tried again when the lease has ended.
"""

import logging
from collections.abc import Callable
from time import monotonic, sleep
from typing import TypeVar

from orchestrator import config, database
from orchestrator.alerts import senders, texts
from orchestrator.alerts.senders import Message
from orchestrator.exceptions import DatabaseAway, NotDelivered
from orchestrator.ledger import deliveries
from orchestrator.ledger.deliveries import Taken, Terms

T = TypeVar("T")

logger = logging.getLogger(__name__)

#: So much longer than a try may take does the lease last.
_SPARE_SECONDS = 15
#: A round ends in time for the next one.
_ROUND_SECONDS = 30


def deliver() -> dict[str, int]:
    """Sends what is due; how many messages arrived, and how many did not. Raises DatabaseAway."""
    counts = {"delivered": 0, "failed": 0}
    until = monotonic() + _ROUND_SECONDS
    lease = config.get().alert_timeout_seconds + _SPARE_SECONDS
    with database.transaction() as session:
        deliveries.gather(session)
    while monotonic() < until:
        with database.transaction() as session:
            taken = deliveries.take(session, lease_seconds=lease)
        if taken is None:
            break
        counts["delivered" if _tried(taken) else "failed"] += 1
    return counts


def _tried(taken: Taken) -> bool:
    message = None
    try:
        if taken.tries > config.get().alert_tries:
            # Whoever tried last was killed, and so were those before.
            raise NotDelivered("No try came to an end.")
        message = _told(lambda: texts.message(taken))
        _send(taken, message)
    except NotDelivered as error:
        logger.warning(
            "Channel %s: message %s was not delivered at try %s: %s",
            taken.channel.name,
            taken.id,
            taken.tries,
            error,
            extra={"action": "alert_failed", "delivery_id": taken.id},
        )
        _write_failure(taken, message.subject if message else "", str(error))
        return False
    _write_success(taken, message)
    return True


def _send(taken: Taken, message: Message) -> None:
    channel, seconds = taken.channel, config.get().alert_timeout_seconds
    _told(lambda: senders.send(channel.url, channel.secret, message, seconds=seconds))


def _told(step: Callable[[], T]) -> T:
    """A try that breaks is one that failed: it counts, and the next one comes later."""
    try:
        return step()
    except NotDelivered:
        raise
    except Exception as error:  # noqa: BLE001  # of a hundred services one raises what nobody foresaw
        # Not chained and not said: its text may hold the address.
        raise NotDelivered(f"The sender failed: {type(error).__name__}.") from None


def _write_failure(taken: Taken, subject: str, error: str) -> None:
    settings = config.get()
    terms = Terms(settings.alert_retry_seconds, settings.alert_tries)
    with database.transaction() as session:
        deliveries.fail(session, taken, subject=subject, error=error, terms=terms)


def _write_success(taken: Taken, message: Message) -> None:
    """Waits for a database that is away: what is not written down is sent again."""
    until = monotonic() + _SPARE_SECONDS
    while True:
        try:
            with database.transaction() as session:
                deliveries.succeed(session, taken.id, subject=message.subject)
            return
        except DatabaseAway:
            if monotonic() > until:
                raise
            sleep(1)
