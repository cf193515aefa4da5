"""Settings of a Scrapy project on scrapy-redis, which stores each item with its own commit."""

import os

BOT_NAME = "shared"
SPIDER_MODULES = ["benchmarks.spiders"]
LOG_LEVEL = "INFO"
ITEM_PIPELINES = {"benchmarks.rivals.pipelines.CommitPerItem": 300}
SCHEDULER = "scrapy_redis.scheduler.Scheduler"
DUPEFILTER_CLASS = "scrapy_redis.dupefilter.RFPDupeFilter"
REDIS_URL = os.environ["RIVAL_REDIS_URL"]
