"""The process that looks at a page for a draft: fetch, propose, preview, then exit.

It writes its answers itself; whoever started it only learns that it ended. It reads with selectors
from people and parses pages from strangers, so it is killed when it takes too long.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn
from uuid import UUID

import zstandard
from scrapy.http import Response

from orchestrator import database
from orchestrator.ledger import drafts
from orchestrator.ledger.drafts import Errand, KeptPage
from orchestrator.ledger.items import clean_text, repaired
from orchestrator.ledger.models import DraftPage, TargetDraft
from spiders_project import errand as errands
from spiders_project import fetch, preview, proposals
from spiders_project.extraction import Page, Row, extract
from spiders_project.fetch import Fetched
from spiders_project.proposals import NothingToPropose, Obstacle, Proposal, feeds
from spiders_project.recipe_spider import host, leading_to
from spiders_project.secrets import Secrets

#: What "try on three more pages" means.
FURTHER_PAGES = 3
#: Of a page's headers, those that say how to read it.
_KEPT_HEADERS = ("content-type", "content-language", "last-modified", "etag")
#: As the spider of that name asks.
_JSON = {"Accept": "application/json"}
#: A page for which nothing is proposed, but which has something to read.
_READABLE = frozenset({Obstacle.NOTHING_FOUND, Obstacle.DRAWN_BY_SCRIPT})
_SITEMAP = re.compile(rb"<(?:\w+:)?urlset[\s>]")
_MOST_UNPACKED = fetch.MOST_BYTES + 1


def main(draft_id: UUID, errand: str, revision: int) -> NoReturn:
    """Does the errand; the exit status says whether it was done."""
    errands.run(_ERRANDS[Errand(errand)], draft_id, revision)


def _look(draft_id: UUID, revision: int) -> None:
    """Fetches the page; of a sitemap also one that it lists, to see how those are read."""
    draft = _draft(draft_id)
    fetched = fetch.pages([draft.url], 2, _example, _sent(draft))
    if not fetched.pages:
        _fail(draft_id, fetched.trouble.reason, fetched.trouble.detail)
        return
    with database.transaction() as session:
        drafts.keep_page(session, draft_id, 0, _kept(fetched.pages[0]))
    found, why_none = [], None
    try:
        found = _proposed(fetched)
    except NothingToPropose as why:
        if why.reason not in _READABLE:
            _fail(draft_id, why.reason, why.detail)
            return
        why_none = why.reason
    with database.transaction() as session:
        drafts.propose(session, draft_id, _secrets(draft).hidden(found), why_none)
    if draft.spider is not None:
        _preview(draft_id, revision)


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


def _preview(draft_id: UUID, revision: int) -> None:
    draft = _draft(draft_id)
    with database.transaction() as session:
        pages = drafts.bodies(session, draft_id)
    _show(draft, revision, {page.place: _page(page) for page in pages})


def _further(draft_id: UUID, revision: int) -> None:
    """Fetches what the recipe leads to, and reads all of it anew."""
    draft = _draft(draft_id)
    with database.transaction() as session:
        first = _page(drafts.bodies(session, draft_id)[0])

    def links(answer: Response) -> Sequence[str]:
        return _links(draft, _read(answer))

    begins_elsewhere = [url for url in draft.start_urls if url not in (first.url, draft.url)]
    urls = begins_elsewhere or _links(draft, first)
    answers = fetch.pages(urls, FURTHER_PAGES, links, _sent(draft)).pages if urls else []
    with database.transaction() as session:
        for place, answer in enumerate(answers, 1):
            drafts.keep_page(session, draft_id, place, _kept(answer))
    _preview(draft_id, revision)
    with database.transaction() as session:
        drafts.end_further(session, draft_id)


_ERRANDS: Mapping[Errand, Callable[[UUID, int], None]] = {
    Errand.LOOK: _look,
    Errand.PREVIEW: _preview,
    Errand.FURTHER: _further,
}


def _show(draft: TargetDraft, revision: int, pages: Mapping[int, Page]) -> None:
    assert draft.spider is not None
    secrets = _secrets(draft)
    previews = {
        place: secrets.hidden(preview.of(extract(page, draft.spider, draft.arguments)))
        for place, page in pages.items()
    }
    with database.transaction() as session:
        drafts.show(session, draft.id, revision, previews)


def _links(draft: TargetDraft, page: Page) -> list[str]:
    """Pages of a list first: they show whether it goes on as it began.

    Those of other websites are left out, as a crawl leaves them.
    """
    assert draft.spider is not None
    found = extract(page, draft.spider, draft.arguments).links
    found.sort(key=lambda link: link.kind != "next")
    own = tuple(map(host, (draft.url, *draft.start_urls)))
    return [link.url for link in found if leading_to(own, link.url, {})][:FURTHER_PAGES]


def _sent(draft: TargetDraft) -> dict[str, str]:
    """The headers that the recipe names."""
    return {**_JSON, **_said(draft)} if draft.spider == "api" else {}


def _secrets(draft: TargetDraft) -> Secrets:
    """What a site repeats of them is not shown."""
    return Secrets([draft.url, *draft.start_urls], _said(draft))


def _said(draft: TargetDraft) -> dict[str, str]:
    return dict(draft.arguments.get("headers") or {})


def _draft(draft_id: UUID) -> TargetDraft:
    with database.transaction() as session:
        return drafts.find(session, draft_id)


def _fail(draft_id: UUID, reason: str, detail: str) -> None:
    with database.transaction() as session:
        drafts.fail(session, draft_id, reason, clean_text(detail))


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


def _page(kept: DraftPage) -> Page:
    body = zstandard.ZstdDecompressor().decompress(kept.body, max_output_size=_MOST_UNPACKED)
    return Page(kept.url, body, kept.headers)
