"""Nothing of an alert goes to an address of somebody's own network, whoever connects.

Apprise and what it uses resolve names and connect by themselves. Python tells its audit hooks of
each connection just before it is made, with the address resolved, and a hook may refuse: so there
is nothing between the look and the step, no name that says something else the second time, and no
redirect around it. A hook cannot be taken back; ours counts in the threads of `watched` alone.
"""

import sys
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache
from threading import Thread
from typing import Any

from orchestrator import config, networks
from orchestrator.exceptions import NotDelivered, Sentence


class _Refused(ConnectionRefusedError):
    """Whoever connects takes it for a receiver that is not there."""


class _Watch:
    """What came of a call."""

    refused: Sentence | None = None
    #: Nobody waits for it any more.
    is_over = False
    answer: Any = None
    error: BaseException | None = None
    ended = False


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


def watched(call: Callable[[], Any], *, seconds: float) -> Any:
    """What the call gives, within that time. Raises NotDelivered, or what the call raises.

    A thread that takes longer is left to itself, since Python cannot end one; but it connects to
    nothing any more, or it would send what is being sent again.
    """
    _listen()
    watch = _Watch()
    thread = Thread(target=_run, args=(watch, call), name="alert", daemon=True)
    thread.start()
    thread.join(seconds)
    if watch.refused is not None:
        raise NotDelivered(watch.refused)
    if not watch.ended:
        watch.is_over = True
        raise NotDelivered(
            Sentence("The receiver did not answer within %(seconds)s s.", seconds=f"{seconds:g}")
        )
    if watch.error is not None:
        raise watch.error
    return watch.answer


def _run(watch: _Watch, call: Callable[[], Any]) -> None:
    _watch.set(watch)
    try:
        watch.answer = call()
    except BaseException as error:  # noqa: BLE001  # raised again by whoever waits
        watch.error = error
    watch.ended = True


@cache
def _listen() -> None:
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "socket.connect" or (watch := _watch.get()) is None:
        return
    if watch.is_over:
        raise _Refused
    if refusal := _refusal(arguments[1]):
        watch.refused = refusal
        raise _Refused(str(refusal))


def _refusal(address: Any) -> Sentence | None:
    host = address[0] if isinstance(address, tuple) else ""
    numbered = networks.numbered(host)
    kind = networks.refusal(numbered, config.get().allow_networks or ()) if numbered else "local"
    if kind is None:
        return None
    return Sentence(
        "%(address)s is a %(kind)s address, where nothing is sent unless KUMO_ALLOW_NETWORKS"
        " lists it.",
        address=host or "This",
        kind=kind,
    )
