"""Whoever reads the site asks nobody else for anything: it may lie on a disk or behind a wall.

Links may lead away; scripts, styles, fonts and pictures may not come from there.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

_LOG = logging.getLogger(__name__)
#: What a browser fetches by itself, by element and attribute.
_FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("source", "src"),
            ("iframe", "src"), ("object", "data"), ("video", "src"), ("audio", "src")}  # fmt: skip
_IN_A_STYLE = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"')\s]+)""")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", _look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _look(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        for path, address in fetched(Path(app.outdir)):
            _LOG.warning("%s fetches %s from elsewhere", path.name, address)


def fetched(site: Path) -> Iterator[tuple[Path, str]]:
    """Each file of a site with what it makes a browser ask others for."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            yield from ((path, address) for address in _by_page(path.read_text()))
        elif path.suffix == ".css":
            yield from ((path, address) for address in _IN_A_STYLE.findall(path.read_text()))


def _by_page(text: str) -> list[str]:
    page = _Page()
    page.feed(text)
    return page.elsewhere


class _Page(HTMLParser):
    """Notes what a page fetches from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            away = re.match(r"(https?:)?//", value or "")
            if away and (tag, name) in _FETCHED:
                self.elsewhere.append(str(value))
            elif name == "style":
                self.elsewhere += _IN_A_STYLE.findall(value or "")
