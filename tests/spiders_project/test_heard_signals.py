"""Signals reach whoever asked for them, in each way in which one can ask."""

from collections.abc import Callable
from typing import Any

import pytest
from pydispatch import dispatcher
from scrapy import signals
from scrapy.signalmanager import SignalManager
from twisted.python.failure import Failure

from spiders_project.heard_signals import HeardSignals


class Crawl:
    """Who sends."""


def _hears(connect: Callable[[Any, SignalManager, Crawl], None]) -> list[str]:
    heard: list[str] = []

    def receiver(url: str) -> None:
        heard.append(url)

    crawl = Crawl()
    manager = HeardSignals(crawl)
    connect(receiver, manager, crawl)
    manager.send_catch_log(signal=signals.response_received, url="a")
    manager.send_catch_log(signals.response_received, url="b", sender=crawl)
    manager.send_catch_log(signals.item_dropped, url="c", sender="somebody")
    return heard


def _all(receiver: Any, manager: SignalManager, crawl: Crawl) -> None:
    dispatcher.connect(receiver, dispatcher.Any, dispatcher.Any)


@pytest.mark.parametrize(
    ("connect", "heard"),
    [
        (lambda heard, manager, _: manager.connect(heard, signals.response_received), "ab"),
        (lambda heard, _, crawl: dispatcher.connect(heard, signals.response_received, crawl), "ab"),
        (lambda heard, _, crawl: dispatcher.connect(heard, signals.response_received), "ab"),
        (lambda heard, _, crawl: dispatcher.connect(heard, dispatcher.Any, crawl), "ab"),
        (_all, "abc"),
        (lambda heard, manager, _: manager.connect(heard, signals.item_dropped), ""),
        (lambda heard, _, crawl: None, ""),
    ],
)
def test_a_signal_reaches_whoever_asked_for_it(connect: Any, heard: str) -> None:
    assert "".join(_hears(connect)) == heard


def test_who_was_disconnected_hears_no_more() -> None:
    heard: list[int] = []
    manager = HeardSignals(Crawl())

    def receiver() -> None:
        heard.append(1)

    manager.connect(receiver, signals.headers_received)
    manager.send_catch_log(signals.headers_received)
    manager.disconnect(receiver, signals.headers_received)
    assert manager.send_catch_log(signals.headers_received) == []
    assert heard == [1]


def test_an_error_of_a_receiver_is_told_as_scrapy_tells_it() -> None:
    manager = HeardSignals(Crawl())

    def receiver() -> None:
        raise ValueError("no")

    manager.connect(receiver, signals.headers_received)
    ((who, answer),) = manager.send_catch_log(signals.headers_received)
    assert who is receiver
    assert isinstance(answer, Failure)
    assert answer.check(ValueError)
