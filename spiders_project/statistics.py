"""Scrapy's statistics, counted at their own cost."""

from scrapy.statscollectors import MemoryStatsCollector


class Statistics(MemoryStatsCollector):
    """Scrapy's own, without the look at each use for an argument that it wants no more.

    Twenty counts a page were a twentieth of a page's time.
    """

    __getattribute__ = object.__getattribute__
