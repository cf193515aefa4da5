"""Items of RSS and Atom feeds."""

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import feedparser
from lxml import etree, html

from orchestrator.ledger.recipes.feed import FeedRecipe
from spiders_project.extraction.extracted import Extracted, Fault, Row
from spiders_project.extraction.pages import Page
from spiders_project.extraction.texts import text_of

#: Half a surrogate pair is no letter; the library fails on one.
_SURROGATES = re.compile(
    rb"&#(?:[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}"
    rb"|0*5(?:529[6-9]|5[3-9]\d\d|6\d{3}|7[0-2]\d\d|73[0-3]\d|734[0-3]));"
)


def extract(page: Page, recipe: FeedRecipe) -> Extracted:
    """The entries of a feed; what is none gives a fault."""
    # A stream: the library would open a body as a file of that name.
    parsed = feedparser.parse(
        BytesIO(_SURROGATES.sub(b"&#xFFFD;", page.body)),
        response_headers={"content-type": page.content_type, "content-location": page.url},
    )
    extracted = Extracted()
    for entry in parsed.entries:
        extracted.add(_row(entry, recipe, page), frozenset())
    if not parsed.entries and not parsed.get("version"):
        extracted.faults.append(Fault("The page is no RSS or Atom feed."))
    return extracted


def _row(entry: Any, recipe: FeedRecipe, page: Page) -> Row:
    address = page.absolute(entry.get("link", "")) if entry.get("link") else None
    own: Row = {"url": address or entry.get("id"), "id": entry.get("id") or address}
    for name, read in _FIELDS.items():
        if recipe.fields is None or name in recipe.fields:
            own[name] = read(entry)
    if not any(own.values()):
        return {}
    return own


def _text(markup: str | None) -> str | None:
    if not markup:
        return None
    try:
        return text_of(html.fragment_fromstring(markup, create_parent="div")) or None
    except (etree.ParserError, ValueError):
        return None


def _content(entry: Any) -> str | None:
    return _text(next((each.get("value") for each in entry.get("content", [])), None))


def _moment(name: str) -> Callable[[Any], str | None]:
    def read(entry: Any) -> str | None:
        # Its own get() would give the one date for the other, with a warning.
        parsed = dict.get(entry, f"{name}_parsed")
        if parsed is None:
            return dict.get(entry, name) or None
        try:
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            return None

    return read


def _image(entry: Any) -> str | None:
    for each in (*entry.get("media_thumbnail", []), *entry.get("media_content", [])):
        if each.get("url"):
            return str(each["url"])
    pictures = (
        each.get("href")
        for each in entry.get("enclosures", [])
        if str(each.get("type", "")).startswith("image/")
    )
    return next(pictures, None)


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "title": lambda entry: _text(entry.get("title")),
    "summary": lambda entry: _text(entry.get("summary")),
    "content": _content,
    "author": lambda entry: entry.get("author") or None,
    "published": _moment("published"),
    "updated": _moment("updated"),
    "tags": lambda entry: [tag["term"] for tag in entry.get("tags", []) if tag.get("term")],
    "image": _image,
}
