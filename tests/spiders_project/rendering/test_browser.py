"""What strangers' scripts do in the browser, and what of it reaches anybody."""

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import scraping
from tests.spiders_project.rendering import hostile_pages
from tests.spiders_project.rendering.hostile_pages import ELSEWHERE, HOLDING, HOST, HostileSite

_PATHS = (
    "/ways-out", "/script", "/redirected-in", "/redirected-on", "/led-in", "/led-on",
    "/led-within", "/led-to-a-file", "/frames", "/opens-pages", "/is-large", "/data.json", "/saved",
)  # fmt: skip
#: Pages that would hold up their own site's, so they are on another one; and for how long they may.
_HOLDING = {"/spins": 4, "/spins-later": 4, "/asks-people": 4, "/breaks": 10}
#: What goes with one request, and with no other.
_OWN = {"headers": {"Authorization": "Bearer secretword"}, "cookies": {"basket": "7"}}
_SETTINGS = {
    "KUMO_RENDER": 1,
    "CONCURRENT_REQUESTS": 4,
    "DOWNLOAD_TIMEOUT": 40,
    "DOWNLOAD_MAXSIZE": 2_000_000,
}


@pytest.fixture(scope="module")
def site() -> Iterator[HostileSite]:
    with hostile_pages.opened() as site:
        yield site


@pytest.fixture(scope="module")
def crawl(site: HostileSite) -> "subprocess.Popen[str]":
    asked = [{"url": site.url(path)} | (_OWN if path == "/frames" else {}) for path in _PATHS]
    asked += [
        {"url": site.url(path, HOLDING), "meta": {"download_timeout": seconds}}
        for path, seconds in _HOLDING.items()
    ]
    settings = [word for name, value in _SETTINGS.items() for word in ("-s", f"{name}={value}")]
    return scraping.scrapy(
        *("crawl", "rendered", "-a", f"asked={json.dumps(asked)}"),
        *("-O", "-:jsonlines", *settings),
        KUMO_SPIDER_MODULES="tests.projects.pages_are_rendered.spiders",
        KUMO_ALLOW_NETWORKS=hostile_pages.NETWORK,
    )


@pytest.fixture(scope="module")
def crawled(crawl: "subprocess.Popen[str]") -> int:
    return crawl.pid


@pytest.fixture(scope="module")
def found(crawl: "subprocess.Popen[str]") -> dict[str, dict[str, Any]]:
    """What a crawl was given of each page, by its path."""
    _, said, logged = scraping.ended(crawl, seconds=100)
    items = {item["path"]: item for item in scraping.items_of(said)}
    assert items.keys() == {*_PATHS, *_HOLDING}, logged[-5_000:]
    return items


def test_no_way_out_of_the_browser_reaches_an_address_that_is_not_allowed(
    found: dict[str, dict[str, Any]], site: HostileSite
) -> None:
    assert "<li>all</li>" in found["/ways-out"]["text"], found["/ways-out"]
    assert not site.lured
    # It has tried: what its scripts asked of their own site has come.
    assert {f"{HOST}/lure/{way}" for way in ("fetch", "script", "frame")} <= site.heard.keys()
    assert f"{HOST}/lure/image" not in site.heard


def test_a_page_is_read_once_its_scripts_have_run(found: dict[str, dict[str, Any]]) -> None:
    page = found["/script"]
    assert (page["status"], page["rendered"]) == (200, True)
    assert '<p id="a">written</p>' in page["text"]


def test_a_redirection_is_scrapys_to_follow_and_is_refused_where_it_leads_inside(
    found: dict[str, dict[str, Any]], site: HostileSite
) -> None:
    assert "127.0.0.1 (loopback)" in found["/redirected-in"]["failed"]
    assert "KUMO_ALLOW_NETWORKS" in found["/redirected-in"]["failed"]
    page = found["/redirected-on"]
    assert (page["url"], page["rendered"]) == (site.url("/script", ELSEWHERE), True)
    assert f"{ELSEWHERE}/robots.txt" in site.heard


def test_scripts_lead_a_page_on_within_its_site_only(
    found: dict[str, dict[str, Any]], site: HostileSite
) -> None:
    for path in ("/led-in", "/led-on", "/led-to-a-file", "/opens-pages"):
        assert (found[path]["url"], found[path]["status"]) == (site.url(path), 200)
    assert found["/led-within"]["url"] == site.url("/script")


def test_headers_and_cookies_of_a_request_go_to_its_own_document(
    found: dict[str, dict[str, Any]], site: HostileSite
) -> None:
    assert found["/frames"]["rendered"]
    (asked,) = site.heard[f"{HOST}/frames"]
    assert asked["Authorization"] == "Bearer secretword"
    assert "basket=7" in asked["Cookie"]
    assert asked["User-Agent"] == "Kumo/0.1"
    elsewhere = [
        each for path, all_ in site.heard.items() if path != f"{HOST}/frames" for each in all_
    ]
    assert not any("Authorization" in headers for headers in elsewhere)
    frame = site.heard[f"{ELSEWHERE}/script"]
    assert not any("basket" in headers.get("Cookie", "") for headers in frame)


def test_what_is_no_html_is_fetched_as_it_is(found: dict[str, dict[str, Any]]) -> None:
    for path, text in {"/data.json": '{"price": 3}', "/saved": "saved"}.items():
        assert (found[path]["text"], found[path]["rendered"]) == (text, False)


def test_a_page_that_holds_the_browser_up_is_given_up_in_its_time(
    found: dict[str, dict[str, Any]],
) -> None:
    for path in ("/spins", "/spins-later", "/asks-people"):
        assert "not rendered within 4 seconds" in found[path]["failed"]
    # A busy machine may be slower to fill its memory than it has time.
    assert re.search("Page crashed|not rendered within", found["/breaks"]["failed"])
    assert "larger than DOWNLOAD_MAXSIZE (2,000,000 bytes)" in found["/is-large"]["failed"]


def test_nothing_of_the_browser_is_left(found: dict[str, dict[str, Any]], crawled: int) -> None:
    assert found
    assert not list(Path(tempfile.gettempdir()).glob(f"kumo-browser-{crawled}-*"))
    assert not _browsers_of(crawled)


def _browsers_of(pid: int) -> list[psutil.Process]:
    mark = f"kumo-browser-{pid}-"
    return [
        each
        for each in psutil.process_iter(["cmdline"])
        if mark in " ".join(each.info["cmdline"] or ())
    ]
