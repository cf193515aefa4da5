"""What the forkserver imports once, so that each crawl finds it there.

All but the reactor: it opens its files when it is imported, and two crawls must not share them.
"""

import gc
import sys

import lxml.html  # noqa: F401
import scrapy.core.downloader.handlers.http11
import scrapy.core.scraper
import scrapy.downloadermiddlewares.retry
import scrapy.linkextractors
import scrapy.pipelines
import scrapy.resolver
import scrapy.robotstxt  # noqa: F401
import twisted.internet.asyncioreactor  # noqa: F401
import uvloop  # noqa: F401

import spiders_project.crawl
import spiders_project.middlewares
import spiders_project.pipelines
import spiders_project.recording
import spiders_project.spider_loader  # noqa: F401

assert "twisted.internet.reactor" not in sys.modules, "the reactor must be made after the fork"

# What is there now stays shared with every crawl: the collector would touch, so copy, each page.
gc.freeze()
