"""Sitemaps, indexes of them and the robots.txt that names them; and the pages they lead to."""

import re
import zlib
from collections.abc import Iterator
from io import BytesIO

from lxml import etree

from orchestrator.ledger.recipes import patterns
from orchestrator.ledger.recipes.sitemap import PageRecipe, SitemapRecipe
from spiders_project.extraction import selector, structured
from spiders_project.extraction.extracted import MOST_LINKS, Extracted, Fault, Link
from spiders_project.extraction.pages import Page

#: The standard's own limit for one sitemap, unpacked.
_MOST_BYTES = 50 * 1024 * 1024
_ROOT = re.compile(rb"<(?:\w+:)?(urlset|sitemapindex)[\s>]")
_NAMED = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


def extract(page: Page, recipe: SitemapRecipe) -> Extracted:
    """Links of what is a sitemap, rows of any other page."""
    body = _unpacked(page.body)
    root = _ROOT.search(body[:4_096])
    if root is not None:
        return _linked(page, recipe, _locations(body), is_index=root[1] == b"sitemapindex")
    if page.url.split("?")[0].endswith("/robots.txt"):
        return _linked(page, recipe, iter(_NAMED.findall(page.text)), is_index=True)
    return rows(page, recipe.page)


def rows(page: Page, recipe: PageRecipe) -> Extracted:
    if recipe.selector is not None:
        return selector.rows(page, recipe.selector)
    assert recipe.structured is not None
    return structured.rows(page, recipe.structured)


def _linked(
    page: Page, recipe: SitemapRecipe, addresses: Iterator[str], *, is_index: bool
) -> Extracted:
    extracted = Extracted()
    pattern = None if is_index or not recipe.pattern else patterns.compiled(recipe.pattern)
    for address in addresses:
        url = page.absolute(address)
        if url is None or (pattern is not None and not pattern.search(url)):
            continue
        if len(extracted.links) == MOST_LINKS:
            extracted.faults.append(
                Fault(f"The sitemap has more than {MOST_LINKS:,} addresses; the rest is left.")
            )
            break
        extracted.links.append(Link(url, "sitemap" if is_index else "follow"))
    return extracted


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, _MOST_BYTES)
    except zlib.error:
        return body


def _locations(body: bytes) -> Iterator[str]:
    """The addresses in a sitemap; those of pictures and of other languages have other names."""
    walk = etree.iterparse(
        BytesIO(body),
        events=("end",),
        tag=("{*}url", "{*}sitemap"),
        recover=True,
        resolve_entities=False,
        no_network=True,
    )
    for _, entry in walk:
        location = next(entry.iterchildren("{*}loc"), None)
        if location is not None and location.text:
            yield location.text.strip()
        entry.clear()
