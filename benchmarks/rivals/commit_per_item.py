"""Settings of a Scrapy project that stores each item with a commit of its own."""

BOT_NAME = "plain"
SPIDER_MODULES = ["benchmarks.spiders"]
ROBOTSTXT_OBEY = True
LOG_LEVEL = "INFO"
ITEM_PIPELINES = {"benchmarks.rivals.pipelines.CommitPerItem": 300}
