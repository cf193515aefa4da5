"""A page as it came, and what is made of it: decoded text, a tree, the base of its links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from dateparser.data.languages_info import language_order
from lxml import etree, html
from w3lib.encoding import html_to_unicode
from w3lib.html import get_base_url

#: In this order, as Scrapy guesses where neither header nor page says it.
_GUESSED = ("utf-8", "cp1252")


@dataclass(frozen=True)
class Page:
    """What a site answered: `headers` are those of HTTP, in any spelling."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def content_type(self) -> str:
        named = (value for name, value in self.headers.items() if name.lower() == "content-type")
        return next(named, "")

    @cached_property
    def text(self) -> str:
        """Decoded by the header, else by what the page says, else as it seems."""
        _, text = html_to_unicode(
            self.content_type or None,
            self.body,
            default_encoding="utf-8",
            auto_detect_fun=_encoding_of,
        )
        return text

    @cached_property
    def tree(self) -> Any:
        """The root of the page as HTML; an empty page has one too."""
        text = self.text.strip().replace("\0", "").encode(errors="replace")
        try:
            return _parsed(text)
        except etree.ParserError:
            # Nothing but comments, or nothing at all.
            return _parsed(b"<html></html>")

    @cached_property
    def base(self) -> str:
        """What its links are relative to."""
        try:
            return str(get_base_url(self.text[:4_096], self.url))
        except ValueError:  # of an address that is none, such as //[
            return self.url

    @cached_property
    def language(self) -> str:
        """As the page names it, such as ja; en where it does not."""
        named = str(self.tree.get("lang") or "").partition("-")[0].strip().lower()
        return named if named in language_order else "en"

    def absolute(self, address: str) -> str | None:
        """The web address that a link of this page means; None for what is none."""
        try:
            url = urljoin(self.base, address.strip())
            parts = urlsplit(url)
        except ValueError:
            return None
        return url if parts.scheme in {"http", "https"} and parts.hostname else None


def _parsed(text: bytes) -> Any:
    parser = html.HTMLParser(recover=True, encoding="utf-8", huge_tree=True)
    return html.document_fromstring(text, parser=parser, ensure_head_body=True)


def _encoding_of(body: bytes) -> str | None:
    for encoding in _GUESSED:
        try:
            body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None
