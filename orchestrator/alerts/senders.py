"""Sends a message to a channel, by Apprise or as a webhook; silence means that it was taken."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any

from orchestrator.alerts import addresses, guard, webhooks
from orchestrator.exceptions import NotDelivered, Sentence

_LONGEST_TROUBLE = 300


@dataclass(frozen=True, slots=True)
class Message:
    """What people read, and what programs do."""

    subject: str
    text: str
    #: For webhooks.
    payload: dict[str, Any]


def send(url: str, secret: str | None, message: Message, *, seconds: float) -> None:
    """Raises NotDelivered, whose sentence holds nothing of the address."""
    web_address = addresses.webhook(url)
    if web_address is not None:
        guard.watched(
            lambda: webhooks.post(
                web_address, message.payload, secret=secret or "", seconds=seconds
            ),
            seconds=seconds,
        )
    else:
        # Before the time counts: to load Apprise takes a moment, the first time.
        plugin = addresses.plugin(url)
        if plugin is None:
            raise NotDelivered(Sentence("Apprise cannot read the channel's address any more."))
        # It may connect, and read, for so long each; the whole has the same end.
        plugin.socket_connect_timeout = plugin.socket_read_timeout = seconds
        guard.watched(lambda: _notify(plugin, message, url), seconds=seconds)


def _notify(plugin: Any, message: Message, url: str) -> None:
    from apprise import Apprise

    apprise = Apprise(asset=addresses.asset())
    apprise.add(plugin)
    with _overheard() as said:
        taken = apprise.notify(body=message.text, title=message.subject, body_format="text")
    if not taken:
        trouble = addresses.scrubbed(" ".join(said), url)[:_LONGEST_TROUBLE]
        sentence = Sentence("The receiver did not take it: %(trouble)s", trouble=trouble or "?")
        raise NotDelivered(sentence)


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What Apprise complains of meanwhile in this thread: it answers with yes or no alone."""
    said: list[str] = []
    mine = get_ident()

    class Ear(logging.Handler):
        """Keeps what is said here."""

        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == mine:
                said.append(record.getMessage())

    ear, logger = Ear(logging.WARNING), logging.getLogger("apprise")
    logger.addHandler(ear)
    try:
        yield said
    finally:
        logger.removeHandler(ear)
