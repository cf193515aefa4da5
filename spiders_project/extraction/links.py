"""The links of a page that a recipe follows."""

from collections.abc import Iterator
from typing import Any

from orchestrator.ledger.recipes import patterns
from orchestrator.ledger.recipes.links import FollowRule
from orchestrator.ledger.recipes.places import Place
from spiders_project.extraction.extracted import MOST_LINKS, Link
from spiders_project.extraction.pages import Page
from spiders_project.extraction.places import found

_ANYWHERE = Place(xpath="//a[@href] | //area[@href]")


def links(page: Page, rules: list[FollowRule], next_page: Place | None) -> list[Link]:
    """Each address once, the next page first: it may end up where a rule leads too."""
    urls: dict[str, Link] = {}
    if next_page is not None:
        for url in _addresses(page, next_page):
            urls.setdefault(url, Link(url, "next"))
    for rule in rules:
        for url in _followed(page, rule):
            urls.setdefault(url, Link(url, "follow"))
    urls.pop(page.url, None)
    return list(urls.values())[:MOST_LINKS]


def _followed(page: Page, rule: FollowRule) -> list[str]:
    pattern = patterns.compiled(rule.pattern) if rule.pattern else None
    place = _ANYWHERE if rule.css is None and rule.xpath is None else rule
    urls = dict.fromkeys(
        url for url in _addresses(page, place) if pattern is None or pattern.search(url)
    )
    return list(urls)[: rule.most]


def _addresses(page: Page, place: Place) -> Iterator[str]:
    for one in found(page.tree, place):
        address = _address(one)
        if address and not address.startswith("#") and (url := page.absolute(address)):
            yield url


def _address(one: Any) -> str | None:
    """Of a link, of what lies around one, or the text itself where an attribute was meant."""
    if isinstance(one, str):
        return one
    if not hasattr(one, "tag"):
        return None
    href = one.get("href")
    if href is None:
        inside = one.find(".//a[@href]")
        href = None if inside is None else inside.get("href")
    return href if href is None else str(href)
