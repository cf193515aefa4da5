"""A spider that tells what it was given for each of its pages, or why it was given nothing."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.http import Response, TextResponse


class RenderedSpider(scrapy.Spider):
    """Makes the requests of `asked`, a JSON list, each once."""

    name = "rendered"
    custom_settings = {"RETRY_ENABLED": False}  # noqa: RUF012  # as Scrapy writes it

    def __init__(self, *, asked: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._asked = json.loads(asked)

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for each in self._asked:
            told = {"path": urlsplit(each["url"]).path}
            yield scrapy.Request(**each, errback=self.failed, cb_kwargs=told)

    def parse(self, response: Response, path: str) -> Iterator[Any]:
        text = response.text if isinstance(response, TextResponse) else response.body.decode()
        yield {
            "path": path,
            "url": response.url,
            "status": response.status,
            "rendered": "playwright" in response.flags,
            "text": text[:20_000],
        }

    def failed(self, failure: Any) -> Iterator[Any]:
        yield {"path": failure.request.cb_kwargs["path"], "failed": repr(failure.value)}
