"""The process that looks at a page for a draft: fetch, propose, preview, then exit.

It is told all that it needs and says its answers to its worker, which stores each as it comes: who
parses strangers' pages reads and writes no table (a fetch asks what its site bears, as a crawl
does). It reads with selectors from people, too, so it is killed when it takes too long.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NoReturn

import zstandard
from scrapy.http import Response

from orchestrator.ledger.errands import FURTHER_PAGES, DraftErrand, Errand, KeptPage
from orchestrator.ledger.items import clean_text, repaired
from spiders_project import errand, fetch, preview, proposals
from spiders_project.errand import Answers
from spiders_project.extraction import Page, Row, extract
from spiders_project.fetch import Fetched
from spiders_project.proposals import NothingToPropose, Obstacle, Proposal, feeds
from spiders_project.recipe_spider import host, leading_to
from spiders_project.secrets import Secrets

#: Of a page's headers, those that say how to read it.
_KEPT_HEADERS = ("content-type", "content-language", "last-modified", "etag")
#: As the spider of that name asks.
_JSON = {"Accept": "application/json"}
#: A page for which nothing is proposed, but which has something to read.
_READABLE = frozenset({Obstacle.NOTHING_FOUND, Obstacle.DRAWN_BY_SCRIPT})
_SITEMAP = re.compile(rb"<(?:\w+:)?urlset[\s>]")
_MOST_UNPACKED = fetch.MOST_BYTES + 1


def main(told: DraftErrand, pipe: "Connection[bytes, bytes]") -> NoReturn:
    """Does the errand; the exit status says whether it was done."""
    errand.run(_ERRANDS[told.errand], told, Answers(pipe))


def _look(told: DraftErrand, answers: Answers) -> None:
    """Fetches the page; of a sitemap also one that it lists, to see how those are read."""
    fetched = fetch.pages([told.url], 2, _example, _sent(told))
    if not fetched.pages:
        _fail(answers, fetched.trouble.reason, fetched.trouble.detail)
        return
    page = _kept(fetched.pages[0])
    _keep(answers, page)
    found, why_none = [], None
    try:
        found = _proposed(fetched)
    except NothingToPropose as why:
        if why.reason not in _READABLE:
            _fail(answers, why.reason, why.detail)
            return
        why_none = why.reason
    proposed = {"proposals": _secrets(told).hidden(found), "why_none": why_none}
    answers.say("proposals", proposed)
    if told.spider is not None:
        _show(told, answers, {0: page})


def _example(answer: Response) -> Sequence[str]:
    listed = feeds.an_example(_read(answer)) if _SITEMAP.search(answer.body[:4_096]) else None
    return [listed] if listed else []


def _proposed(fetched: Fetched) -> list[dict[str, Any]]:
    """What the page could give, as JSON with the first rows of each."""
    robots = "".join(f"Sitemap: {address}\n" for address in fetched.sitemaps)
    first, *others = fetched.pages
    example = _asked(others[0]) if others else None
    page = _asked(first, robots=robots, example=example)
    return [_told(proposal, example) for proposal in proposals.propose(page)]


def _told(proposal: Proposal, example: proposals.Page | None) -> dict[str, Any]:
    rows: Sequence[Row] = proposal.read
    if not rows and example is not None and proposal.spider == "sitemap":
        rows = extract(example.as_read(), proposal.spider, proposal.arguments).rows
    told: dict[str, Any] = repaired(proposal.as_json())
    return told | {"sample": preview.sample(rows)}


def _preview(told: DraftErrand, answers: Answers) -> None:
    _show(told, answers, told.pages)


def _further(told: DraftErrand, answers: Answers) -> None:
    """Fetches what the recipe leads to, and reads all of it anew."""
    first = _page(told.pages[0])

    def links(answer: Response) -> Sequence[str]:
        return _links(told, _read(answer))

    begins_elsewhere = [url for url in told.start_urls if url not in (first.url, told.url)]
    urls = begins_elsewhere or _links(told, first)
    fetched = fetch.pages(urls, FURTHER_PAGES, links, _sent(told)).pages if urls else []
    fresh = {place: _kept(answer) for place, answer in enumerate(fetched, 1)}
    for page in fresh.values():
        _keep(answers, page)
    _show(told, answers, {**told.pages, **fresh})


_ERRANDS: Mapping[Errand, Callable[[DraftErrand, Answers], None]] = {
    Errand.LOOK: _look,
    Errand.PREVIEW: _preview,
    Errand.FURTHER: _further,
}


def _show(told: DraftErrand, answers: Answers, pages: Mapping[int, KeptPage]) -> None:
    assert told.spider is not None
    secrets, previews = _secrets(told), []
    for place, kept in pages.items():
        read = preview.of(extract(_page(kept), told.spider, told.arguments))
        previews.append({"place": place, "preview": secrets.hidden(read)})
    answers.say("previews", {"previews": previews})


def _links(told: DraftErrand, page: Page) -> list[str]:
    """Pages of a list first: they show whether it goes on as it began.

    Those of other websites are left out, as a crawl leaves them.
    """
    assert told.spider is not None
    found = extract(page, told.spider, told.arguments).links
    found.sort(key=lambda link: link.kind != "next")
    own = tuple(map(host, (told.url, *told.start_urls)))
    return [link.url for link in found if leading_to(own, link.url, {})][:FURTHER_PAGES]


def _sent(told: DraftErrand) -> dict[str, str]:
    """The headers that the recipe names."""
    return {**_JSON, **_said(told)} if told.spider == "api" else {}


def _secrets(told: DraftErrand) -> Secrets:
    """What a site repeats of them is not shown."""
    return Secrets([told.url, *told.start_urls], _said(told))


def _said(told: DraftErrand) -> dict[str, str]:
    return dict(told.arguments.get("headers") or {})


def _fail(answers: Answers, reason: str, detail: str) -> None:
    answers.say("nothing", {"reason": reason, "detail": clean_text(detail)})


def _keep(answers: Answers, page: KeptPage) -> None:
    said = {"url": page.url, "status": page.status, "headers": page.headers}
    answers.say("page", said, page.body)


def _headers(answer: Response) -> dict[str, str]:
    kept = {name: answer.headers.get(name) for name in _KEPT_HEADERS}
    return {name: value.decode("latin-1") for name, value in kept.items() if value}


def _kept(answer: Response) -> KeptPage:
    headers = {name: clean_text(value) for name, value in _headers(answer).items()}
    body = zstandard.compress(answer.body)
    return KeptPage(answer.url, answer.status, headers, body)


def _read(answer: Response) -> Page:
    return Page(answer.url, answer.body, _headers(answer))


def _asked(answer: Response, **more: Any) -> proposals.Page:
    return proposals.Page(answer.url, answer.body, answer.status, _headers(answer), **more)


def _page(kept: KeptPage) -> Page:
    body = zstandard.ZstdDecompressor().decompress(kept.body, max_output_size=_MOST_UNPACKED)
    return Page(kept.url, body, kept.headers)
