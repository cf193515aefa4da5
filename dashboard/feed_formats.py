"""Feeds as programs read them: RSS 2.0 and JSON Feed 1.1.

An entry's id names the row that holds the change, so a reader that has seen it knows it again. No
time of asking is in a feed: what has not changed is the same to the byte, and is not sent again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson
from flask import url_for

from dashboard import change_words
from orchestrator.ledger.changes import Change

#: What XML cannot hold, and `words.plain` leaves.
_NO_CHARACTERS = re.compile("[\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and where its parts are to be found."""

    title: str
    #: What comes before our paths.
    root: str
    #: Of the feed itself.
    url: str
    #: Of the page that shows the same.
    home: str
    language: str
    changes: Sequence[Change]

    @property
    def newest(self) -> datetime | None:
        return max((change.place.at for change in self.changes), default=None)


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a feed down."""

    mimetype: str
    write: Callable[[Feed], bytes]


def _rss(feed: Feed) -> bytes:
    document = Element("rss", version="2.0")
    channel = SubElement(document, "channel")
    described = {"title": feed.title, "link": feed.home, "description": feed.title}
    for name, text in described.items():
        _add(channel, name, text)
    _add(channel, "language", feed.language)
    if feed.newest:
        _add(channel, "lastBuildDate", format_datetime(feed.newest))
    for change in feed.changes:
        item = SubElement(channel, "item")
        _add(item, "title", change_words.headline(change))
        _add(item, "link", _address(feed, change))
        _add(item, "description", _text(change))
        _add(item, "guid", _id(change)).set("isPermaLink", "false")
        _add(item, "pubDate", format_datetime(change.place.at))
    return bytes(tostring(document, encoding="utf-8", xml_declaration=True))


def _json(feed: Feed) -> bytes:
    entries: list[dict[str, Any]] = [
        {
            "id": _id(change),
            "url": _address(feed, change),
            "title": change_words.headline(change),
            "content_text": _text(change),
            "date_published": change.place.at.isoformat(timespec="seconds"),
            "tags": [change.kind.value, change.target.name],
        }
        for change in feed.changes
    ]
    told = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
        "language": feed.language,
        "items": entries,
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2)


RSS = Format("application/rss+xml", _rss)
JSON = Format("application/feed+json", _json)


def _text(change: Change) -> str:
    """A line for each field, since a headline is cut."""
    fields = change.difference.fields if change.difference else []
    return "\n".join(map(change_words.field_said, fields)) or change_words.headline(change)


def _add(parent: Element, name: str, text: str) -> Element:
    element = SubElement(parent, name)
    element.text = _NO_CHARACTERS.sub("", text)
    return element


def _address(feed: Feed, change: Change) -> str:
    return feed.root + url_for("items.one", item_id=change.item_id)


def _id(change: Change) -> str:
    return f"kumo:{change.kind}:{change.place.id}"
