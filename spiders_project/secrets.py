"""Secrets that requests carry: by name everywhere, by value on the wire alone.

`${NAME}` in a start URL or a header stays as it is in the frontier, in logs and in items; the
download handler puts the value in as the last thing, and only for the origins of the start URLs:
wherever else a page leads, it gets the name.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request, Spider
from scrapy.http import Response

from orchestrator import config
from orchestrator.ledger import recipes

#: As people write it, and as it is in an address that was made safe.
_REFERENCE = re.compile(r"(?:\$|%24)(?:\{|%7[Bb])([A-Z][A-Z0-9_]{0,99})(?:\}|%7[Dd])")


def is_named_in(text: str) -> bool:
    return _REFERENCE.search(text) is not None


def check(start_urls: Iterable[str], arguments: Mapping[str, Any]) -> None:
    """Raises ConfigError, which names the variable, when a secret that they name is missing."""
    headers = arguments.get("headers")
    in_headers = headers.values() if isinstance(headers, dict) else ()
    for text in (*start_urls, *in_headers):
        if isinstance(text, str):
            _values(_named(text))
    resolved(dict(arguments))


def told(spider: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a spider is told. A recipe keeps the names; a spider's own code gets the values."""
    return dict(arguments) if spider in recipes.RECIPES else dict(resolved(dict(arguments)))


def resolved(argument: Any) -> Any:
    """With {"secret": "NAME"} as its value. Raises ConfigError."""
    if isinstance(argument, dict):
        if set(argument) == {"secret"} and isinstance(name := argument["secret"], str):
            return config.secret(name)
        return {name: resolved(each) for name, each in argument.items()}
    return [resolved(each) for each in argument] if isinstance(argument, list) else argument


class Secrets:
    """Those of one crawl, and the origins that may learn them."""

    def __init__(self, start_urls: Iterable[str], headers: Mapping[str, str]) -> None:
        in_headers = {name for value in headers.values() for name in _named(value)}
        self._of_origins: dict[tuple[str, str], set[str]] = {}
        for url in start_urls:
            self._of_origins.setdefault(_origin(url), set()).update(in_headers, _named(url))
        self._values = _values(chain(*self._of_origins.values()))
        spelt = [
            (each, name)
            for name, value in self._values.items()
            for each in {value, quote(value, safe=""), quote(value), quote_plus(value)}
        ]
        # Longest first: one secret may be part of another.
        self._spelt = sorted(spelt, key=lambda each: len(each[0]), reverse=True)

    def filled(self, request: Request) -> Request:
        """The request as it goes out; the same one where it names no secret."""
        known = self._of_origins.get(_origin(request.url))
        if not known:
            return request
        url = self._put(request.url, known, quoted=True)
        headers = {
            name: [self._put(value, known) for value in values]
            for name, values in _plain(request).items()
        }
        if url == request.url and headers == _plain(request):
            return request
        filled = request.replace(url=url, headers=headers, cls=_Filled)
        assert isinstance(filled, _Filled)
        filled.said = repr(request)
        return filled

    def hidden(self, value: Any) -> Any:
        """What a site said, with names where it repeats a secret."""
        if isinstance(value, str):
            for spelt, name in self._spelt:
                value = value.replace(spelt, f"${{{name}}}")
            return value
        if isinstance(value, dict):
            return {name: self.hidden(each) for name, each in value.items()}
        return [self.hidden(each) for each in value] if isinstance(value, list) else value

    def _put(self, text: str, known: set[str], *, quoted: bool = False) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in known:
                return match[0]
            return quote(self._values[match[1]], safe="") if quoted else self._values[match[1]]

        return _REFERENCE.sub(value, text)


class _Filled(Request):
    """A request that goes out; whoever writes it into a log writes the one with names."""

    said = ""

    def __repr__(self) -> str:
        return self.said


_of_spiders: WeakKeyDictionary[Spider, Secrets] = WeakKeyDictionary()


def of(spider: Spider) -> Secrets:
    """Those that its start URLs and its headers name; first asked for when it has begun."""
    if spider not in _of_spiders:
        starts = (*getattr(spider, "start_urls", ()), *getattr(spider, "sitemap_urls", ()))
        # A spider's own code may call anything so.
        own = getattr(spider, "headers", None)
        said = own if isinstance(own, Mapping) else {}
        headers = {name: value for name, value in said.items() if isinstance(value, str)}
        _of_spiders[spider] = Secrets(starts, headers)
    return _of_spiders[spider]


async def sent(
    spider: Spider, request: Request, send: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Sends the request with its secrets; response and errors know their names alone."""
    secrets = of(spider)
    filled = secrets.filled(request)
    if filled is request:
        return await send(request)
    try:
        response = await send(filled)
    except Exception as error:
        error.args = tuple(map(secrets.hidden, error.args))
        raise
    # What the handler notes there, such as the latency, is for those who asked.
    request.meta.update(filled.meta)
    return response.replace(url=request.url)


def _named(text: str) -> list[str]:
    return [str(name) for name in _REFERENCE.findall(text)]


def _values(names: Iterable[str]) -> dict[str, str]:
    return {name: config.secret(name) for name in names}


def _plain(request: Request) -> dict[str, list[str]]:
    return {
        name.decode("latin-1"): [value.decode("latin-1") for value in values]
        for name, values in request.headers.items()
    }


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()
