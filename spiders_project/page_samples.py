"""Which pages of a crawl are kept: a few that show what its spider reads, and where it fails.

A job has five at most: its first start page, the first page of two more kinds that gave items, the
first that lacks a field which others of its kind had, and the first that gave nothing at all.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from itemadapter import ItemAdapter
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Response, TextResponse

from orchestrator import config
from orchestrator.ledger import new_samples
from orchestrator.ledger.items import clean_text
from orchestrator.ledger.new_samples import NewSample, Place
from orchestrator.ledger.secrecy import masked
from spiders_project import secrets
from spiders_project.checkpoint import Checkpoint
from spiders_project.extraction.extracted import is_empty

#: Of a crawl; after so many pages it has shown what its pages are like.
_MOST_LOOKED_AT = 200
#: What a sample tells of fields.
_MOST_FIELDS, _LONGEST_NAME = 100, 200


@dataclass(slots=True)
class _Taken:
    """What a callback gave for a page."""

    items: int = 0
    requests: int = 0
    names: frozenset[str] = frozenset()
    filled: Counter[str] = field(default_factory=Counter)

    def add(self, output: Any) -> None:
        if isinstance(output, Request):
            self.requests += 1
        elif output is not None:
            fields: Mapping[str, Any] = output if type(output) is dict else ItemAdapter(output)
            if not self.items:
                self.names = frozenset(map(str, fields))
            self.items += 1
            self.filled.update(
                str(name)[:_LONGEST_NAME] for name, value in fields.items() if not is_empty(value)
            )


class SamplePages:
    """Hands a few pages, with what came of them, to the checkpoint.

    Reads `KUMO_PAGE_SAMPLES`. Sits next to the spider; after the first 200 pages it looks at none.
    """

    def __init__(self, crawler: Crawler, checkpoint: Checkpoint) -> None:
        self._crawler, self._checkpoint = crawler, checkpoint
        self._left = _MOST_LOOKED_AT
        self._taken: set[Place] = set()
        #: By the kind of a page: the fields that held something.
        self._known: dict[tuple[str, frozenset[str]], set[str]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        checkpoint = crawler.get_extension(Checkpoint)
        is_on = crawler.settings.getbool("KUMO_PAGE_SAMPLES") and config.get().sampled_jobs
        if checkpoint is None or not is_on:
            raise NotConfigured
        return cls(crawler, checkpoint)

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        if self._left <= 0 or not isinstance(response, TextResponse):
            async for output in result:
                yield output
            return
        self._left -= 1
        taken = _Taken()
        try:
            async for output in result:
                taken.add(output)
                yield output
        finally:
            # A callback that raises after its items has given them all the same.
            self._consider(response, taken)

    def _consider(self, response: TextResponse, taken: _Taken) -> None:
        place = self._place(response, taken)
        if place is not None and place not in self._taken:
            self._taken.add(place)
            self._checkpoint.add_sample(self._sample(place, response, taken))

    def _place(self, response: TextResponse, taken: _Taken) -> Place | None:
        kind = (_callback(response), taken.names)
        known = self._known.get(kind)
        if taken.items and (known is not None or len(self._known) < _MOST_FIELDS):
            self._known.setdefault(kind, set()).update(taken.filled)
        if response.meta.get("is_start_request") and Place.START not in self._taken:
            return Place.START
        if not taken.items:
            return None if taken.requests else Place.NOTHING
        if known is None:
            return Place.MORE_ITEMS if Place.ITEMS in self._taken else Place.ITEMS
        return Place.LACKING if known - taken.filled.keys() else None

    def _sample(self, place: Place, response: TextResponse, taken: _Taken) -> NewSample:
        request, spider = response.request, self._crawler.spider
        assert request is not None
        assert spider is not None
        known, size = secrets.of(spider), len(response.body)
        kind = (response.headers.get("Content-Type") or b"").decode("latin-1")
        return NewSample(
            place=place,
            request_id=self._crawler.request_fingerprinter.fingerprint(request),
            url=clean_text(masked(known.hidden(response.url))),
            status=response.status,
            content_type=clean_text(kind),
            # As Latin-1 every byte is a letter, and comes back as it was.
            body=known.hidden(response.body.decode("latin-1")).encode("latin-1")
            if size <= new_samples.MOST_BYTES
            else None,
            size=size,
            items=taken.items,
            filled={clean_text(name): n for name, n in taken.filled.most_common(_MOST_FIELDS)},
        )


def _callback(response: TextResponse) -> str:
    callback = response.request.callback if response.request else None
    return str(getattr(callback, "__name__", ""))
