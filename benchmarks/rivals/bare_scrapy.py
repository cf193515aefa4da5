"""Settings of bare Scrapy: its own defaults, queue in memory, items thrown away.

Only the log level differs from the defaults, since DEBUG prints every item.
"""

BOT_NAME = "bare"
SPIDER_MODULES = ["benchmarks.spiders"]
LOG_LEVEL = "INFO"
