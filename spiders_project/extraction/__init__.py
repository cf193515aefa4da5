"""From a page and a recipe to rows: what the spiders without code do, as one pure function.

Nothing here fetches anything or knows Scrapy. A page may be built to take for ever, so a crawl
calls it in a process of its own, under a time limit: see `nursery` and `extractor`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.ledger import recipes
from spiders_project.extraction import api, feed, selector, sitemap, structured
from spiders_project.extraction.extracted import Extracted, Fault, Link, Row
from spiders_project.extraction.pages import Page

__all__ = ["Extracted", "Fault", "Link", "Page", "Row", "extract"]

_EXTRACTIONS: Mapping[str, Callable[[Page, Any], Extracted]] = {
    "selector": selector.extract,
    "structured": structured.extract,
    "sitemap": sitemap.extract,
    "feed": feed.extract,
    "api": api.extract,
}


def extract(page: Page, spider: str, arguments: Mapping[str, Any]) -> Extracted:
    """What the page gives by the recipe in `arguments`. Raises pydantic's ValidationError."""
    return _EXTRACTIONS[spider](page, recipes.read(spider, arguments))
