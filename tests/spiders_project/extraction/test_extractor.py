"""The process that reads pages: it answers, it is stopped, it leaves nothing behind."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import psutil
import pytest
from pydantic import ValidationError

from orchestrator.ledger import recipes
from spiders_project.extraction import Page, nursery
from spiders_project.extraction.extractor import Extractor, PageUnreadable
from tests.awaiting import until
from tests.spiders_project.extraction.bombs import BOMBS, DEEP_AND_WIDE, ROWS, Bomb

GOOD = Page("http://shop.test/", b"<p>good</p>")
FIELDS = {"fields": [{"name": "x", "css": "p"}]}
#: Quick on a small page; minutes on a hundred thousand rows.
SLOW = {"items": {"css": "li:nth-child(2n+1)"}, **FIELDS}


@pytest.fixture(scope="module", autouse=True)
def _nursery_ends() -> Iterator[None]:
    yield
    if nursery._nursery is not None:
        os.kill(nursery._nursery.pid, signal.SIGKILL)
        os.waitpid(nursery._nursery.pid, 0)
        nursery._nursery.close()
        nursery._nursery = None


def asked(extractor: Extractor, *pages: Page) -> list[Any]:
    """What it says of each page, asked one after the other: rows, or why there are none."""

    async def ask() -> list[Any]:
        with closing(extractor):
            return [await _said(extractor.extract, page) for page in pages]

    return asyncio.run(ask())


async def _said(extract: Callable[[Page], Awaitable[Any]], page: Page) -> Any:
    try:
        return (await extract(page)).rows
    except PageUnreadable as error:
        return str(error)


def servers() -> list[psutil.Process]:
    assert nursery._nursery is not None
    return psutil.Process(nursery._nursery.pid).children()


def test_pages_are_read_one_after_the_other_by_one_process() -> None:
    assert asked(Extractor("selector", FIELDS), GOOD, GOOD) == [
        [{"url": GOOD.url, "x": "good"}],
        [{"url": GOOD.url, "x": "good"}],
    ]
    until(lambda: not servers(), "the process gone with its extractor")


def test_a_page_that_takes_too_long_is_stopped_and_the_next_one_is_read() -> None:
    extractor = Extractor("selector", SLOW, seconds=1)
    slow, good = asked(extractor, Page("http://shop.test/", ROWS()), GOOD)
    assert slow == "Reading it took longer than 1 s and was stopped."
    assert good == []


def test_a_page_that_takes_too_much_memory_is_given_up_alone() -> None:
    everything = {"fields": [{"name": "x", "css": "*", "take": "all"}]}
    page = Page("http://shop.test/", b"<div>" * 200 + b"<p>" + b"x" * 8_000_000)
    large, good = asked(Extractor("selector", everything, seconds=20), page, GOOD)
    assert isinstance(large, str)
    assert "more memory" in large or "for want of memory" in large or "32 MB" in large
    assert good


def test_what_json_cannot_hold_is_repaired_as_items_are() -> None:
    page = Page(
        "http://shop.test/",
        b'<script type="application/ld+json">{"a": 1, "n": 1%s}</script>' % (b"0" * 30),
    )
    ((row,),) = asked(Extractor("structured", {}), page)
    assert row == {"url": page.url, "a": 1, "n": "1" + "0" * 30}


def test_a_nursery_that_is_gone_is_replaced() -> None:
    first = nursery.begin()
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert asked(Extractor("selector", FIELDS), GOOD) == [[{"url": GOOD.url, "x": "good"}]]
    assert nursery.begin() is not first


def test_the_processes_end_with_the_one_that_had_them_even_in_mid_page() -> None:
    read, write = os.pipe()
    if (crawler := os.fork()) == 0:
        _crawl_for_ever(write)
    nursery_pid, server_pid = map(int, os.read(read, 100).split())
    os.kill(crawler, signal.SIGKILL)
    os.waitpid(crawler, 0)
    os.close(read)
    os.close(write)
    until(lambda: not _alive(nursery_pid) and not _alive(server_pid), "both gone")


def _crawl_for_ever(write: int) -> None:
    try:
        nursery._nursery = None
        extractor = Extractor("selector", SLOW, seconds=60)

        async def crawl() -> None:
            reading = asyncio.ensure_future(extractor.extract(Page(GOOD.url, ROWS())))
            while extractor._server is None:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            os.write(write, f"{nursery.begin().pid} {extractor._server.pid}".encode())
            await reading

        asyncio.run(crawl())
    finally:
        os._exit(1)


def _alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_process_that_comes_too_late_does_not_stay() -> None:
    asked(Extractor("selector", FIELDS), GOOD)
    until(lambda: not servers(), "that of this crawl is gone")
    begun = nursery.begin()
    os.kill(begun.pid, signal.SIGSTOP)
    try:
        (said,) = asked(Extractor("selector", FIELDS, seconds=0.2), GOOD)
    finally:
        os.kill(begun.pid, signal.SIGCONT)
    assert said.startswith("Reading it took longer than 0.2 s")
    # The next one is asked for after it.
    assert asked(Extractor("selector", FIELDS), GOOD) == [[{"url": GOOD.url, "x": "good"}]]
    until(lambda: not servers(), "nothing stays")


def test_there_are_enough_bombs() -> None:
    assert len(BOMBS) >= 45
    assert DEEP_AND_WIDE()


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda bomb: bomb.name)
def test_a_bomb_is_refused_or_stopped_or_harmless(bomb: Bomb) -> None:
    """Whatever it is, the page after it is read."""
    try:
        recipes.read(bomb.spider, bomb.arguments)
    except ValidationError:
        return
    extractor = Extractor(bomb.spider, bomb.arguments, seconds=0.7)
    said, _ = asked(extractor, Page("http://shop.test/", bomb.page()), GOOD)
    assert isinstance(said, (str, list))
    if isinstance(said, str):
        assert said.startswith(("Reading it took longer", "It could not be read", "The process"))
