"""Pipelines: clean the item, hand it to the checkpoint."""

from typing import Any, Self

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler

from orchestrator.ledger import items
from orchestrator.ledger.claims import Claim
from spiders_project.checkpoint import Checkpoint

#: What an item's copy as a dict could not change: most items hold nothing else.
_PLAIN = frozenset((str, int, float, bool, type(None)))


class CleanItem:
    """Takes white space off the ends of texts."""

    def process_item(self, item: Any) -> Any:
        fields = item if type(item) is dict else ItemAdapter(item)
        for name, value in fields.items():
            if type(value) is str and value != (stripped := value.strip()):
                fields[name] = stripped
        return item


class RecordItem:
    """Hands each item to the checkpoint and returns at once.

    Reads `KUMO_CLAIM`. It never raises for an item that cannot be stored: Scrapy would drop the
    item and count its page as done. The checkpoint keeps such an item as rejected.
    """

    def __init__(self, crawler: Crawler, claim: Claim) -> None:
        self._crawler = crawler
        self._definition = claim.definition
        self._checkpoint: Checkpoint
        self._key_fields: tuple[str, ...] = ()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler, crawler.settings["KUMO_CLAIM"])

    def open_spider(self) -> None:
        checkpoint = self._crawler.get_extension(Checkpoint)
        assert checkpoint is not None
        self._checkpoint = checkpoint
        own = getattr(self._crawler.spider, "key_fields", ())
        self._key_fields = tuple(self._definition["key_fields"] or own)

    def process_item(self, item: Any) -> Any:
        self._checkpoint.add_item(items.storable(_data(item), self._key_fields))
        return item

    async def close_spider(self) -> None:
        await self._checkpoint.close()


def _data(item: Any) -> dict[str, Any]:
    """The item as a dict, and so whatever items it holds."""
    if type(item) is dict and _PLAIN.issuperset(map(type, item.values())):
        return item
    adapter = ItemAdapter(item)
    try:
        return adapter.asdict()
    except RecursionError:
        # As it is; it will be rejected as nested too deeply.
        return dict(adapter)
