"""Spiders whose own settings take the places of what records a crawl."""

from spiders_project.spiders.demo_shop import DemoShopSpider


class UnseatsTheRecordSpider(DemoShopSpider):
    """Switches off, one by one, what the add-on brings."""

    name = "unseats_the_record"
    custom_settings = {  # noqa: RUF012  # as Scrapy writes it
        "SCHEDULER": "scrapy.core.scheduler.Scheduler",
        "ITEM_PIPELINES": {"spiders_project.pipelines.RecordItem": None},
        "EXTENSIONS": {
            "spiders_project.checkpoint.Checkpoint": None,
            "spiders_project.proof.Proof": None,
        },
        "SPIDER_MIDDLEWARES": {
            "spiders_project.middlewares.StartOnce": None,
            "spiders_project.middlewares.CountPages": None,
            "spiders_project.middlewares.NameRunningPage": None,
        },
        "DOWNLOADER_MIDDLEWARES": {"spiders_project.middlewares.GiveUpPages": None},
        "KUMO_CLAIM": None,
    }


class BringsAnAddonSpider(DemoShopSpider):
    """Has an add-on of its own, as some services ask for."""

    name = "brings_an_addon"
    custom_settings = {  # noqa: RUF012  # as Scrapy writes it
        "ADDONS": {"tests.projects.unseats_the_record.spiders.TheirAddon": 500}
    }


class TheirAddon:
    """Sets a name by which the shop would know them."""

    def update_settings(self, settings: object) -> None:
        """Wants nothing."""
