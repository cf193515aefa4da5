"""The project's own Scrapy settings, and the benchmarks' spiders beside its spiders."""

from spiders_project.settings import *  # noqa: F403  # all of them, as they are
from spiders_project.settings import SPIDER_MODULES as _OWN

SPIDER_MODULES = [*_OWN, "benchmarks.spiders"]
