"""Small pages of many manners, as proposals meet them."""

from collections.abc import Sequence
from typing import Any

from spiders_project.proposals import Page, Proposal, propose

URL = "https://x.test/list"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def page(body: str, url: str = URL, **told: Any) -> Page:
    return Page(url, body.encode(), **{"headers": HTML, **told})


def first(body: str, url: str = URL, **told: Any) -> Proposal:
    """The best proposal for a page."""
    return propose(page(body, url, **told))[0]


def rows(proposal: Proposal, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in proposal.read]


def each(markup: str, entries: Sequence[Sequence[Any]]) -> str:
    """The markup once for each entry."""
    return "\n".join(markup.format(*entry) for entry in entries)
