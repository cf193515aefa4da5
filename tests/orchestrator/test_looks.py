"""How a look at a page ends, by real processes that read a real site."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from typing import Any
from uuid import UUID

import psutil
import pytest

from orchestrator import config, launcher, looks
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Recipe
from orchestrator.ledger.errands import Errand
from orchestrator.ledger.models import DraftPage, TargetDraft
from tests import awaiting
from tests.orchestrator.ledger import given
from tests.scenes import database, redis_url  # noqa: F401  # for the whole module

ITEMS = "".join(
    f'<li class="product"><h2><a href="/product/{{page}}-{n}">Stool {{page}}-{n}</a></h2>'
    f'<span class="price">¥{n},200</span></li>'
    for n in range(1, 13)
)
LIST = (
    "<html><head><title>Stools</title></head><body><h1>Stools</h1>"
    '<ul class="products">{items}</ul><a rel="next" href="/list?page={next}">Next</a></body></html>'
)
RECIPE: dict[str, Any] = {
    "items": {"css": "li.product"},
    "fields": [
        {"name": "name", "css": "h2"},
        {"name": "price", "css": ".price", "clean": ["price"]},
        {"name": "rating", "css": ".rating"},
    ],
    "next_page": {"css": "a[rel=next]"},
}
#: Each element looks at all that stand before it, and each of those again.
SLOW = {
    "items": {"xpath": "//p[count(preceding-sibling::p[count(preceding-sibling::p) > 1]) > 1]"},
    "fields": [{"name": "text", "xpath": "."}],
}


class Site(BaseHTTPRequestHandler):
    """Pages that are what their path says."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        number = int(query.removeprefix("page=") or 1)
        status, kind, body = 200, "text/html; charset=utf-8", ""
        match path:
            case "/robots.txt":
                kind, body = "text/plain", "User-agent: *\nDisallow: /private\n"
            case "/list":
                items = ITEMS.format(page=number)
                body = LIST.format(items=items, next=number + 1)
            case "/long":
                body = "<html><body>" + "<p>a" * 6_000
            case "/large":
                body = "<p>" + "x" * 6_000_000
            case "/picture":
                kind, body = "image/png", "\x89PNG"
            case "/words":
                body = f"<html><body><p>{'words ' * 100}</p></body></html>"
            case _:
                status, body = 404, "<p>gone</p>"
        answer = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        pass


@contextmanager
def _serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def site(database: str, redis_url: str) -> Iterator[str]:  # noqa: F811
    """The address of a site, and a forkserver that may read it."""
    with pytest.MonkeyPatch.context() as patch, _serving() as url:
        patch.setenv("KUMO_ALLOW_NETWORKS", "127.0.0.0/8")
        config.get.cache_clear()
        _stop_forkserver()
        yield url
        _stop_forkserver()
    config.get.cache_clear()


def _stop_forkserver() -> None:
    from multiprocessing import forkserver

    forkserver._forkserver._stop()  # type: ignore[attr-defined]


def asked(url: str) -> UUID:
    return given.do(drafts.begin, url, who="hanako").id


def draft(draft_id: UUID) -> TargetDraft:
    return given.do(drafts.find, draft_id)


def pages(draft_id: UUID) -> list[DraftPage]:
    return list(given.do(drafts.pages, draft_id))


def ready(url: str) -> UUID:
    """A draft of that page whose look is over."""
    draft_id = asked(url)
    looks.serve(draft_id)
    return draft_id


def edited(draft_id: UUID, arguments: dict[str, Any]) -> None:
    given.do(drafts.edit, draft_id, Recipe("selector", arguments), is_whole=True)


def test_a_page_is_fetched_once_and_its_best_proposal_reads_its_list(site: str) -> None:
    draft_id = asked(f"{site}/list")
    assert looks.serve(draft_id) == "look"
    assert looks.serve(draft_id) == "nothing to do"
    found = draft(draft_id)
    assert (found.status, found.reason) == ("ready", None)
    best = found.proposals[0]
    assert (best["spider"], best["rows"]) == ("selector", 12)
    assert "Stool 1-1" in str(best["sample"])
    [page] = pages(draft_id)
    assert (page.url, page.status, page.preview) == (f"{site}/list", 200, None)


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        ("/nowhere", "error_status", "404"),
        ("/private", "robots", ""),
        ("/large", "too_large", None),
        ("/picture", "not_html", "image/png"),
    ],
)
def test_a_page_that_gives_nothing_says_why(
    site: str, path: str, reason: str, detail: str | None
) -> None:
    found = draft(ready(f"{site}{path}"))
    assert (found.status, found.reason) == ("failed", reason)
    assert detail in (found.detail, None)


def test_a_page_for_which_nothing_is_proposed_can_be_read_all_the_same(site: str) -> None:
    draft_id = ready(f"{site}/words")
    found = draft(draft_id)
    assert (found.status, found.reason, found.proposals) == ("ready", "nothing", [])
    edited(draft_id, {"fields": [{"name": "text", "css": "p"}]})
    assert looks.serve(draft_id) == "preview"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "not_answering"),
        ("http://nowhere.invalid/", "no_such_host"),
        ("http://10.1.2.3/", "refused_address"),
        ("http://[::1]/", "refused_address"),
        ("http://169.254.169.254/latest/", "refused_address"),
    ],
)
def test_an_address_that_cannot_or_may_not_be_reached_says_why(
    site: str, url: str, reason: str
) -> None:
    assert draft(ready(url)).reason == reason


def test_an_edited_recipe_is_read_from_the_page_that_was_kept(site: str) -> None:
    draft_id = ready(f"{site}/list")
    edited(draft_id, RECIPE)
    assert looks.serve(draft_id) == "preview"
    [page] = pages(draft_id)
    assert page.preview
    assert page.preview["count"] == 12
    assert page.preview["columns"][2] == {"name": "rating", "filled": 0}
    assert [cell["text"] for cell in page.preview["rows"][0]] == ["Stool 1-1", "1200.0", ""]
    assert page.preview["rows"][0][2]["state"] == "empty"
    assert page.preview["next"] == f"{site}/list?page=2"
    assert draft(draft_id).previewed == 1


def test_a_recipe_is_tried_on_three_more_pages(site: str) -> None:
    draft_id = ready(f"{site}/list")
    edited(draft_id, RECIPE)
    given.do(drafts.ask_for_further, draft_id)
    assert looks.serve(draft_id) == "further"
    found = pages(draft_id)
    assert [page.url for page in found[1:]] == [f"{site}/list?page={n}" for n in (2, 3, 4)]
    assert [page.preview["count"] for page in found if page.preview] == [12] * 4
    assert draft(draft_id).further == "tried"
    # A later edit is read from all of them, and asks the site for nothing.
    edited(draft_id, RECIPE | {"fields": RECIPE["fields"][:1]})
    assert looks.serve(draft_id) == "preview"
    assert [len(page.preview["columns"]) for page in pages(draft_id) if page.preview] == [1] * 4


def test_a_recipe_that_reads_for_ever_is_stopped_within_its_time(site: str) -> None:
    draft_id = ready(f"{site}/long")
    edited(draft_id, SLOW)
    began = monotonic()
    assert looks.serve(draft_id) == "too_slow"
    # Its 5 s, and what it takes to start and end a process on a busy machine.
    assert monotonic() - began < 10
    found = draft(draft_id)
    assert (found.preview_fault, found.previewed) == ("too_slow", 1)
    assert not _readers()


def test_a_site_that_keeps_silent_ends_the_look(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(looks._SECONDS, Errand.LOOK, 1.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        draft_id = asked(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        assert looks.serve(draft_id) == "slow_site"
    assert draft(draft_id).reason == "slow_site"


def test_a_process_that_dies_leaves_a_word(site: str) -> None:
    draft_id = ready(f"{site}/long")
    edited(draft_id, SLOW)
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(looks.serve, draft_id)
        awaiting.until(_readers, "a process that reads")[0].kill()
        assert serving.result(timeout=20) == "broken"
    assert draft(draft_id).preview_fault == "broken"


def test_a_worker_that_stops_does_not_wait_for_a_look(site: str) -> None:
    draft_id = ready(f"{site}/long")
    edited(draft_id, SLOW)
    launcher.stopping.set()
    try:
        assert looks.serve(draft_id) == "stopped"
    finally:
        launcher.stopping.clear()


def _readers() -> list[psutil.Process]:
    children = psutil.Process().children()
    servers = [child for child in children if "forkserver" in " ".join(child.cmdline())]
    return [reader for server in servers for reader in server.children()]
