"""The first proposal for a page of each kind reads the rows and columns that somebody wants."""

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from spiders_project import extraction
from spiders_project.extraction import extract
from spiders_project.proposals import Page, Proposal, feeds, propose
from tests.page_kinds import PageKind, kinds
from tests.page_kinds.site import running


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with running() as address:
        yield address


def fetched(url: str) -> Page:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=10) as answer:
        return Page(answer.url, answer.read(), answer.status, dict(answer.headers))


def with_example(page: Page) -> Page:
    """Of a sitemap one of its pages besides, as the builder fetches it."""
    address = feeds.an_example(page.as_read())
    return replace(page, example=fetched(address)) if address else page


def crawled(proposal: Proposal, most_pages: int) -> list[dict[str, Any]]:
    """What the proposed recipe gives, page after page."""
    rows: list[dict[str, Any]] = []
    waiting, seen = [proposal.start_url], set()
    while waiting and len(seen) < most_pages:
        seen.add(url := waiting.pop(0))
        page = fetched(url)
        read = extraction.Page(page.url, page.body, page.headers)
        extracted = extract(read, proposal.spider, proposal.arguments)
        rows += extracted.rows
        waiting += [link.url for link in extracted.links if link.url not in {*seen, *waiting}]
    return rows


def columns_with(values: list[Any], rows: list[dict[str, Any]]) -> list[str]:
    """The names under which the rows hold these values."""
    names = {name for row in rows for name in row}
    return [name for name in names if [row.get(name) for row in rows] == values]


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_the_first_proposal_has_the_wanted_rows_and_columns(kind: PageKind, site: str) -> None:
    first = propose(with_example(fetched(f"{site}/{kind.name}/{kind.start}")))[0]
    rows = crawled(first, kind.most_pages)
    assert len(rows) == len(kind.rows)
    for name in kind.rows[0]:
        wanted = [row[name] for row in kind.rows]
        wanted = [v.replace("{site}", site) if isinstance(v, str) else v for v in wanted]
        assert columns_with(wanted, rows), (name, wanted, rows)


def test_there_are_twelve_kinds() -> None:
    assert len(kinds()) == 12
