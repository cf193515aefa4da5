"""Feeds and sitemaps: a page that is one, and those that a page or a robots.txt names."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from orchestrator.exceptions import Sentence
from spiders_project.extraction import Page, extract
from spiders_project.proposals.kinds import Kind
from spiders_project.proposals.outline import Outline
from spiders_project.proposals.proposal import Proposal, read_columns

_FEED_TYPES = frozenset(("application/rss+xml", "application/atom+xml", "application/rdf+xml"))
_NAMED = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_KINDS = {"url": Kind.LINK, "published": Kind.DATE, "updated": Kind.DATE, "image": Kind.IMAGE}
_MOST_NAMED = 3
_FEWEST = 3
#: How a page is read of which nothing has been seen yet.
DESCRIBED: dict[str, Any] = {"structured": {}}


def feed(page: Page) -> list[Proposal]:
    """The entries of a page that is a feed."""
    try:
        rows = extract(page, "feed", {}).rows
    except ValueError:
        # Feeds may hold characters that no text can.
        return []
    if not rows:
        return []
    filled = [name for name in rows[0] if any(row.get(name) for row in rows)]
    arguments = {"fields": [name for name in filled if name not in ("url", "id")]}
    rows = extract(page, "feed", arguments if arguments["fields"] else {}).rows
    columns = read_columns([(name, _KINDS.get(name, Kind.TEXT)) for name in filled], rows)
    title = Sentence(
        "A feed of %(rows)d entries: %(columns)s", rows=len(rows), columns=", ".join(filled)
    )
    return [
        Proposal(
            spider="feed",
            arguments=arguments if arguments["fields"] else {},
            title=title,
            start_url=page.url,
            rows=len(rows),
            columns=columns,
            read=tuple(rows[:60]),
            score=100.0,
        )
    ]


def sitemap(page: Page, how: dict[str, Any] | None = None) -> list[Proposal]:
    """The pages of a page that is a sitemap: those of the commonest kind first, then all."""
    try:
        links = extract(page, "sitemap", {"page": DESCRIBED}).links
    except ValueError:
        # A sitemap that is not in the encoding it says.
        return []
    if not links:
        return []
    read = how or DESCRIBED
    if links[0].kind == "sitemap":
        return [
            _listed(
                page.url,
                {"page": read},
                Sentence(
                    "The pages of the %(pages)d sitemaps that this one lists", pages=len(links)
                ),
                50.0,
            )
        ]
    found = [
        _listed(
            page.url,
            {"pattern": pattern, "page": read},
            Sentence(
                "%(pages)d pages of this sitemap, those with %(part)s in their address",
                pages=count,
                part=pattern,
            ),
            90.0 - place,
        )
        for place, (pattern, count) in enumerate(patterns([link.url for link in links]))
    ]
    whole = Sentence("All %(pages)d pages of this sitemap", pages=len(links))
    return [*found, _listed(page.url, {"page": read}, whole, 50.0)]


def patterns(urls: list[str]) -> list[tuple[str, int]]:
    """What the addresses of one kind have in common, with how many there are; commonest first."""
    ways = [urlsplit(url).path.split("/")[1:] for url in urls]
    # A site in a folder of its own has that in all addresses.
    shared = 0
    while len({tuple(way[: shared + 1]) for way in ways}) == 1 and shared < 10:
        shared += 1
    folders = Counter(f"/{way[shared]}/" for way in ways if len(way) > shared + 1)
    many = [(folder, count) for folder, count in folders.most_common(3) if count >= _FEWEST]
    return [(re.escape(folder), count) for folder, count in many if count < len(urls)]


def an_example(page: Page) -> str | None:
    """A page of a sitemap that is worth a look, to see how its pages are read."""
    found = sitemap(page)
    if not found:
        return None
    links = extract(page, "sitemap", found[0].arguments).links
    return links[len(links) // 2].url if links and links[0].kind == "follow" else None


def named(page: Page, outline: Outline, robots: str) -> list[Proposal]:
    """The feeds in the head of a page, and the sitemaps it or robots.txt names."""
    return [*_named_feeds(page, outline), *_named_sitemaps(page, outline, robots)]


def _named_feeds(page: Page, outline: Outline) -> Iterator[Proposal]:
    found: dict[str, str] = {}
    for link in outline.root.iter("link", "a"):
        if (link.get("type") or "").lower().strip() in _FEED_TYPES:
            address = page.absolute(link.get("href") or "")
            if address and "comments" not in address:
                found.setdefault(address, (link.get("title") or "").strip() or address)
    for place, (address, name) in enumerate(list(found.items())[:_MOST_NAMED]):
        title = Sentence("The feed that this page names: %(name)s", name=name[:100])
        yield Proposal("feed", {}, title, address, score=1.2 - 0.1 * place)


def _named_sitemaps(page: Page, outline: Outline, robots: str) -> Iterator[Proposal]:
    said = [
        link.get("href") or ""
        for link in outline.root.iter("link")
        if (link.get("rel") or "").lower() == "sitemap"
    ]
    addresses = dict.fromkeys(page.absolute(each) for each in [*said, *_NAMED.findall(robots)])
    for place, address in enumerate([each for each in addresses if each][:_MOST_NAMED]):
        title = Sentence(
            "The pages that the site's own sitemap lists: %(address)s", address=address
        )
        yield _listed(address or "", {"page": DESCRIBED}, title, 0.8 - 0.1 * place)


def _listed(address: str, arguments: dict[str, Any], title: Sentence, score: float) -> Proposal:
    return Proposal("sitemap", arguments, title, address, score=score)
