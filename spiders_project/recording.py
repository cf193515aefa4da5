"""The add-on that makes a crawl a recorded job.

It enters last and with the highest priority, merged with what the spider asked for: a spider's
`custom_settings` may add pipelines and middlewares, and cannot take the record away.
"""

from collections.abc import Mapping
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.settings import BaseSettings

from orchestrator.ledger.claims import Claim
from spiders_project import settings as defaults

#: What bounds the cost of a page: a spider's own dicts are added to these, not put in their place.
_GUARDS: dict[str, Mapping[str, Any]] = {
    "DOWNLOAD_HANDLERS": defaults.DOWNLOAD_HANDLERS,
    "DOWNLOADER_MIDDLEWARES": defaults.DOWNLOADER_MIDDLEWARES,
    "EXTENSIONS": defaults.EXTENSIONS,
}
#: Merged into the spider's own; RecordItem comes after whatever pipelines there are.
_COMPONENTS: dict[str, dict[str, int | None]] = {
    "ITEM_PIPELINES": {"spiders_project.pipelines.RecordItem": 1_000_000},
    "SPIDER_MIDDLEWARES": {
        "spiders_project.middlewares.StartOnce": 1,
        "spiders_project.middlewares.CountPages": 1_000_000,
        # It sees what the spider gave, and not what others made of it.
        "spiders_project.page_samples.SamplePages": 999_999,
        "spiders_project.middlewares.NameRunningPage": 2,
    },
    "DOWNLOADER_MIDDLEWARES": {
        "spiders_project.middlewares.GiveUpPages": 1,
        # Between Scrapy's statistics (850), which count what was sent, and its cookies (700).
        "spiders_project.http_cache.HttpCache": 800,
    },
    "EXTENSIONS": {
        "spiders_project.checkpoint.Checkpoint": 0,
        "spiders_project.in_line.HandleInLine": 1,
        "spiders_project.proof.Proof": 1_000_000,
    },
    "DOWNLOAD_HANDLERS": {"data": None, "file": None, "ftp": None, "s3": None},
}
_SETTINGS = {
    "SCHEDULER": "spiders_project.frontier.Frontier",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "JOBDIR": None,
    # It keeps pages on the disk of one worker, pickled, and answers without asking the site.
    "HTTPCACHE_ENABLED": False,
    # They are on the job.
    "STATS_DUMP": False,
}
#: A page's document is only the beginning of what it shows: its state tells nothing.
_RENDERING = {"KUMO_RENDER": True, "KUMO_HTTP_CACHE": False}
#: Pages open in the browser at the same time, each with 50 to 200 MB, unless the target or its
#: spider says otherwise.
_RENDERED_AT_ONCE = 4


class Recording:
    """Adds frontier, checkpoint and recording pipeline when the crawl is a job.

    Reads `KUMO_CLAIM` (set by the crawler process) and `KUMO_RECORD` (`scrapy crawl -s
    KUMO_RECORD=1` records itself as a job of one attempt); does nothing without either.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def update_settings(self, settings: BaseSettings) -> None:
        claim: Claim | None = settings["KUMO_CLAIM"]
        if claim is None and settings.getbool("KUMO_RECORD"):
            # It knows all of the ledger, which a worker's crawl does without.
            from spiders_project import own_record

            claim = own_record.begin(self._crawler)
        if claim is None:
            return
        settings.set("KUMO_CLAIM", claim, "cmdline")
        settings.setdict(_SETTINGS, "cmdline")
        if claim.definition.get("render"):
            settings.setdict(_RENDERING, "cmdline")
            settings.set("CONCURRENT_REQUESTS", _RENDERED_AT_ONCE, "project")
        for name, components in _COMPONENTS.items():
            merged = {**_GUARDS.get(name, {}), **settings.getdict(name), **components}
            settings.set(name, merged, "cmdline")
