"""`propose`: what one fetched page could give, best first."""

import re
from collections.abc import Iterator
from typing import Any

from spiders_project import extraction
from spiders_project.proposals import (
    apis,
    described,
    feeds,
    lists,
    paging,
    table_rows,
    tables,
    terms,
)
from spiders_project.proposals.obstacles import (
    NothingToPropose,
    Obstacle,
    asks_to_sign_in,
    in_the_way,
    refuse_answer,
)
from spiders_project.proposals.outline import Outline
from spiders_project.proposals.pages import Page
from spiders_project.proposals.proposal import Proposal
from spiders_project.proposals.selectors import Place

_MOST = 8
_MOST_TRIED = 8
#: One that scores less tells nothing that somebody would want.
_LEAST = 2.0
#: What surrounds a form to sign in scores less than this; a shop that has one in a corner, more.
_CLEAR = 8.0
_MARKUP = re.compile(
    r"<(?:!doctype\s+html|html|head|body|div|table|p|ul|ol|dl|title|meta|a|h[1-6]|span|main"
    r"|section|article)\b",
    re.IGNORECASE,
)
_FEED = re.compile(r"<(?:\w+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_SITEMAP = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
#: Of a page's recipe, what is not for the pages of a sitemap.
_LEADING_ON = frozenset(("next_page", "follow", "most_pages"))
_PACKED = b"\x1f\x8b"


def propose(asked: Page) -> list[Proposal]:
    """The ways to make a target of a page, best first. Raises NothingToPropose."""
    page = asked.as_read()
    refuse_answer(page, asked.status)
    beginning = page.body[:4_096].decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if page.body.startswith(_PACKED) or _SITEMAP.search(beginning) or _is_robots(page):
        found = feeds.sitemap(page, _how(asked.example))
    elif _FEED.search(beginning) and "<html" not in beginning.lower():
        found = feeds.feed(page)
    elif beginning.startswith(("{", "[")):
        found = apis.apis(page)
    elif _MARKUP.search(beginning) or "html" in page.content_type.lower():
        found = _of_html(page, asked.robots)
    else:
        raise NothingToPropose(Obstacle.NOT_A_PAGE, _type(page))
    if not found:
        raise NothingToPropose(Obstacle.NOTHING_FOUND)
    return found[:_MOST]


def _of_html(page: extraction.Page, robots: str) -> list[Proposal]:
    outline = Outline(page.tree)
    following = paging.next_page(page, outline)
    found = [*_by_selectors(page, outline, following), *described.described(page, following)]
    found.sort(key=lambda proposal: -proposal.score)
    best = max((proposal.score for proposal in found), default=0.0)
    if best < _LEAST or (best < _CLEAR and asks_to_sign_in(outline)):
        raise in_the_way(page, outline)
    return [*found, *feeds.named(page, outline, robots)]


def _by_selectors(
    page: extraction.Page, outline: Outline, following: Place | None
) -> Iterator[Proposal]:
    found = tables.tables(outline.nodes)
    sketches = [
        *lists.sketches(outline, {table.node for table in found}),
        *table_rows.sketches(outline, found),
        *terms.sketches(outline),
    ]
    best = sorted(sketches, key=lambda sketch: -sketch.score)[:_MOST_TRIED]
    for sketch in best:
        if sketch.score >= _LEAST and (proposal := sketch.tried(page, following)):
            yield proposal


def _how(example: Page | None) -> dict[str, Any] | None:
    """How pages like the example are read; None where that is not clear."""
    if example is None:
        return None
    try:
        found = propose(example)
    except NothingToPropose:
        return None
    for proposal in found:
        of_one = proposal.rows == 1 or "items" not in proposal.arguments
        if proposal.spider in ("structured", "selector") and of_one:
            kept = {key: each for key, each in proposal.arguments.items() if key not in _LEADING_ON}
            return {proposal.spider: kept}
    return None


def _is_robots(page: extraction.Page) -> bool:
    return page.url.split("?")[0].endswith("/robots.txt")


def _type(page: extraction.Page) -> str:
    return page.content_type.partition(";")[0].strip().lower() or "application/octet-stream"
